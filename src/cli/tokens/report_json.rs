//! What `tokens audit` says to programs.

use std::io::{self, Write};

use serde::Serialize;
use time::OffsetDateTime;

use super::super::render::{printable, timestamp, write_document};
use crate::token_audit::{Integrity, LongLivedToken, TokenAudit, View};

/// The document: what was found, where, and what was not seen. Times are RFC 3339 in UTC, days `2026-11-24`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditDocument {
    /// Each Secret of type kubernetes.io/service-account-token, by namespace and name.
    tokens: Vec<TokenDocument>,
    /// Whether all could be looked at; only then is an empty list good news.
    complete: bool,
    /// What could not be looked at, in words.
    unseen: Vec<String>,
    /// `api` or `snapshot`.
    source: &'static str,
    /// Missing where the API server was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<SnapshotDocument>,
    /// The day since when the API server takes down when a token is used. Missing where it does not, and where there is no token.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracked_since: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotDocument {
    /// Of etcd: that of the last change which is in it.
    revision: u64,
    /// When the file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<String>,
    /// Whether a checksum of etcd's vouches that it is whole.
    checksum: bool,
    /// Beneath which Kubernetes keeps its objects.
    prefix: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenDocument {
    namespace: String,
    /// Missing where the Secret names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_uid: Option<String>,
    secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    /// In seconds, as of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<i64>,
    /// The day on which the API server saw it last. Missing where it never did since `trackedSince`.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
    /// The day since when the API server refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid_since: Option<String>,
    being_deleted: bool,
    /// Whether its account lists it, as Kubernetes up to 1.23 made them. Missing where the accounts were not seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed_by_account: Option<bool>,
    /// The label app.kubernetes.io/managed-by.
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_by: Option<String>,
    /// The pods in its namespace that use it. Missing where no pod that does was seen, and not all were.
    #[serde(skip_serializing_if = "Option::is_none")]
    mounted_by: Option<Vec<String>>,
}

/// Writes it.
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
                written: written.map(timestamp),
                checksum: *integrity == Integrity::Checksum,
                prefix: printable(prefix),
            };
            ("snapshot", Some(snapshot))
        }
    };
    let document = AuditDocument {
        tokens: audit.tokens.iter().map(|token| entry(token, now)).collect(),
        complete: audit.unseen.is_empty(),
        unseen: audit.unseen.iter().map(|text| printable(text)).collect(),
        source,
        snapshot,
        tracked_since: audit.tracked_since.as_deref().map(printable),
    };
    write_document(&document, out)
}

fn entry(token: &LongLivedToken, now: OffsetDateTime) -> TokenDocument {
    let shown = |text: &Option<String>| text.as_deref().map(printable);
    let pods = token.mounted_by.as_ref();
    TokenDocument {
        namespace: printable(&token.namespace),
        account: shown(&token.account),
        account_uid: shown(&token.account_uid),
        secret: printable(&token.secret),
        created: token.created.map(timestamp),
        age: token.created.map(|created| (now - created).whole_seconds()),
        last_used: shown(&token.last_used),
        invalid_since: shown(&token.invalid_since),
        being_deleted: token.is_being_deleted,
        listed_by_account: token.is_listed,
        managed_by: shown(&token.managed_by),
        mounted_by: pods.map(|pods| pods.iter().map(|pod| printable(pod)).collect()),
    }
}
