//! An authority's certificate with new dates, and every copy of the old one exchanged for it.

use zeroize::Zeroizing;

use super::restore_authority::AUTHORITY_LOCATION;
use super::{CertificateChange, Content, FileChange, IssuanceError};
use crate::inventory::{AuthorityEntry, Inventory, TrustFile, TrustForm};
use crate::kubernetes::{Clusters, Source};
use crate::node::{Access, Present};
use crate::pki::{
    Certificate, PrivateKey, Revision, SerialNumber, exchange_certificate, read_certificates,
    reissue_self_signed, verify_reissued,
};
use crate::plan::ReissueAuthority;

/// An authority that gets new dates, and its new certificate.
pub(super) struct Reissued<'a> {
    step: &'a ReissueAuthority,
    new: Certificate,
}

impl<'a> Reissued<'a> {
    /// Signs the certificate of `entry` again, with its own `key`.
    pub(super) fn sign(
        step: &'a ReissueAuthority,
        entry: &AuthorityEntry,
        key: &PrivateKey,
    ) -> Result<Self, IssuanceError> {
        let name = step.name;
        let old = &step.certificate;
        if !entry.bundle().unwrap_or_default().contains(old) {
            return Err(IssuanceError::not_of_this_inventory(name.as_str()));
        }
        let serial = SerialNumber::random()?;
        let (validity, revision) = (&step.validity, Revision::default());
        let new =
            reissue_self_signed(old, key, validity, &serial, &revision).map_err(|source| {
                IssuanceError::Sign {
                    name: name.as_str(),
                    source,
                }
            })?;
        verify_reissued(&new, old, &new, validity, &revision).map_err(|source| {
            IssuanceError::Verify {
                name: name.as_str(),
                source,
            }
        })?;
        Ok(Self { step, new })
    }

    fn old(&self) -> &Certificate {
        &self.step.certificate
    }

    /// The bundle with the new certificate in the place of the old one.
    pub(super) fn renew(&self, bundle: &[Certificate]) -> Vec<Certificate> {
        let renewed = bundle.iter().map(|one| {
            let is_old = one == self.old();
            if is_old {
                self.new.clone()
            } else {
                one.clone()
            }
        });
        renewed.collect()
    }

    /// Exchanges every copy that the step names: in the files that are changed anyway, and in all others by changes of their own, the
    /// authority's own file first.
    pub(super) fn spread(
        &self,
        inventory: &Inventory,
        changes: &mut Vec<FileChange>,
    ) -> Result<(), IssuanceError> {
        let mut own = Vec::new();
        for trust in inventory.trusting(self.step.name, self.old()) {
            let path = &trust.file.path;
            if !self.step.copies.contains(path) {
                continue;
            }
            let planned = changes.iter_mut().find(|change| change.target == *path);
            match planned.map(|change| &mut change.after) {
                Some(Content::File(bytes)) => *bytes = self.exchange(trust, bytes)?,
                Some(Content::Link(_)) => {}
                None => own.push(self.change(trust)?),
            }
        }
        changes.splice(0..0, own);
        Ok(())
    }

    fn change(&self, trust: &TrustFile) -> Result<FileChange, IssuanceError> {
        let file = &trust.file;
        Ok(FileChange {
            name: self.step.name.to_string(),
            location: AUTHORITY_LOCATION.to_owned(),
            target: file.path.clone(),
            model: Some(file.path.clone()),
            access: Access::from(&file.metadata),
            home: trust.home.clone(),
            is_key: false,
            before: Present::File(file.digest),
            after: Content::File(self.exchange(trust, &file.bytes)?),
            certificate: Some(CertificateChange {
                before: Some(self.old().clone()),
                after: self.new.clone(),
            }),
        })
    }

    /// The text with every copy exchanged, and proof that none is left.
    fn exchange(
        &self,
        trust: &TrustFile,
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        match trust.form {
            TrustForm::Pem => self.exchange_pem(bytes),
            TrustForm::Kubeconfig => self.exchange_kubeconfig(bytes),
        }
    }

    fn exchange_pem(&self, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        let name = self.step.name.as_str();
        let fail = |source| IssuanceError::Pem { name, source };
        let exchanged =
            Zeroizing::new(exchange_certificate(text, self.old(), &self.new).map_err(fail)?);
        let before = read_certificates(text).map_err(fail)?;
        if read_certificates(&exchanged).map_err(fail)? != self.renew(&before) {
            return Err(IssuanceError::NotReadBack { name });
        }
        Ok(exchanged)
    }

    fn exchange_kubeconfig(&self, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        let name = self.step.name.as_str();
        let fail = |source| IssuanceError::Kubeconfig { name, source };
        let mut bytes = Zeroizing::new(text.to_vec());
        let embedded: Vec<(usize, Vec<u8>)> = Clusters::parse(text)
            .map_err(fail)?
            .certificate_authorities()
            .filter_map(|(index, source)| match source {
                Source::Embedded(pem) => Some((index, pem.clone())),
                Source::File(_) => None,
            })
            .collect();
        for (index, pem) in embedded {
            let is_concerned =
                read_certificates(&pem).is_ok_and(|bundle| bundle.contains(self.old()));
            if is_concerned {
                let pem = self.exchange_pem(&pem)?;
                let clusters = Clusters::parse(&bytes).map_err(fail)?;
                bytes = clusters
                    .with_certificate_authority(index, &pem)
                    .map_err(fail)?;
            }
        }
        Ok(bytes)
    }
}
