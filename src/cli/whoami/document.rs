//! What `whoami` says to programs.

use std::io::{self, Write};

use serde::Serialize;
use time::OffsetDateTime;

use super::super::render::{API_VERSION, timestamp, write_document};
use super::Shown;
use super::facts::{CertificateFacts, KeyFit, Part, TokenFacts, TokenKind, Way};
use super::look::Look;
use crate::authentication::{Answer, Bound, Claims, Identity, Reference, Unauthorized};
use crate::elision::elide;

/// `apiVersion: rekindle.dev/v1`, `kind: Whoami`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    kind: &'static str,
    api_version: &'static str,
    /// The manifest that it was judged by; absent where kubeadm's defaults were taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    judged_by: Option<String>,
    /// Of a kubeconfig `current-context`, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_context: Option<String>,
    /// Each context of a kubeconfig, then its users without one; or the one credential itself.
    ways: Vec<WayDocument>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WayDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    current: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    /// Why a client would not ask this node's API server there.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_distrusted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impersonates: Option<String>,
    /// `known`, `anonymous`, `unauthorized`, `unusable` or `open`.
    answer: &'static str,
    /// 401, or 403 for `anonymous`; absent where RBAC or somebody else decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Of `unauthorized`: why each authenticator does not know it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<CauseDocument>,
    /// Of `anonymous`, `unusable` and `open`: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    /// Of `known`: who that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityDocument>,
    credentials: Vec<PartDocument>,
}

#[derive(Serialize)]
struct CauseDocument {
    cause: &'static str,
    evidence: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IdentityDocument {
    user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    groups: Vec<String>,
    /// Member of `system:masters`.
    above_rbac: bool,
    /// What must still be in the cluster.
    as_long_as: Vec<String>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum PartDocument {
    Certificate(CertificateDocument),
    Token(TokenDocument),
    Exec { command: String },
    AuthProvider { name: String },
    Basic,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateDocument {
    place: String,
    subject: String,
    issuer: String,
    serial: String,
    start_date: String,
    expiration_date: String,
    extended_key_usages: Vec<String>,
    /// The authority that this API server believes, where it leads to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    leads_to: Option<String>,
    /// Whether its bearer may say in headers for whom it asks.
    front_proxy: bool,
    /// `fits`, `absent`, or why it does not fit.
    key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenDocument {
    place: String,
    /// `bound-service-account`, `legacy-service-account`, `jwt`, `bootstrap` or `opaque`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audience: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<String>,
    /// Absent where it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warn_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Writes the document.
pub(super) fn write_json(
    look: &Look<'_>,
    shown: &Shown<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = Document {
        kind: "Whoami",
        api_version: API_VERSION,
        judged_by: look
            .server
            .manifest
            .as_ref()
            .map(|path| look.root.outside(path).display().to_string()),
        current_context: shown.context.as_deref().map(elided),
        ways: shown.ways.iter().map(WayDocument::of).collect(),
    };
    write_document(&document, out)
}

impl WayDocument {
    fn of(way: &Way) -> Self {
        let (answer, status, because) = match &way.answer {
            Answer::Known(_) => ("known", None, None),
            Answer::Anonymous { because } => ("anonymous", Some(403), Some(because)),
            Answer::Unauthorized(_) => ("unauthorized", Some(401), None),
            Answer::Unusable { because } => ("unusable", None, Some(because)),
            Answer::Open { on } => ("open", None, Some(on)),
        };
        let causes: &[Unauthorized] = match &way.answer {
            Answer::Unauthorized(causes) => causes,
            _ => &[],
        };
        let identity = match &way.answer {
            Answer::Known(identity) => Some(IdentityDocument::of(identity)),
            _ => None,
        };
        let server = way.server.as_ref();
        Self {
            context: way.context.as_deref().map(elided),
            current: way.is_current,
            server: server.map(|server| elided(&server.url)),
            server_distrusted: server.and_then(|server| server.distrust.as_deref().map(elided)),
            impersonates: way.impersonates.as_deref().map(elided),
            answer,
            status,
            causes: causes
                .iter()
                .map(|it| CauseDocument {
                    cause: it.cause.as_str(),
                    evidence: elided(&it.evidence),
                })
                .collect(),
            because: because.map(|text| elided(text)),
            identity,
            credentials: way.parts.iter().map(PartDocument::of).collect(),
        }
    }
}

impl IdentityDocument {
    fn of(identity: &Identity) -> Self {
        Self {
            user: elided(&identity.user),
            uid: identity.uid.as_deref().map(elided),
            groups: identity.groups.iter().map(|group| elided(group)).collect(),
            above_rbac: identity.is_above_rbac(),
            as_long_as: identity.as_long_as.iter().map(|it| elided(it)).collect(),
        }
    }
}

impl PartDocument {
    fn of(part: &Part) -> Self {
        match part {
            Part::Certificate(facts) => Self::Certificate(CertificateDocument::of(facts)),
            Part::Token(facts) => Self::Token(TokenDocument::of(facts)),
            Part::Exec(command) => Self::Exec {
                command: elided(command),
            },
            Part::AuthProvider(name) => Self::AuthProvider { name: elided(name) },
            Part::Basic => Self::Basic,
        }
    }
}

impl CertificateDocument {
    fn of(facts: &CertificateFacts) -> Self {
        Self {
            place: elided(&facts.place),
            subject: elided(&facts.subject),
            issuer: elided(&facts.issuer),
            serial: facts.serial.clone(),
            start_date: timestamp(facts.validity.not_before),
            expiration_date: timestamp(facts.validity.not_after),
            extended_key_usages: facts.usages.clone(),
            leads_to: facts.leads_to.as_deref().map(elided),
            front_proxy: facts.is_front_proxy,
            key: match &facts.key {
                KeyFit::Fits => "fits".to_owned(),
                KeyFit::Absent => "absent".to_owned(),
                KeyFit::No(because) | KeyFit::Unchecked(because) => elided(because),
            },
        }
    }
}

impl TokenDocument {
    fn of(facts: &TokenFacts) -> Self {
        let claims: Option<&Claims> = match &facts.kind {
            TokenKind::Signed { claims, .. } => Some(claims),
            TokenKind::Bootstrap(_) | TokenKind::Opaque => None,
        };
        let bound: Option<&Bound> = claims.and_then(|claims| claims.bound.as_ref());
        let moment = |it: Option<OffsetDateTime>| it.map(timestamp);
        let name = |it: Option<&Reference>| it.map(|it| elided(&it.name));
        let secret = name(bound.and_then(|bound| bound.secret.as_ref()));
        let legacy = claims.filter(|claims| claims.is_legacy());
        Self {
            place: elided(&facts.place),
            kind: facts.kind.code(),
            issuer: claims.map(|claims| elided(&claims.issuer)),
            subject: claims.map(|claims| elided(&claims.subject)),
            audience: claims.map_or_else(Vec::new, |claims| {
                claims.audience.all().iter().map(|it| elided(it)).collect()
            }),
            issued: moment(claims.and_then(Claims::issued_at)),
            expiration_date: moment(claims.and_then(Claims::expiry)),
            warn_after: moment(bound.and_then(Bound::warn_after)),
            pod: name(bound.and_then(|bound| bound.pod.as_ref())),
            node: name(bound.and_then(|bound| bound.node.as_ref())),
            secret: secret.or_else(|| legacy.map(|claims| elided(&claims.secret))),
        }
    }
}

/// What was read may hold anything; nothing that may be a key is passed on.
fn elided(text: &str) -> String {
    elide(text).into_owned()
}
