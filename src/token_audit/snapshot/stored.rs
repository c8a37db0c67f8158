//! How Kubernetes writes an object into etcd.

use crate::token_audit::object::Object;
use crate::token_audit::protobuf::{InvalidMessage, last, text};

/// `k8s.io/apimachinery/pkg/runtime/serializer/protobuf`.
const PROTOBUF: &[u8] = b"k8s\0";
/// `k8s.io/apiserver/pkg/storage/value/encrypt`: `k8s:enc:aescbc:v1:KEY:`.
const ENCRYPTED: &[u8] = b"k8s:enc:";

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stored<T> {
    /// It can be read.
    Plain(T),
    /// It was encrypted, by this provider of an `EncryptionConfiguration`: `aescbc`, `kms v2`.
    Encrypted(String),
    /// It is none of what Kubernetes writes.
    Unreadable,
}

impl<T: Object> Stored<T> {
    pub(super) fn parse(value: &[u8]) -> Self {
        if let Some(sealed) = value.strip_prefix(ENCRYPTED) {
            return Self::Encrypted(provider(sealed));
        }
        let object = match value.strip_prefix(PROTOBUF) {
            Some(message) => unwrapped::<T>(message).and_then(|raw| T::from_protobuf(raw).ok()),
            // `--storage-media-type=application/json`, and all before Kubernetes 1.6.
            None => T::read_json(value).ok(),
        };
        object.map_or(Self::Unreadable, Self::Plain)
    }
}

/// The message within a `runtime.Unknown` that says what kind it is.
fn unwrapped<T: Object>(message: &[u8]) -> Option<&[u8]> {
    let read = || -> Result<Option<&[u8]>, InvalidMessage> {
        let kind = last(message, 1)?.unwrap_or_default();
        let is_kind = text(kind, 1)? == "v1" && text(kind, 2)? == T::KIND;
        let is_plain = text(message, 3)?.is_empty();
        Ok(last(message, 2)?.filter(|_| is_kind && is_plain))
    };
    read().ok().flatten()
}

/// `aescbc` of `aescbc:v1:key1:…`; of the two of KMS with its version.
fn provider(sealed: &[u8]) -> String {
    let mut parts = sealed.split(|byte| *byte == b':').map(|part| {
        let is_word = part.len() <= 16 && part.iter().all(u8::is_ascii_alphanumeric);
        let word = std::str::from_utf8(part).ok();
        word.filter(|word| is_word && !word.is_empty())
    });
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some("kms"), Some(version)) => format!("kms {version}"),
        (Some(name), _) => name.to_owned(),
        (None, _) => "a provider that cannot be read".to_owned(),
    }
}
