//! Since when the API server takes down which tokens are used.

use serde::Deserialize;

use super::super::protobuf::{InvalidMessage, all, text};
use super::Object;

/// The `ConfigMap` `kube-apiserver-legacy-service-account-token-tracking` in kube-system
/// (`k8s.io/kubernetes/pkg/controlplane/controller/legacytokentracking`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Tracking {
    data: Option<Data>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Data {
    since: Option<String>,
}

impl Tracking {
    /// Its name.
    pub const NAME: &'static str = "kube-apiserver-legacy-service-account-token-tracking";
    /// Where it is.
    pub const NAMESPACE: &'static str = "kube-system";

    /// The day since when, `2026-11-24`.
    pub fn since(self) -> Option<String> {
        let since = self.data?.since?;
        (since.len() == "2026-11-24".len()).then_some(since)
    }
}

impl Object for Tracking {
    const KIND: &'static str = "ConfigMap";

    fn from_protobuf(message: &[u8]) -> Result<Self, InvalidMessage> {
        let mut data = Data::default();
        for entry in all(message, 2) {
            let entry = entry?;
            if text(entry, 1)? == "since" {
                data.since = Some(text(entry, 2)?);
            }
        }
        Ok(Self { data: Some(data) })
    }
}
