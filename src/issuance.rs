//! Signs everything that a plan asks for, and verifies all of it, in memory. When this returns, nothing is
//! left to go wrong but the disk.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::macros::format_description;
use zeroize::Zeroizing;

use crate::inventory::{Credential, Inventory, KeyState, Location};
use crate::kubernetes::{AuthorityName, Kubeconfig, KubeconfigError, Source};
use crate::node::{Metadata, Present};
use crate::pki::{
    Authority, AuthorityError, Certificate, NoRandomness, PemError, PrivateKey, ReissueError,
    SerialNumber, VerifyError, encode_certificate, read_certificates, reissue, reissue_self_signed,
    replace_certificate, verify_reissued,
};
use crate::plan::{ReSign, RecoveryPlan};

/// Every file that will be replaced, and the authority that vouches for the journal.
#[derive(Debug)]
pub struct Issuance {
    /// The changes, in the order in which they are made.
    pub changes: Vec<FileChange>,
    /// The cluster's authority, for the journal's certificate; its key is wiped when this is dropped. `None`
    /// where it cannot sign, and nothing that it would sign was asked for.
    pub cluster: Option<Authority>,
}

/// One file or link, before and after.
#[derive(Debug)]
pub struct FileChange {
    /// kubeadm's name of the certificate.
    pub name: &'static str,
    /// What is replaced, a node path.
    pub target: PathBuf,
    /// The file whose owner, mode and attributes the new one takes: the target, or its predecessor.
    pub model: PathBuf,
    /// Owner and mode of that file.
    pub metadata: Metadata,
    /// What must still be there at the moment of the exchange.
    pub before: Present,
    /// What will be there.
    pub after: Content,
    /// The certificate before and after; `None` for a link that follows its file.
    pub certificate: Option<(Certificate, Certificate)>,
}

/// What a target becomes.
pub enum Content {
    /// A regular file; its bytes are wiped when dropped, since they may hold a key.
    File(Zeroizing<Vec<u8>>),
    /// A symbolic link.
    Link(PathBuf),
}

/// Why the plan could not be carried out in memory. Nothing has been written.
#[derive(Debug, thiserror::Error)]
pub enum IssuanceError {
    /// The plan speaks of something that the inventory has not.
    #[error("the plan and the inventory do not belong together: {missing}")]
    NotOfThisInventory {
        /// What is missing.
        missing: String,
    },
    /// An authority is not fit to sign.
    #[error("{name} cannot sign")]
    Authority {
        /// Which one.
        name: AuthorityName,
        /// Why.
        source: AuthorityError,
    },
    /// A certificate could not be signed.
    #[error("{name} could not be signed again")]
    Sign {
        /// Which one.
        name: &'static str,
        /// Why.
        source: ReissueError,
    },
    /// The new certificate is not what was asked for.
    #[error("the new certificate of {name} is not the old one with new dates")]
    Verify {
        /// Which one.
        name: &'static str,
        /// What differs.
        source: VerifyError,
    },
    /// The certificate could not be put into its PEM file.
    #[error("the new certificate of {name} does not fit into its file")]
    Pem {
        /// Which one.
        name: &'static str,
        /// Why.
        source: PemError,
    },
    /// The certificate could not be put into its kubeconfig.
    #[error("the new certificate of {name} does not fit into its kubeconfig")]
    Kubeconfig {
        /// Which one.
        name: &'static str,
        /// Why.
        source: KubeconfigError,
    },
    /// What would be written does not read back as what was meant.
    #[error("the new file of {name} does not hold the new certificate")]
    NotReadBack {
        /// Which one.
        name: &'static str,
    },
    /// No random bytes for a serial number.
    #[error("no serial number could be drawn")]
    Random(#[from] NoRandomness),
}

/// Carries out `plan` in memory. Takes the inventory, and with it the keys: they are wiped on return, but
/// for the one that the journal's certificate still needs.
pub fn issue(
    mut inventory: Inventory,
    plan: &RecoveryPlan,
    now: OffsetDateTime,
) -> Result<Issuance, IssuanceError> {
    let authorities = open_authorities(&mut inventory, plan, now)?;
    let mut changes = Vec::new();
    for step in plan.re_signed() {
        let entry = inventory.credential(step.name);
        let content = entry.and_then(|entry| entry.content.as_ref().ok());
        let content = content.ok_or_else(|| not_of_this_inventory(step.name))?;
        changes.extend(Renewal { step, content }.changes(&authorities, now)?);
    }
    let cluster = authorities
        .into_iter()
        .find(|(name, _)| *name == AuthorityName::Cluster)
        .map(|(_, authority)| authority);
    Ok(Issuance { changes, cluster })
}

/// The authorities that the plan needs; the cluster's for the journal too, if it can be had.
fn open_authorities(
    inventory: &mut Inventory,
    plan: &RecoveryPlan,
    now: OffsetDateTime,
) -> Result<Vec<(AuthorityName, Authority)>, IssuanceError> {
    let entries = std::mem::take(&mut inventory.authorities);
    let mut authorities = Vec::new();
    for entry in entries {
        let name = entry.name;
        let needed = plan.re_signed().any(|step| step.authority == Some(name));
        if !needed && name != AuthorityName::Cluster {
            continue;
        }
        let (Ok(bundle), Ok(key)) = (&entry.certificates, entry.key) else {
            continue;
        };
        match Authority::new(bundle, key, now) {
            Ok(authority) => authorities.push((name, authority)),
            Err(source) if needed => return Err(IssuanceError::Authority { name, source }),
            Err(_) => {}
        }
    }
    Ok(authorities)
}

/// One certificate on its way to a new one.
struct Renewal<'a> {
    step: &'a ReSign,
    content: &'a Credential,
}

