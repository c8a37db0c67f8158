//! One certificate: signed again, and verified.

use time::OffsetDateTime;

use super::certify::signer;
use super::placement::Placement;
use super::{FileChange, IssuanceError};
use crate::inventory::{CredentialEntry, KeyState};
use crate::kubernetes::AuthorityName;
use crate::pki::{
    Authority, Certificate, GeneratedKey, PrivateKey, Revision, SerialNumber, reissue,
    reissue_self_signed, verify_reissued,
};
use crate::plan::ReSign;

/// One certificate on its way to a new one.
pub(super) struct Renewal<'a> {
    step: &'a ReSign,
    placement: Placement<'a>,
}

impl<'a> Renewal<'a> {
    pub(super) fn of(
        step: &'a ReSign,
        entry: &'a CredentialEntry,
        new_key: Option<&'a GeneratedKey>,
        reader: Option<(u32, u32)>,
    ) -> Result<Self, IssuanceError> {
        let signs_itself = step.authority.is_none();
        let placement = Placement::of(entry, &step.location, signs_itself, new_key, reader)?;
        Ok(Self { step, placement })
    }

    pub(super) fn changes(
        &self,
        authorities: &[(AuthorityName, Authority)],
        now: OffsetDateTime,
    ) -> Result<Vec<FileChange>, IssuanceError> {
        let renewed = self.sign(authorities)?;
        self.placement.put(&renewed, now)
    }

    fn sign(
        &self,
        authorities: &[(AuthorityName, Authority)],
    ) -> Result<Certificate, IssuanceError> {
        let name = self.step.name;
        let model = self.placement.model()?;
        let serial = SerialNumber::random()?;
        let validity = &self.step.validity;
        let revision = Revision {
            public_key: self
                .placement
                .new_key
                .map(|key| key.private_key.public_key_der()),
            additional_names: &self.step.additional_names,
        };
        let fail = |source| IssuanceError::Sign { name, source };
        let (renewed, issuer) = if let Some(wanted) = self.step.authority {
            let authority = signer(authorities, wanted, name)?;
            let renewed = reissue(model, authority, validity, &serial, &revision).map_err(fail)?;
            (renewed, authority.certificate().clone())
        } else {
            let renewed = reissue_self_signed(model, self.key()?, validity, &serial, &revision)
                .map_err(fail)?;
            (renewed.clone(), renewed)
        };
        verify_reissued(&renewed, model, &issuer, validity, &revision)
            .map_err(|source| IssuanceError::Verify { name, source })?;
        if !self.key()?.fits(&renewed) {
            return Err(IssuanceError::NotReadBack { name });
        }
        Ok(renewed)
    }

    /// The key that the new certificate is for.
    fn key(&self) -> Result<&PrivateKey, IssuanceError> {
        match (self.placement.new_key, &self.placement.content.key) {
            (Some(key), _) => Ok(&key.private_key),
            (None, KeyState::Fits(key)) => Ok(key),
            (None, KeyState::Differs { .. } | KeyState::Unusable(_)) => {
                Err(IssuanceError::not_of_this_inventory(self.step.name))
            }
        }
    }
}
