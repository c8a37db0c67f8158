//! A certificate on its way into the bytes of its file, wherever that is.

use std::path::Path;

use time::OffsetDateTime;
use time::macros::format_description;
use zeroize::Zeroizing;

use super::key_file::{key_file, pem_with};
use super::{Content, FileChange, IssuanceError};
use crate::inventory::{Credential, CredentialEntry, Location, Slot};
use crate::kubernetes::Source;
use crate::node::{Access, Present};
use crate::pki::{
    Certificate, GeneratedKey, read_certificates, replace_certificate, replace_chain,
};

/// Where a certificate goes, and with which key.
pub(super) struct Placement<'a> {
    pub(super) name: &'static str,
    pub(super) location: &'a Location,
    pub(super) content: &'a Credential,
    /// Where its key belongs, if that is a file of its own.
    key_slot: Option<&'a Slot>,
    /// Who reads the key, if that is not root.
    reader: Option<(u32, u32)>,
    /// The key that it gets.
    pub(super) new_key: Option<&'a GeneratedKey>,
    /// Then the chain that came behind its predecessor goes.
    signs_itself: bool,
}

impl<'a> Placement<'a> {
    pub(super) fn of(
        entry: &'a CredentialEntry,
        location: &'a Location,
        signs_itself: bool,
        new_key: Option<&'a GeneratedKey>,
        reader: Option<(u32, u32)>,
    ) -> Result<Self, IssuanceError> {
        let name = entry.catalog.name;
        let content = entry.content.as_ref();
        let content = content.map_err(|_| IssuanceError::not_of_this_inventory(name))?;
        Ok(Self {
            name,
            location,
            content,
            key_slot: entry.key_slot(),
            reader,
            new_key,
            signs_itself,
        })
    }

