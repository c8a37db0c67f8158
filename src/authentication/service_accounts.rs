//! How the API server knows service accounts by their tokens (`k8s.io/kubernetes/pkg/serviceaccount`).

use std::path::Path;

use time::{Duration, OffsetDateTime};

use super::NamedFile;
use super::answer::{Answer, Cause, Identity, Means, Unauthorized, does_not_start};
use super::service_account_token::{Claims, JsonWebToken, LEGACY_ISSUER};
use super::switch::Switch;
use crate::evidence::moment;
use crate::inventory::ObservationError;
use crate::kubernetes::{StaticPod, without_password};
use crate::node::{FileSnapshot, Root};
use crate::pki::{SignatureCheck, VerifyingKey};

/// How far clocks may differ (`DefaultLeeway` of go-jose's `jwt`).
const LEEWAY: Duration = Duration::MINUTE;

/// What makes a service account's token good here.
#[derive(Debug)]
pub struct ServiceAccounts {
    /// `--service-account-issuer`, each; the first one is in the tokens that this server issues.
    pub issuers: Vec<String>,
    /// `--api-audiences`; the issuers where that is not set.
    pub audiences: Vec<String>,
    /// `--service-account-key-file`, each.
    pub keys: Vec<NamedFile<Vec<VerifyingKey>>>,
    /// `--service-account-signing-endpoint`: a program that signs, and says the keys, instead of files.
    pub endpoint: Option<String>,
    /// `--service-account-lookup`: whether a token of a Secret ends with that Secret. True unless said otherwise.
    pub lookup: Switch,
    /// `--service-account-extend-token-expiration`: whether the kubelet's hourly tokens are good for a year. True unless said otherwise.
    pub extend: Switch,
}

impl ServiceAccounts {
    pub(super) fn observe(root: &Root, pod: &StaticPod) -> Self {
        // StringArray of pflag: a comma is part of a value.
        let repeated = |name: &str| -> Vec<String> {
            let values = pod.flags(name);
            let values = values.filter(|value| !value.is_empty());
            values.map(str::to_owned).collect()
        };
        let issuers = repeated("service-account-issuer");
        let audiences = pod.list("api-audiences");
        let files = repeated("service-account-key-file");
        // The file may be sa.pub, open to all, or a private key.
        let keys = files
            .iter()
            .map(|path| NamedFile::read(root, path, verifying_keys));
        Self {
            keys: keys.collect(),
            audiences: if audiences.is_empty() {
                issuers.clone()
            } else {
                audiences
            },
            issuers,
            endpoint: pod
                .filled_flag("service-account-signing-endpoint")
                .map(str::to_owned),
            lookup: Switch::read(pod, "service-account-lookup", true),
            extend: Switch::read(pod, "service-account-extend-token-expiration", true),
        }
    }

    /// Whether one of the two authenticators of service accounts takes tokens of that issuer.
    pub fn takes(&self, token: &JsonWebToken) -> bool {
        let issuer = &token.claims.issuer;
        issuer == LEGACY_ISSUER || self.issuers.contains(issuer)
    }

    /// What it answers to a token that it [takes](Self::takes).
    pub fn answer(&self, token: &JsonWebToken, now: OffsetDateTime) -> Answer {
        match self.judge(token, now) {
            Ok(answer) => answer,
            Err(unauthorized) => Answer::Unauthorized(vec![unauthorized]),
        }
    }

    fn judge(&self, token: &JsonWebToken, now: OffsetDateTime) -> Result<Answer, Unauthorized> {
        if let Some(answer) = self.check_signature(token)? {
            return Ok(answer);
        }
        let claims = &token.claims;
        let audience = claims.audience.all();
        if !audience.is_empty()
            && !self.audiences.is_empty()
            && !audience.iter().any(|it| self.audiences.contains(it))
        {
            return Err(Unauthorized::new(
                Cause::WrongAudience,
                format!(
                    "it is for {}; this server takes {}",
                    shown(audience, ", "),
                    shown(&self.audiences, ", ")
                ),
            ));
        }
        if claims.is_legacy() {
            self.legacy(claims).map(Answer::Known)
        } else {
            bound(claims, now).map(Answer::Known)
        }
    }

