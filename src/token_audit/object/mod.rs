//! What the audit needs of an object, from JSON (as the API answers, and as old clusters stored) and from Protocol Buffers (as etcd
//! holds it; field numbers from `k8s.io/api/core/v1/generated.proto` and `apimachinery/pkg/apis/meta/v1/generated.proto`). All else
//! is passed over, the data of Secrets first.

mod account;
mod metadata;
mod pod;
mod pod_json;
mod secret;
mod tracking;

use serde::Deserialize;

use super::protobuf::InvalidMessage;

pub use account::ServiceAccount;
pub use metadata::Metadata;
pub use pod::Pod;
pub use secret::{SERVICE_ACCOUNT_TOKEN, Secret};
pub use tracking::Tracking;

/// Bytes that are not the object which they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no {kind}")]
pub struct NotAnObject {
    kind: &'static str,
}

/// A kind of object that is looked at.
pub trait Object: Sized + for<'de> Deserialize<'de> {
    /// As the API names it.
    const KIND: &'static str;

    /// From the message that the kind is in Protocol Buffers.
    fn from_protobuf(message: &[u8]) -> Result<Self, InvalidMessage>;

    /// From JSON. What is wrong with it is not told: an error of the parser may quote what is secret.
    fn read_json(text: &[u8]) -> Result<Self, NotAnObject> {
        serde_json::from_slice(text).map_err(|_| NotAnObject { kind: Self::KIND })
    }
}
