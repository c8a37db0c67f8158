//! The JSON that is sealed. Pure.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::secret::SecretText;
use super::{BundleError, LARGEST_BUNDLE};

/// All of it as text, believed or not. Fields are in the order in which they are written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) schema: String,
    pub(super) node: String,
    pub(super) machine_id: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) issued_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) not_after: OffsetDateTime,
    pub(super) issued_by: String,
    /// PEM, one certificate or several.
    pub(super) authorities: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api_server: Option<String>,
    pub(super) certificate: String,
    pub(super) key: SecretText,
    /// The certificate of the key that seals this.
    pub(super) seal: String,
}

impl Document {
    /// The one JSON that says this.
    pub(super) fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        // Room for all, so that no copy of the key is left behind by growing.
        let mut json = Zeroizing::new(Vec::with_capacity(LARGEST_BUNDLE));
        serde_json::to_writer(&mut *json, self)?;
        Ok(json)
    }

    /// Reads that JSON; another way to write the same, as with a field twice, is none.
    pub(super) fn parse(json: &[u8]) -> Result<Self, BundleError> {
        let document: Self =
            serde_json::from_slice(json).map_err(|source| BundleError::Json { source })?;
        match document.to_json() {
            Ok(written) if *written == json => Ok(document),
            _ => Err(BundleError::NotCanonical),
        }
    }
}
