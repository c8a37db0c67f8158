//! A Secret, without its data.

use serde::Deserialize;

use super::super::protobuf::{InvalidMessage, last, text};
use super::{Metadata, Object};

/// The type of Secrets that hold a token without an end (`k8s.io/api/core/v1`, `SecretTypeServiceAccountToken`).
pub const SERVICE_ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";

/// Who a Secret is, and of which type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Secret {
    /// Its metadata.
    pub metadata: Metadata,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
}

impl Object for Secret {
    const KIND: &'static str = "Secret";

    fn from_protobuf(message: &[u8]) -> Result<Self, InvalidMessage> {
        Ok(Self {
            metadata: Metadata::from_protobuf(last(message, 1)?.unwrap_or_default())?,
            kind: text(message, 3)?,
        })
    }
}
