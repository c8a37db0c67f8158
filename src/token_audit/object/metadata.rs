//! An object's metadata (`ObjectMeta`), as far as it says something about a token.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::super::protobuf::{Fields, InvalidMessage, Value, all, last, text};

/// `kubernetes.io/service-account.name` (`k8s.io/api/core/v1`, `ServiceAccountNameKey`).
const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";
/// `ServiceAccountUIDKey`.
const ACCOUNT_UID: &str = "kubernetes.io/service-account.uid";
/// `k8s.io/kubernetes/pkg/serviceaccount/legacy.go`: written by the API server once a day when the token is used.
const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";
/// The same: written by the controller that removes unused ones, and then the token is refused.
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";
/// Recommended label of Kubernetes.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// All labels and annotations that are kept.
const KEPT: [&str; 5] = [
    ACCOUNT_NAME,
    ACCOUNT_UID,
    LAST_USED,
    INVALID_SINCE,
    MANAGED_BY,
];
/// No name in Kubernetes is longer (RFC 1123 subdomain), in bytes.
const LONGEST_NAME: usize = 253;

/// Who an object is, and what is written on it that concerns a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Unique within its namespace.
    #[serde(deserialize_with = "short")]
    pub name: String,
    /// Where it is.
    #[serde(deserialize_with = "short")]
    pub namespace: String,
    /// When it was made.
    #[serde(deserialize_with = "moment")]
    pub creation_timestamp: Option<OffsetDateTime>,
    /// It was deleted, and waits for somebody's finalizer.
    #[serde(deserialize_with = "moment")]
    pub deletion_timestamp: Option<OffsetDateTime>,
    #[serde(deserialize_with = "kept")]
    labels: BTreeMap<&'static str, String>,
    #[serde(deserialize_with = "kept")]
    annotations: BTreeMap<&'static str, String>,
}

impl Metadata {
    /// The name of the account that a token is for.
    pub fn account_name(&self) -> Option<&str> {
        self.annotations.get(ACCOUNT_NAME).map(String::as_str)
    }

    /// Its unique identifier.
    pub fn account_uid(&self) -> Option<&str> {
        self.annotations.get(ACCOUNT_UID).map(String::as_str)
    }

    /// The day on which the API server saw a token last, `2026-11-24`.
    pub fn last_used(&self) -> Option<&str> {
        self.labels.get(LAST_USED).map(String::as_str)
    }

    /// The day since when a token is refused.
    pub fn invalid_since(&self) -> Option<&str> {
        let day = self.labels.get(INVALID_SINCE).map(String::as_str);
        // The server asks whether it is empty.
        day.filter(|day| !day.is_empty())
    }

    /// Who made it, where that is written on it.
    pub fn managed_by(&self) -> Option<&str> {
        self.labels.get(MANAGED_BY).map(String::as_str)
    }

    /// How many bytes it takes to keep it.
    pub fn size(&self) -> usize {
        let values = self.labels.values().chain(self.annotations.values());
        let values: usize = values.map(String::len).sum();
        self.name.len() + self.namespace.len() + values
    }

    /// From `ObjectMeta`.
    pub fn from_protobuf(message: &[u8]) -> Result<Self, InvalidMessage> {
        Ok(Self {
            name: cut(text(message, 1)?),
            namespace: cut(text(message, 3)?),
            creation_timestamp: time(last(message, 8)?)?,
            deletion_timestamp: time(last(message, 9)?)?,
            labels: entries(message, 11)?,
            annotations: entries(message, 12)?,
        })
    }
}

/// `Time` (`meta/v1/time_proto.go`): where there is none, it is there all the same, and empty.
fn time(message: Option<&[u8]>) -> Result<Option<OffsetDateTime>, InvalidMessage> {
    let mut seconds = 0;
    for field in Fields::of(message.unwrap_or_default()) {
        if let (1, Value::Number(number)) = field? {
            seconds = number;
        }
    }
    let moment = OffsetDateTime::from_unix_timestamp(seconds.cast_signed()).ok();
    Ok(moment.filter(|_| seconds != 0))
}

/// A map of strings: each entry is a message of key and value.
fn entries(message: &[u8], number: u64) -> Result<BTreeMap<&'static str, String>, InvalidMessage> {
    let mut entries = BTreeMap::new();
    for entry in all(message, number) {
        let entry = entry?;
        let key = last(entry, 1)?.unwrap_or_default();
        if let Some(kept) = KEPT.into_iter().find(|kept| kept.as_bytes() == key) {
            entries.insert(kept, cut(text(entry, 2)?));
        }
    }
    Ok(entries)
}

/// What is longer is no name, and is not kept.
fn cut(mut text: String) -> String {
    if text.len() > LONGEST_NAME {
        let end = (0..=LONGEST_NAME)
            .rev()
            .find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or_default());
        text.shrink_to_fit();
    }
    text
}

fn short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(cut(Option::deserialize(deserializer)?.unwrap_or_default()))
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<OffsetDateTime>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()))
}

/// Of a map those that are kept; the others, which may be large, are passed over.
fn kept<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<&'static str, String>, D::Error> {
    struct Kept;

    impl<'de> Visitor<'de> for Kept {
        type Value = BTreeMap<&'static str, String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a map of strings")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(BTreeMap::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = BTreeMap::new();
            while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                match KEPT.into_iter().find(|kept| *kept == key) {
                    Some(kept) => {
                        entries.insert(kept, cut(map.next_value()?));
                    }
                    None => {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
            }
            Ok(entries)
        }
    }

    deserializer.deserialize_any(Kept)
}
