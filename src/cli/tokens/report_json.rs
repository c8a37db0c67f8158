//! What `tokens audit` says to programs.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use time::OffsetDateTime;

use super::super::render::{API_VERSION, write_document};
use crate::elision::elide;
use crate::evidence::moment;
use crate::token_audit::{Integrity, LongLivedToken, TokenAudit, View};

/// `apiVersion: rekindle.dev/v1`, `kind: TokenAudit`: what was found, where, and what was not seen. Times are RFC 3339 in UTC, to the
/// second; days `2026-11-24`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    kind: &'static str,
    api_version: &'static str,
    /// Each Secret of type kubernetes.io/service-account-token, by namespace and name.
    tokens: Vec<TokenDocument<'a>>,
    /// Whether all could be looked at; only then is an empty list good news.
    complete: bool,
    /// What could not be looked at, in words.
    unseen: Vec<String>,
    /// `api` or `snapshot`.
    source: &'static str,
    /// Missing where the API server was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<SnapshotDocument<'a>>,
    /// The day since when the API server takes down when a token is used. Missing where it does not, and where there is no token.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracked_since: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotDocument<'a> {
    /// Of etcd: that of the last change which is in it.
    revision: u64,
    /// When the file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<String>,
    /// Whether a checksum of etcd's vouches that it is whole.
    checksum: bool,
    /// Beneath which Kubernetes keeps its objects.
    prefix: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenDocument<'a> {
    namespace: Cow<'a, str>,
    /// Missing where the Secret names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_uid: Option<Cow<'a, str>>,
    secret: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    /// In seconds, as of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<i64>,
    /// The day on which the API server saw it last. Missing where it never did since `trackedSince`.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<Cow<'a, str>>,
    /// The day since when the API server refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_since: Option<Cow<'a, str>>,
    being_deleted: bool,
    /// Whether its account lists it, as Kubernetes up to 1.23 made them. Missing where the accounts were not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed_by_account: Option<bool>,
    /// The label app.kubernetes.io/managed-by.
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_by: Option<Cow<'a, str>>,
    /// The pods in its namespace that use it. Missing where no pod that does was seen, and not all were.
    #[serde(skip_serializing_if = "Option::is_none")]
    mounted_by: Option<Vec<Cow<'a, str>>>,
}

/// The document, as of `now`: tokens have an age.
pub(super) fn write_json(
    audit: &TokenAudit,
    now: OffsetDateTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (source, snapshot) = match &audit.view {
        View::Api => ("api", None),
        View::Snapshot {
            revision,
            written,
            integrity,
            prefix,
        } => {
            let snapshot = SnapshotDocument {
                revision: *revision,
                written: written.map(moment),
                checksum: *integrity == Integrity::Checksum,
                prefix: elide(prefix),
            };
            ("snapshot", Some(snapshot))
        }
    };
    let unseen = audit.unseen.iter();
    let document = Document {
        kind: "TokenAudit",
        api_version: API_VERSION,
        tokens: audit.tokens.iter().map(|token| entry(token, now)).collect(),
        complete: audit.unseen.is_empty(),
        unseen: unseen
            .map(|it| elide(&it.to_string()).into_owned())
            .collect(),
        source,
        snapshot,
        tracked_since: audit.tracked_since.as_deref().map(elide),
    };
    write_document(&document, out)
}

fn entry(token: &LongLivedToken, now: OffsetDateTime) -> TokenDocument<'_> {
    let pods = token.mounted_by.as_ref();
    TokenDocument {
        namespace: elide(&token.namespace),
        account: token.account.as_deref().map(elide),
        account_uid: token.account_uid.as_deref().map(elide),
        secret: elide(&token.secret),
        created: token.created.map(moment),
        age: token.created.map(|created| (now - created).whole_seconds()),
        last_used: token.last_used.as_deref().map(elide),
        invalid_since: token.invalid_since.as_deref().map(elide),
        being_deleted: token.is_being_deleted,
        listed_by_account: token.is_listed,
        managed_by: token.managed_by.as_deref().map(elide),
        mounted_by: pods.map(|pods| pods.iter().map(|pod| elide(pod)).collect()),
    }
}
