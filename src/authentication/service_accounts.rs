//! How the API server knows service accounts by their tokens.

use crate::inventory::Manifest;
use crate::node::Root;

/// What makes a service account's token good here.
#[derive(Debug)]
pub struct ServiceAccounts {
    /// `--service-account-issuer`, each; the first one is in the tokens that this server issues.
    pub issuers: Vec<String>,
    /// `--api-audiences`; the issuers where that is not set.
    pub audiences: Vec<String>,
    /// `--service-account-lookup`: whether a token of a Secret ends with that Secret. True unless said otherwise.
    pub lookup: bool,
    /// `--service-account-extend-token-expiration`: whether the kubelet's hourly tokens are good for a year. True unless said otherwise.
    pub extend: bool,
}

impl ServiceAccounts {
    pub(super) fn observe(_root: &Root, manifest: &Manifest) -> Self {
        let list = |name: &str| -> Vec<String> {
            let values = manifest.pod.flags(name);
            values
                .flat_map(|value| value.split(','))
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let issuers: Vec<String> = manifest
            .pod
            .flags("service-account-issuer")
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect();
        let audiences = list("api-audiences");
        Self {
            audiences: if audiences.is_empty() {
                issuers.clone()
            } else {
                audiences
            },
            issuers,
            lookup: manifest.flag("service-account-lookup") != Some("false"),
            extend: manifest.flag("service-account-extend-token-expiration") != Some("false"),
        }
    }
}