impl Renewal<'_> {
    fn changes(
        &self,
        authorities: &[(AuthorityName, Authority)],
        now: OffsetDateTime,
    ) -> Result<Vec<FileChange>, IssuanceError> {
        let model = self
            .content
            .certificate()
            .ok_or_else(|| not_of_this_inventory(self.step.name))?;
        let renewed = self.sign(model, authorities)?;
        let certificate = (model.clone(), renewed.clone());
        match &self.step.location {
            Location::PkiFile { .. } => {
                let bytes = self.pem_file(&self.content.file.bytes, &renewed)?;
                Ok(vec![self.file_change(bytes, certificate)])
            }
            Location::KubeconfigUser { .. } => {
                let bytes = self.kubeconfig_file(&renewed)?;
                Ok(vec![self.file_change(bytes, certificate)])
            }
            Location::KubeletPem { link, destination } => {
                let bytes = self.pem_file(&self.content.file.bytes, &renewed)?;
                Ok(self.rotate(link, destination, bytes, certificate, now))
            }
        }
    }

    fn sign(
        &self,
        model: &Certificate,
        authorities: &[(AuthorityName, Authority)],
    ) -> Result<Certificate, IssuanceError> {
        let name = self.step.name;
        let serial = SerialNumber::random()?;
        let validity = &self.step.validity;
        let signer = self.step.authority.map(|wanted| {
            let found = authorities.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, authority)| authority)
        });
        let (renewed, issuer) = match signer {
            Some(Some(authority)) => {
                let renewed = reissue(model, authority, validity, &serial)
                    .map_err(|source| IssuanceError::Sign { name, source })?;
                (renewed, authority.certificate().clone())
            }
            Some(None) => return Err(not_of_this_inventory(name)),
            None => {
                let renewed = reissue_self_signed(model, self.key()?, validity, &serial)
                    .map_err(|source| IssuanceError::Sign { name, source })?;
                (renewed.clone(), renewed)
            }
        };
        verify_reissued(&renewed, model, &issuer, validity)
            .map_err(|source| IssuanceError::Verify { name, source })?;
        if !self.key()?.fits(&renewed) {
            return Err(IssuanceError::NotReadBack { name });
        }
        Ok(renewed)
    }

    fn key(&self) -> Result<&PrivateKey, IssuanceError> {
        match &self.content.key {
            KeyState::Fits(key) => Ok(key),
            KeyState::Differs { .. } | KeyState::Unusable(_) => {
                Err(not_of_this_inventory(self.step.name))
            }
        }
    }

    fn pem_file(
        &self,
        text: &[u8],
        renewed: &Certificate,
    ) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        let name = self.step.name;
        let fail = |source| IssuanceError::Pem { name, source };
        // A certificate that now signs itself no longer chains to the one that came behind it.
        let bytes = if self.step.authority.is_none() {
            encode_certificate(renewed).into_bytes()
        } else {
            replace_certificate(text, renewed).map_err(fail)?
        };
        let bytes = Zeroizing::new(bytes);
        let read_back = read_certificates(&bytes).map_err(fail)?;
        if read_back.first() != Some(renewed) {
            return Err(IssuanceError::NotReadBack { name });
        }
        Ok(bytes)
    }

    fn kubeconfig_file(&self, renewed: &Certificate) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        let name = self.step.name;
        let fail = |source| IssuanceError::Kubeconfig { name, source };
        let kubeconfig = self.content.kubeconfig.as_ref();
        let kubeconfig = kubeconfig.ok_or_else(|| not_of_this_inventory(name))?;
        let Source::Embedded(chain) = kubeconfig.client_certificate() else {
            return Err(not_of_this_inventory(name));
        };
        let chain = self.pem_file(chain, renewed)?;
        let bytes = Zeroizing::new(kubeconfig.with_client_certificate(&chain).map_err(fail)?);
        let read_back = Kubeconfig::parse(&bytes).map_err(fail)?;
        match read_back.client_certificate() {
            Source::Embedded(embedded) if *embedded == *chain => Ok(bytes),
            _ => Err(IssuanceError::NotReadBack { name }),
        }
    }

    fn file_change(
        &self,
        bytes: Zeroizing<Vec<u8>>,
        certificate: (Certificate, Certificate),
    ) -> FileChange {
        let file = &self.content.file;
        FileChange {
            name: self.step.name,
            target: file.path.clone(),
            model: file.path.clone(),
            metadata: file.metadata.clone(),
            before: Present::File(file.digest),
            after: Content::File(bytes),
            certificate: Some(certificate),
        }
    }

    /// As the kubelet rotates: a new dated file beside the old one, then the link is re-pointed
    /// (`k8s.io/client-go/util/certificate/certificate_store.go`).
    fn rotate(
        &self,
        link: &Path,
        destination: &Path,
        bytes: Zeroizing<Vec<u8>>,
        certificate: (Certificate, Certificate),
        now: OffsetDateTime,
    ) -> Vec<FileChange> {
        let mut file_name = dated_name(link, now);
        if destination
            .file_name()
            .is_some_and(|current| *current == *file_name)
        {
            // Two rotations within one second: the kubelet's names have no more digits.
            file_name = dated_name(link, now + time::Duration::SECOND);
        }
        let mut file = self.file_change(bytes, certificate);
        file.target = file.model.with_file_name(&file_name);
        file.before = Present::Nothing;
        let link = FileChange {
            name: self.step.name,
            target: link.to_owned(),
            model: file.model.clone(),
            metadata: file.metadata.clone(),
            before: Present::Link(destination.to_owned()),
            after: Content::Link(destination.with_file_name(&file_name)),
            certificate: None,
        };
        vec![file, link]
    }
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

fn not_of_this_inventory(missing: &str) -> IssuanceError {
    IssuanceError::NotOfThisInventory {
        missing: missing.to_owned(),
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(bytes) => write!(formatter, "File({} bytes)", bytes.len()),
            Self::Link(destination) => write!(formatter, "Link({})", destination.display()),
        }
    }
}
