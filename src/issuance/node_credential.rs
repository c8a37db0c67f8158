//! A kubelet's client credential: made as the cluster makes one, and laid out as the kubelet's rotation does.

use std::fmt;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::certify::certify;
use super::change::SECRET_MODE;
use super::key_file::pem_with;
use super::placement::next_name;
use super::{CertificateChange, Content, FileChange, IssuanceError};
use crate::inventory::KUBELET_PEM;
use crate::kubernetes::{NODES_GROUP, user_of_node};
use crate::node::{Access, Present};
use crate::pki::{
    Attribute, Authority, Certificate, ExtendedKeyUsage, KeyAlgorithm, KeyUsage, Specification,
    Validity, generate,
};

/// Our name of the credential, as the catalog has it.
pub const KUBELET_CREDENTIAL: &str = "kubelet.conf";

/// Key and certificate of a kubelet, which belong together.
pub struct NodeCredential {
    /// The certificate.
    pub certificate: Certificate,
    /// The key in PEM, as the kubelet writes it.
    pub key: Zeroizing<String>,
}

/// Where a kubelet's rotation keeps its credentials.
#[derive(Debug)]
pub struct Rotation<'a> {
    /// The link to the present one, a node path.
    pub link: &'a Path,
    /// What stands there.
    pub found: Present,
    /// The names in the folder of the dated files.
    pub taken: &'a [String],
    /// The file whose extended attributes the new one takes, where there is one.
    pub model: Option<PathBuf>,
    /// The certificate that is there, where one can be read.
    pub before: Option<Certificate>,
}

/// What the cluster gives a kubelet that asks with an ECDSA key (`pkg/controller/certificates/signer` in
/// `k8s.io/kubernetes`, signer `kubernetes.io/kube-apiserver-client-kubelet`).
pub fn kubelet_client(node: &str) -> Specification {
    Specification {
        // Go writes the organisation first.
        subject: vec![
            (Attribute::Organization, NODES_GROUP.to_owned()),
            (Attribute::CommonName, user_of_node(node)),
        ],
        key_usages: vec![KeyUsage::DigitalSignature],
        extended_key_usages: vec![ExtendedKeyUsage::ClientAuth],
        ..Specification::default()
    }
}

impl NodeCredential {
    /// Makes a key, and has its certificate for `node` signed and verified. The errors name `name`.
    pub fn issue(
        name: &'static str,
        node: &str,
        authority: &Authority,
        validity: &Validity,
    ) -> Result<Self, IssuanceError> {
        let key = generate(KeyAlgorithm::EcdsaP256)
            .map_err(|source| IssuanceError::Key { name, source })?;
        let specification = kubelet_client(node);
        let public_key = key.private_key.public_key_der();
        let certificate = certify(name, &specification, public_key, authority, validity)?;
        Ok(Self {
            certificate,
            key: key.pem,
        })
    }

    /// The new dated file beside the link, and the link to it, as the kubelet rotates.
    pub fn install(
        &self,
        name: &'static str,
        rotation: Rotation<'_>,
        now: OffsetDateTime,
    ) -> Result<Vec<FileChange>, IssuanceError> {
        let certificates = std::slice::from_ref(&self.certificate);
        let bytes = pem_with(name, certificates, &self.key)?;
        let link = rotation.link;
        let current = match &rotation.found {
            Present::Link(destination) => destination.as_path(),
            Present::Nothing | Present::File(_) => link,
        };
        // The kubelet's links are absolute, and its files beside them.
        let file = link.with_file_name(next_name(link, current, rotation.taken, now));
        let change = |target, before, after, model| FileChange {
            name: name.to_owned(),
            location: KUBELET_PEM.to_owned(),
            target,
            model,
            access: Access::of_own(SECRET_MODE),
            home: None,
            is_key: false,
            before,
            after,
            certificate: Some(CertificateChange {
                before: rotation.before.clone(),
                after: self.certificate.clone(),
            }),
        };
        let leads = Content::Link(file.clone());
        Ok(vec![
            change(
                file,
                Present::Nothing,
                Content::File(bytes),
                rotation.model.clone(),
            ),
            change(link.to_owned(), rotation.found, leads, None),
        ])
    }
}

impl fmt::Debug for NodeCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NodeCredential")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}
