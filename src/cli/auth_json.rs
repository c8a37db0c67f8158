//! What `auth` says to programs.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::auth::Report;
use super::render::{API_VERSION, timestamp, write_document};
use crate::authentication::{Authenticator, Evidence};
use crate::elision::elide;

/// `apiVersion: rekindle.dev/v1`, `kind: Authenticators`: fields are added, never renamed or removed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticatorsDocument<'a> {
    kind: &'static str,
    api_version: &'static str,
    /// What all of kube-apiserver need, those of kube-apiserver in the order in which it asks them, then of the kubelet. Each is there, whether it is on or off.
    authenticators: Vec<AuthenticatorDocument<'a>>,
    /// What of the node's configuration could not be read.
    obstacles: Vec<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticatorDocument<'a> {
    /// `own-certificates`, `front-proxy`, `client-certificates`, `static-tokens`, `service-account-tokens`, `bootstrap-tokens`, `jwt`, `webhook`, `anonymous`,
    /// `kubelet-client-certificates`, `kubelet-tokens`, `kubelet-anonymous`.
    name: &'static str,
    /// `on`, `off`, or `broken`: on, and what it needs cannot be read, would not be taken, or has ended.
    state: &'static str,
    /// When the first thing that it rests on ends (RFC 3339), or ended where it is broken by that; null where nothing has an end.
    expiration_date: Option<String>,
    /// How many tokens it knows, where they are in a file in the clear.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<usize>,
    /// What says so.
    evidence: Vec<EvidenceDocument<'a>>,
    /// What is wrong with it; something, where it is broken.
    faults: Vec<Cow<'a, str>>,
    when_certificates_expire: Cow<'a, str>,
    risk: Cow<'a, str>,
    better_practice: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EvidenceDocument<'a> {
    /// A flag with its dashes, or the path of a field.
    setting: Cow<'a, str>,
    value: Cow<'a, str>,
    /// When the certificate that it names ends; of several the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<String>,
}

/// Writes it, indented.
pub(super) fn write_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let document = AuthenticatorsDocument {
        kind: "Authenticators",
        api_version: API_VERSION,
        authenticators: report.authenticators.iter().map(authenticator).collect(),
        obstacles: report.obstacles.iter().map(|text| elide(text)).collect(),
    };
    write_document(&document, out)
}

fn authenticator(one: &Authenticator) -> AuthenticatorDocument<'_> {
    AuthenticatorDocument {
        name: one.name.identifier(),
        state: one.state.as_str(),
        expiration_date: one.ends.map(timestamp),
        tokens: one.tokens,
        evidence: one.evidence.iter().map(evidence).collect(),
        faults: one.faults.iter().map(|text| elide(text)).collect(),
        when_certificates_expire: elide(&one.when_certificates_expire),
        risk: elide(&one.risk),
        better_practice: elide(&one.better_practice),
    }
}

fn evidence(one: &Evidence) -> EvidenceDocument<'_> {
    EvidenceDocument {
        setting: elide(&one.setting),
        value: elide(&one.value),
        expiration_date: one.ends.map(timestamp),
    }
}
