//! The flags of `OpenID` Connect.

use super::{ApiServerAuthentication, NamedFile};
use crate::kubernetes::{ClaimMapping, StaticPod};
use crate::node::Root;
use crate::pki::Certificate;

/// `OIDCAuthenticationOptions` in `k8s.io/kubernetes/pkg/kubeapiserver/options`.
#[derive(Debug)]
pub struct Oidc {
    /// `--oidc-issuer-url`.
    pub issuer: Option<String>,
    /// `--oidc-client-id`: the one audience.
    pub client: Option<String>,
    /// `--oidc-ca-file`; the host's own authorities where there is none.
    pub authorities: Option<NamedFile<Vec<Certificate>>>,
    /// `--oidc-username-claim` and its prefix: by default `sub`, behind the issuer's URL.
    pub username: ClaimMapping,
    /// `--oidc-groups-claim` and its prefix.
    pub groups: Option<ClaimMapping>,
}

const FLAGS: [&str; 9] = [
    "oidc-issuer-url",
    "oidc-client-id",
    "oidc-ca-file",
    "oidc-username-claim",
    "oidc-username-prefix",
    "oidc-groups-claim",
    "oidc-groups-prefix",
    "oidc-signing-algs",
    "oidc-required-claim",
];

impl Oidc {
    /// `None` where none of the flags is set, even to nothing.
    pub(super) fn observe(root: &Root, pod: &StaticPod) -> Option<Self> {
        if !FLAGS.iter().any(|flag| pod.flag(flag).is_some()) {
            return None;
        }
        let text = |name| pod.filled_flag(name).map(str::to_owned);
        let issuer = text("oidc-issuer-url");
        let claim = text("oidc-username-claim").unwrap_or_else(|| "sub".to_owned());
        let prefix = match pod.filled_flag("oidc-username-prefix") {
            Some("-") => String::new(),
            Some(prefix) => prefix.to_owned(),
            None if claim == "email" => String::new(),
            None => format!("{}#", issuer.as_deref().unwrap_or_default()),
        };
        let groups = text("oidc-groups-claim").map(|claim| ClaimMapping::Claim {
            claim,
            prefix: text("oidc-groups-prefix").unwrap_or_default(),
        });
        let read = |path| NamedFile::certificates(root, path);
        Some(Self {
            issuer,
            client: text("oidc-client-id"),
            authorities: pod.filled_flag("oidc-ca-file").map(read),
            username: ClaimMapping::Claim { claim, prefix },
            groups,
        })
    }

    /// Why kube-apiserver does not start with these flags.
    pub(super) fn fault(&self, server: &ApiServerAuthentication) -> Option<&'static str> {
        if server.authentication_config.is_some() {
            return Some("--authentication-config and --oidc-… flags exclude each other");
        }
        match (&self.issuer, &self.client) {
            (Some(issuer), Some(_)) if !issuer.starts_with("https://") => {
                Some("--oidc-issuer-url must begin with https://")
            }
            (Some(_), Some(_)) => None,
            _ => Some(
                "--oidc-issuer-url and --oidc-client-id are needed together with any of the --oidc-… flags",
            ),
        }
    }
}