    /// An error where none of the keys has signed it; an answer where that cannot be told.
    fn check_signature(&self, token: &JsonWebToken) -> Result<Option<Answer>, Unauthorized> {
        let unreadable = self
            .keys
            .iter()
            .find_map(|file| file.content.as_ref().err());
        let keys = self
            .keys
            .iter()
            .flat_map(|file| file.content.iter().flatten());
        let identifier = token.key_identifier();
        let (mut named, mut undecided, mut cut) = (false, None, None);
        for key in keys {
            if !identifier.is_empty() && key.identifier() != identifier {
                continue;
            }
            named = true;
            match token.check(key) {
                SignatureCheck::Valid => return Ok(None),
                SignatureCheck::Invalid => {
                    let (length, whole) = (token.signature_length(), key.signature_length());
                    cut = whole.filter(|whole| length < *whole).map(|whole| {
                        format!(
                            "its signature has {length} bytes and not {whole}: it was cut short"
                        )
                    });
                }
                SignatureCheck::Unsupported { algorithm } => undecided = Some(algorithm),
            }
        }
        if let Some(algorithm) = undecided {
            return Ok(Some(Answer::Open {
                on: format!("a signature of {algorithm}, which this program cannot check"),
            }));
        }
        if self.endpoint.is_some() {
            return Ok(Some(Answer::Open {
                on: "the keys that --service-account-signing-endpoint gives".to_owned(),
            }));
        }
        if let Some(error) = unreadable {
            return Ok(Some(does_not_start(error)));
        }
        Err(if let Some(cut) = cut {
            Unauthorized::new(Cause::Malformed, cut)
        } else if named {
            Unauthorized::new(
                Cause::ForgedSignature,
                "no key of --service-account-key-file has made its signature",
            )
        } else {
            Unauthorized::new(
                Cause::UnknownKey,
                "it names a key that is not among those of --service-account-key-file: of another cluster, or before sa.key was exchanged",
            )
        })
    }

    /// `legacyValidator`. Dates are not looked at.
    fn legacy(&self, claims: &Claims) -> Result<Identity, Unauthorized> {
        let filled = [
            &claims.subject,
            &claims.namespace,
            &claims.secret,
            &claims.service_account,
            &claims.service_account_uid,
        ];
        let name = user(&claims.namespace, &claims.service_account);
        if filled.iter().any(|claim| claim.is_empty()) || claims.subject != name {
            return Err(Unauthorized::new(
                Cause::Malformed,
                "its claims do not name one service account and its Secret",
            ));
        }
        let uid = &claims.service_account_uid;
        let mut identity = identity(&claims.namespace, &claims.service_account, uid);
        if self.lookup.value {
            identity.as_long_as = vec![
                format!(
                    "the Secret {}/{} is there, holds this very token and is not marked invalid",
                    claims.namespace, claims.secret
                ),
                format!("its service account has the UID {uid}"),
            ];
        }
        Ok(identity)
    }
}

/// `validator`.
fn bound(claims: &Claims, now: OffsetDateTime) -> Result<Identity, Unauthorized> {
    if let Some(not_before) = claims
        .not_before()
        .filter(|it| now.saturating_add(LEEWAY) < *it)
    {
        let evidence = format!("it is not valid before {}", moment(not_before));
        return Err(Unauthorized::new(Cause::NotYetValid, evidence));
    }
    if let Some(expiry) = claims
        .expiry()
        .filter(|it| now.saturating_sub(LEEWAY) > *it)
    {
        let evidence = format!("it ended at {}", moment(expiry));
        return Err(Unauthorized::new(Cause::Expired, evidence));
    }
    if let Some(issued_at) = claims
        .issued_at()
        .filter(|it| now.saturating_add(LEEWAY) < *it)
    {
        let evidence = format!("it was issued in the future, at {}", moment(issued_at));
        return Err(Unauthorized::new(Cause::NotYetValid, evidence));
    }
    let Some(inside) = claims.bound.as_ref() else {
        return Err(Unauthorized::new(
            Cause::Malformed,
            "it names no service account",
        ));
    };
    let account = &inside.serviceaccount;
    let mut identity = identity(&inside.namespace, &account.name, &account.uid);
    let mut conditions = vec![format!("its service account has the UID {}", account.uid)];
    let in_namespace =
        |kind: &str, name: &str| format!("the {kind} {}/{name} is there", inside.namespace);
    if let Some(secret) = &inside.secret {
        conditions.push(in_namespace("Secret", &secret.name));
    }
    match (&inside.pod, &inside.node) {
        (Some(pod), _) => conditions.push(in_namespace("Pod", &pod.name)),
        (None, Some(node)) => conditions.push(format!("the Node {} is there", node.name)),
        (None, None) => {}
    }
    identity.as_long_as = conditions;
    Ok(identity)
}

/// Issuers and audiences are URLs: without the passwords in them.
pub(super) fn shown(urls: &[String], separator: &str) -> String {
    let shown: Vec<String> = urls.iter().map(|url| without_password(url)).collect();
    shown.join(separator)
}

/// `MakeUsername` in `k8s.io/apiserver/pkg/authentication/serviceaccount`.
fn user(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

fn identity(namespace: &str, name: &str, uid: &str) -> Identity {
    Identity::authenticated(
        user(namespace, name),
        Some(uid.to_owned()),
        vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
        ],
        Means::Token,
    )
}

fn verifying_keys(path: &Path, file: &FileSnapshot) -> Result<Vec<VerifyingKey>, ObservationError> {
    VerifyingKey::read_all(&file.bytes).map_err(|error| ObservationError::Unusable {
        path: path.to_owned(),
        reason: format!("holds no usable public key: {error}"),
    })
}
