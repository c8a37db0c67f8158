//! A service account, and the Secrets that it lists as its own.

use serde::Deserialize;

use super::super::protobuf::{InvalidMessage, all, last, text};
use super::{Metadata, Object};

/// A service account. Up to Kubernetes 1.23 each was given a Secret with a token, which it lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ServiceAccount {
    /// Its metadata.
    pub metadata: Metadata,
    secrets: Option<Vec<Reference>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Reference {
    pub(super) name: Option<String>,
}

impl ServiceAccount {
    /// The names of the Secrets in its own namespace that it lists.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let references = self.secrets.iter().flatten();
        references.filter_map(|reference| reference.name.as_deref())
    }
}

impl Object for ServiceAccount {
    const KIND: &'static str = "ServiceAccount";

    fn from_protobuf(message: &[u8]) -> Result<Self, InvalidMessage> {
        let names = all(message, 2).map(|reference| {
            let name = Some(text(reference?, 3)?);
            Ok(Reference { name })
        });
        Ok(Self {
            metadata: Metadata::from_protobuf(last(message, 1)?.unwrap_or_default())?,
            secrets: Some(names.collect::<Result<_, _>>()?),
        })
    }
}
