//! What `credential list` says to programs.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use time::OffsetDateTime;

use super::super::render::{API_VERSION, write_document};
use super::record::{Issued, Record};
use crate::elision::elide;
use crate::evidence::moment;
use crate::journal::Operator;

/// `apiVersion: rekindle.dev/v1`, `kind: CredentialList`. Times are RFC 3339 in UTC, to the second.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    kind: &'static str,
    api_version: &'static str,
    /// When it was asked.
    at: String,
    /// Whether this is all, as far as the node can tell: nothing is unverified, and no journal is missing.
    complete: bool,
    /// The journals that do not hold, or are not here; empty where all are and do.
    unverified: Vec<UnverifiedDocument<'a>>,
    warnings: Vec<Cow<'a, str>>,
    credentials: Vec<CredentialDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CredentialDocument<'a> {
    user: Cow<'a, str>,
    groups: Vec<Cow<'a, str>>,
    /// `alive`, `perhaps-alive`, `ended` or `never-handed-out`.
    state: &'static str,
    /// Whether its journal holds.
    verified: bool,
    issued: String,
    expiration_date: String,
    /// In seconds; negative once it has ended.
    residual_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<OperatorDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Cow<'a, str>>,
    server: Cow<'a, str>,
    serial: Cow<'a, str>,
    /// `X509SHA256=` and this is the credential-id of the API server's audit log.
    fingerprint: Cow<'a, str>,
    sealed_to: Vec<Cow<'a, str>>,
    run: Cow<'a, str>,
}

/// Who made it, as the machine saw it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperatorDocument<'a> {
    uid: u32,
    /// Of the login session, which `sudo` and `su` do not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    loginuid: Option<u32>,
    /// What `SUDO_USER` said; anybody can set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sudo_user_claimed: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct UnverifiedDocument<'a> {
    run: Cow<'a, str>,
    why: Cow<'a, str>,
}

/// The document: the credentials that are `shown`, and all that is wrong with the record.
pub(super) fn write_json(
    record: &Record,
    shown: &[&Issued],
    now: OffsetDateTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let doubtful = record.doubtful.iter();
    let document = Document {
        kind: "CredentialList",
        api_version: API_VERSION,
        at: moment(now),
        complete: record.is_whole(),
        credentials: shown.iter().map(|it| document(it, now)).collect(),
        unverified: doubtful
            .map(|one| UnverifiedDocument {
                run: elide(&one.run),
                why: elide(&one.why),
            })
            .collect(),
        warnings: elided(&record.missing_journals),
    };
    write_document(&document, out)
}

fn document(issued: &Issued, now: OffsetDateTime) -> CredentialDocument<'_> {
    let setting = issued.setting.as_ref();
    let reason = setting.and_then(|it| it.reason.as_deref());
    let ticket = setting.and_then(|it| it.ticket.as_deref());
    CredentialDocument {
        user: elide(&issued.user),
        groups: elided(&issued.groups),
        state: issued.life(now).identifier(),
        verified: issued.is_verified,
        issued: moment(issued.made),
        expiration_date: moment(issued.not_after),
        residual_time: (issued.not_after - now).whole_seconds(),
        reason: reason.map(elide),
        ticket: ticket.map(elide),
        operator: setting.map(|it| operator(&it.operator)),
        host: setting.map(|it| elide(&it.host.name)),
        server: elide(&issued.server),
        serial: elide(&issued.serial),
        fingerprint: elide(&issued.fingerprint),
        sealed_to: elided(&issued.sealed_to),
        run: elide(&issued.run),
    }
}

fn operator(operator: &Operator) -> OperatorDocument<'_> {
    OperatorDocument {
        uid: operator.uid,
        loginuid: operator.loginuid,
        sudo_user_claimed: operator.sudo_user_claimed.as_deref().map(elide),
    }
}

fn elided(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| elide(text)).collect()
}