    /// The certificate that is there.
    pub(super) fn model(&self) -> Result<&'a Certificate, IssuanceError> {
        let model = self.content.certificate();
        model.ok_or_else(|| IssuanceError::not_of_this_inventory(self.name))
    }

    /// The files with the new certificate in them.
    pub(super) fn put(
        &self,
        renewed: &Certificate,
        now: OffsetDateTime,
    ) -> Result<Vec<FileChange>, IssuanceError> {
        let certificate = (self.model()?.clone(), renewed.clone());
        match &self.location {
            Location::PkiFile { .. } => {
                let bytes = self.pem_file(&self.content.file.bytes, renewed)?;
                match (self.new_key, self.key_slot) {
                    (None, _) => Ok(vec![self.file_change(bytes, certificate)]),
                    // One file holds both.
                    (Some(key), None) => {
                        let bytes = self.with_key(&bytes, key)?;
                        Ok(vec![self.file_change(bytes, certificate)])
                    }
                    (Some(key), Some(slot)) => Ok(vec![
                        key_file(self.name, slot, key, &self.content.file, self.reader),
                        self.file_change(bytes, certificate),
                    ]),
                }
            }
            Location::KubeconfigUser { .. } => {
                let bytes = self.kubeconfig_file(renewed)?;
                Ok(vec![self.file_change(bytes, certificate)])
            }
            Location::KubeletPem {
                link,
                destination,
                taken,
            } => {
                let bytes = self.pem_file(&self.content.file.bytes, renewed)?;
                let bytes = match self.new_key {
                    Some(key) => self.with_key(&bytes, key)?,
                    None => bytes,
                };
                let name = next_name(link, destination, taken, now);
                Ok(self.rotate(link, destination, &name, bytes, certificate))
            }
        }
    }

    fn pem_file(
        &self,
        text: &[u8],
        renewed: &Certificate,
    ) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        let name = self.name;
        let fail = |source| IssuanceError::Pem { name, source };
        // A certificate that now signs itself no longer chains to the one that came behind it.
        let bytes = if self.signs_itself {
            replace_chain(text, renewed)
        } else {
            replace_certificate(text, renewed)
        };
        let bytes = Zeroizing::new(bytes.map_err(fail)?);
        let read_back = read_certificates(&bytes).map_err(fail)?;
        if read_back.first() != Some(renewed) {
            return Err(IssuanceError::NotReadBack { name });
        }
        Ok(bytes)
    }

    /// The certificates of a PEM with another key behind them.
    fn with_key(
        &self,
        text: &[u8],
        key: &GeneratedKey,
    ) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        let name = self.name;
        let certificates =
            read_certificates(text).map_err(|source| IssuanceError::Pem { name, source })?;
        pem_with(name, &certificates, &key.pem)
    }

    fn kubeconfig_file(&self, renewed: &Certificate) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        let name = self.name;
        let fail = |source| IssuanceError::Kubeconfig { name, source };
        let kubeconfig = self.content.kubeconfig.as_ref();
        let kubeconfig = kubeconfig.ok_or_else(|| IssuanceError::not_of_this_inventory(name))?;
        let Source::Embedded(chain) = kubeconfig.client_certificate() else {
            return Err(IssuanceError::not_of_this_inventory(name));
        };
        let chain = self.pem_file(chain, renewed)?;
        // Each proves itself that nothing else differs, and that it reads back.
        match self.new_key {
            Some(key) => kubeconfig
                .with_client_credential(&chain, key.pem.as_bytes())
                .map_err(fail),
            None => kubeconfig
                .with_client_certificate(&chain)
                .map(Zeroizing::new)
                .map_err(fail),
        }
    }

    fn file_change(
        &self,
        bytes: Zeroizing<Vec<u8>>,
        certificate: (Certificate, Certificate),
    ) -> FileChange {
        let file = &self.content.file;
        FileChange {
            name: self.name.to_owned(),
            location: self.location.as_str().to_owned(),
            target: file.path.clone(),
            model: Some(file.path.clone()),
            access: Access::from(&file.metadata),
            home: None,
            is_key: false,
            before: Present::File(file.digest),
            after: Content::File(bytes),
            certificate: Some(certificate.into()),
        }
    }

    /// As the kubelet rotates: a new dated file beside the old one, then the link is re-pointed
    /// (`k8s.io/client-go/util/certificate/certificate_store.go`).
    fn rotate(
        &self,
        link: &Path,
        destination: &Path,
        name: &str,
        bytes: Zeroizing<Vec<u8>>,
        certificate: (Certificate, Certificate),
    ) -> Vec<FileChange> {
        let new = destination.with_file_name(name);
        let mut file = self.file_change(bytes, certificate);
        // Where the link will lead, and not beside the file behind it: that may be behind a second link.
        file.target = link.parent().unwrap_or(link).join(&new);
        file.before = Present::Nothing;
        let link = FileChange {
            name: self.name.to_owned(),
            location: self.location.as_str().to_owned(),
            target: link.to_owned(),
            model: file.model.clone(),
            access: file.access,
            home: None,
            is_key: false,
            before: Present::Link(destination.to_owned()),
            after: Content::Link(new),
            certificate: None,
        };
        vec![file, link]
    }
}

/// How many seconds a name may run ahead of the clock. The kubelet's own names, in local time, may be further ahead: then
/// sorting is not to be had.
const LONGEST_LEAD: i64 = 600;

/// The name of the dated file that is to follow `destination`. Names sort by time, to the second: of several rotations within
/// one, each takes the next that is free, also of a file to which the link led before it was turned back.
pub(super) fn next_name(
    link: &Path,
    destination: &Path,
    taken: &[String],
    now: OffsetDateTime,
) -> String {
    let current = destination
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    (0..LONGEST_LEAD)
        .map(|lead| dated_name(link, now + time::Duration::seconds(lead)))
        .find(|name| **name > *current && !taken.contains(name))
        .unwrap_or_else(|| dated_name(link, now))
}

/// `kubelet-client-current.pem` at noon of the first of May 2026 becomes `kubelet-client-2026-05-01-12-00-00.pem`.
fn dated_name(link: &Path, now: OffsetDateTime) -> String {
    let name = link.file_name().unwrap_or_default().to_string_lossy();
    let prefix = name.strip_suffix("-current.pem").unwrap_or(&name);
    let date = now
        .format(format_description!(
            "[year]-[month]-[day]-[hour]-[minute]-[second]"
        ))
        .unwrap_or_else(|_| now.unix_timestamp().to_string());
    format!("{prefix}-{date}.pem")
}
