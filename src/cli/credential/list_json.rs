//! What `credential list` says to programs.

use std::io::{self, Write};

use serde::Serialize;
use time::OffsetDateTime;

use super::super::render::{timestamp, write_document};
use super::record::{Issued, Record};
use crate::elision::elide;
use crate::journal::{Operator, Setting};

#[derive(Serialize)]
struct Document<'a> {
    kind: &'static str,
    /// When it was asked.
    at: String,
    credentials: Vec<CredentialDocument<'a>>,
    /// The journals that do not hold; empty where all do.
    unverified: Vec<UnverifiedDocument<'a>>,
    warnings: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CredentialDocument<'a> {
    user: &'a str,
    groups: &'a [String],
    state: &'static str,
    /// Whether its journal holds.
    verified: bool,
    issued: String,
    not_after: String,
    /// In seconds; negative once it has ended.
    residual_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<&'a Operator>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    server: &'a str,
    serial: &'a str,
    /// `X509SHA256=` and this is the credential-id of the API server's audit log.
    fingerprint: &'a str,
    sealed_to: &'a [String],
    run: &'a str,
}

#[derive(Serialize)]
struct UnverifiedDocument<'a> {
    run: &'a str,
    why: String,
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
        at: timestamp(now),
        credentials: shown.iter().map(|it| document(it, now)).collect(),
        unverified: doubtful
            .map(|one| UnverifiedDocument {
                run: &one.run,
                why: elide(&one.why).into_owned(),
            })
            .collect(),
        warnings: &record.missing,
    };
    write_document(&document, out)
}

fn document(issued: &Issued, now: OffsetDateTime) -> CredentialDocument<'_> {
    let setting: Option<&Setting> = issued.setting.as_ref();
    CredentialDocument {
        user: &issued.user,
        groups: &issued.groups,
        state: issued.life(now).as_str(),
        verified: issued.is_verified,
        issued: timestamp(issued.made),
        not_after: timestamp(issued.not_after),
        residual_time: (issued.not_after - now).whole_seconds(),
        reason: setting.and_then(|it| it.reason.as_deref()),
        ticket: setting.and_then(|it| it.ticket.as_deref()),
        operator: setting.map(|it| &it.operator),
        host: setting.map(|it| it.host.name.as_str()),
        server: &issued.server,
        serial: &issued.serial,
        fingerprint: &issued.fingerprint,
        sealed_to: &issued.sealed_to,
        run: &issued.run,
    }
}
