//! A credential made anew, as kubeadm makes it.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::certify::{certify, signer};
use super::change::{CERTIFICATE_MODE, SECRET_MODE};
use super::key_file::key_change;
use super::{CertificateChange, Content, FileChange, IssuanceError};
use crate::inventory::{CredentialEntry, Inventory, Remains, Slot};
use crate::kubernetes::{
    AuthorityName, Composition, Kubeconfig, KubeconfigCredential, LeafProfile,
};
use crate::node::{Access, Present};
use crate::pki::{
    Attribute, Authority, Certificate, ExtendedKeyUsage, GeneratedKey, KeyUsage, PrivateKey,
    Specification, encode_certificate,
};
use crate::plan::{NewKubeconfig, Rebuild, Shape};

/// A credential on its way to its files.
pub(super) struct Rebuilding<'a> {
    pub(super) step: &'a Rebuild,
    pub(super) entry: &'a CredentialEntry,
    pub(super) inventory: &'a Inventory,
    /// The key that it gets; none where it keeps a good one.
    pub(super) new_key: Option<&'a GeneratedKey>,
    /// The certificates of the cluster's authority, for a new kubeconfig.
    pub(super) bundle: &'a [Certificate],
}

impl Rebuilding<'_> {
    pub(super) fn changes(
        &self,
        authorities: &[(AuthorityName, Authority)],
    ) -> Result<Vec<FileChange>, IssuanceError> {
        let name = self.step.name;
        let remains = self.entry.remains.as_ref();
        let remains = remains.ok_or_else(|| IssuanceError::not_of_this_inventory(name))?;
        if let Shape::Kubeconfig(new) = &self.step.shape
            && let Some(file) = &new.credential_file
        {
            let path = file.display().to_string();
            let bytes = self.compose(
                new,
                KubeconfigCredential::Files {
                    certificate: &path,
                    key: &path,
                },
            );
            return Ok(vec![self.change(&remains.file, SECRET_MODE, bytes, None)]);
        }
        let certificate = self.sign(authorities, remains)?;
        let pem = encode_certificate(&certificate);
        let change = Some(CertificateChange {
            before: None,
            after: certificate,
        });
        match &self.step.shape {
            Shape::Pair => {
                let bytes = Zeroizing::new(pem.into_bytes());
                let file = self.change(&remains.file, CERTIFICATE_MODE, bytes, change);
                let key = self.new_key.zip(remains.key_file.as_ref());
                let key = key.map(|(key, slot)| {
                    let access = self.access(slot, SECRET_MODE);
                    let model = self.model(slot);
                    key_change(name, slot, key, access, model)
                });
                Ok(key.into_iter().chain([file]).collect())
            }
            Shape::Credential => {
                let kubeconfig = remains.kubeconfig.as_ref();
                let (kubeconfig, key) = kubeconfig
                    .zip(self.new_key)
                    .ok_or_else(|| IssuanceError::not_of_this_inventory(name))?;
                let bytes = kubeconfig
                    .with_client_credential(pem.as_bytes(), key.pem.as_bytes())
                    .map_err(|source| IssuanceError::Kubeconfig { name, source })?;
                Ok(vec![self.change(&remains.file, SECRET_MODE, bytes, change)])
            }
            Shape::Kubeconfig(new) => {
                let key = self
                    .new_key
                    .ok_or_else(|| IssuanceError::not_of_this_inventory(name))?;
                let credential = KubeconfigCredential::Embedded {
                    certificate: pem.as_bytes(),
                    key: key.pem.as_bytes(),
                };
                let bytes = self.compose(new, credential);
                Ok(vec![self.change(&remains.file, SECRET_MODE, bytes, change)])
            }
        }
    }

    fn sign(
        &self,
        authorities: &[(AuthorityName, Authority)],
        remains: &Remains,
    ) -> Result<Certificate, IssuanceError> {
        let name = self.step.name;
        let missing = || IssuanceError::not_of_this_inventory(name);
        let authority = signer(authorities, self.step.authority, name)?;
        let kept = remains.key.as_ref().map(PrivateKey::public_key_der);
        let new = self.new_key.map(|key| key.private_key.public_key_der());
        let public_key = new.or(kept).ok_or_else(missing)?;
        let specification = specification(&self.step.profile);
        let validity = &self.step.validity;
        certify(name, &specification, public_key, authority, validity)
    }

    fn compose(
        &self,
        new: &NewKubeconfig,
        credential: KubeconfigCredential<'_>,
    ) -> Zeroizing<Vec<u8>> {
        let authority: String = self.bundle.iter().map(encode_certificate).collect();
        Kubeconfig::compose(&Composition {
            cluster: &new.cluster,
            server: &new.server,
            certificate_authority: authority.as_bytes(),
            user: &new.user,
            credential,
        })
    }

    fn change(
        &self,
        slot: &Slot,
        mode: u32,
        bytes: Zeroizing<Vec<u8>>,
        certificate: Option<CertificateChange>,
    ) -> FileChange {
        FileChange {
            name: self.step.name.to_owned(),
            location: self.entry.location.as_str().to_owned(),
            target: slot.path.clone(),
            model: Some(self.model(slot)),
            access: self.access(slot, mode),
            home: None,
            is_key: false,
            before: slot.present.clone(),
            after: Content::File(bytes),
            certificate,
        }
    }

    /// The file whose labels a file at `slot` takes: its own predecessor, else that of a sibling.
    fn model(&self, slot: &Slot) -> PathBuf {
        match (&slot.present, self.sibling()) {
            (Present::Nothing, Some((path, _))) => path,
            _ => slot.path.clone(),
        }
    }

    /// Owner and mode of what was there; else the owner of a sibling.
    fn access(&self, slot: &Slot, mode: u32) -> Access {
        slot.access.unwrap_or_else(|| {
            let own = || Access::of_own(mode);
            let sibling = self.sibling().map(|(_, access)| Access { mode, ..access });
            let access = sibling.unwrap_or_else(own);
            // What others may not read belongs to who reads it.
            match self.inventory.layout.reader(self.entry.catalog) {
                Some((uid, gid)) if mode == SECRET_MODE => Access { mode, uid, gid },
                _ => access,
            }
        })
    }

    /// A file of the same kind, best one of those who read this one; else the certificate of its authority.
    fn sibling(&self) -> Option<(PathBuf, Access)> {
        let entry = self.entry;
        let found = |has_same_readers: bool| {
            let credentials = self.inventory.credentials.iter();
            let mut siblings = credentials.filter(|other| {
                other.location.as_str() == entry.location.as_str()
                    && (!has_same_readers || other.catalog.readers == entry.catalog.readers)
            });
            siblings.find_map(|other| Some(&other.content.as_ref().ok()?.file))
        };
        let file = found(true).or_else(|| found(false)).or_else(|| {
            let authority = self.inventory.authority(self.step.authority)?;
            authority.file()
        })?;
        Some((file.path.clone(), Access::from(&file.metadata)))
    }
}

fn specification(profile: &LeafProfile) -> Specification {
    let organization = profile.organization.map(str::to_owned);
    let organization = organization.map(|name| (Attribute::Organization, name));
    let common_name = (Attribute::CommonName, profile.common_name.clone());
    let purposes = [
        (profile.server, ExtendedKeyUsage::ServerAuth),
        (profile.client, ExtendedKeyUsage::ClientAuth),
    ];
    Specification {
        // Go writes the organisation first.
        subject: organization.into_iter().chain([common_name]).collect(),
        dns_names: profile.dns_names.clone(),
        ip_addresses: profile.ip_addresses.clone(),
        key_usages: vec![KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment],
        extended_key_usages: purposes
            .into_iter()
            .filter_map(|(wanted, purpose)| wanted.then_some(purpose))
            .collect(),
        extended_key_usages_critical: false,
    }
}
