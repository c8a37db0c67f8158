//! Making a bundle.

use time::{OffsetDateTime, UtcOffset};
use zeroize::Zeroizing;

use super::document::Document;
use super::secret::SecretText;
use super::{LARGEST_BUNDLE, NodeBundle, PAYLOAD_TYPE, SCHEMA};
use crate::journal::{JournalError, Seal};
use crate::pki::{Authority, KeyError, encode_certificate};

/// Why no bundle could be made.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    /// There is no seal.
    #[error("there is no seal for it")]
    Seal {
        /// Why.
        source: JournalError,
    },
    /// The key of the seal does not sign.
    #[error("it cannot be sealed")]
    Key {
        /// Why.
        source: KeyError,
    },
    /// It cannot be written as JSON.
    #[error("it cannot be written as JSON")]
    Encode {
        /// Why.
        source: serde_json::Error,
    },
    /// It would be larger than a bundle may be: a CA bundle of many certificates.
    #[error("it would have {bytes} bytes, and a bundle has {LARGEST_BUNDLE} at most")]
    TooLarge {
        /// How many.
        bytes: usize,
    },
}

impl NodeBundle {
    /// The file, sealed `now` by `authority`.
    pub fn seal(
        &self,
        authority: &Authority,
        now: OffsetDateTime,
    ) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let seal = Seal::new(authority, now).map_err(|source| SealingError::Seal { source })?;
        let document = Document {
            schema: SCHEMA.to_owned(),
            node: self.node.clone(),
            machine_id: self.machine_id.to_string(),
            issued_at: self.issued_at.to_offset(UtcOffset::UTC),
            not_after: self.not_after().to_offset(UtcOffset::UTC),
            issued_by: self.issued_by.clone(),
            authorities: self.authorities.iter().map(encode_certificate).collect(),
            api_server: self.api_server.clone(),
            certificate: encode_certificate(&self.credential.certificate),
            key: SecretText(self.credential.key.clone()),
            seal: encode_certificate(seal.certificate()),
        };
        let json = document
            .to_json()
            .map_err(|source| SealingError::Encode { source })?;
        let line = seal
            .close(PAYLOAD_TYPE, &json)
            .map_err(|source| SealingError::Key { source })?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(line.len() + 1));
        bytes.extend_from_slice(&line);
        bytes.push(b'\n');
        if bytes.len() > LARGEST_BUNDLE {
            return Err(SealingError::TooLarge { bytes: bytes.len() });
        }
        Ok(bytes)
    }
}
