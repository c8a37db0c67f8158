//! Making a bundle.

use time::{OffsetDateTime, UtcOffset};
use zeroize::Zeroizing;

use super::document::Document;
use super::secret::SecretText;
use super::{LARGEST_BUNDLE, NodeBundle, PAYLOAD_TYPE, SCHEMA};
use crate::journal::{Seal, SealingError};
use crate::pki::{Authority, encode_certificate};

impl NodeBundle {
    /// The file, sealed `now` by `authority`.
    pub fn seal(
        &self,
        authority: &Authority,
        now: OffsetDateTime,
    ) -> Result<Zeroizing<Vec<u8>>, SealingError> {
        let seal = Seal::new(authority, now)?;
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
        seal.close(PAYLOAD_TYPE, &json, LARGEST_BUNDLE)
    }
}
