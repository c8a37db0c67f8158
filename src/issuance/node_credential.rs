//! A kubelet's client credential: made as the cluster makes one, and laid out as the kubelet's rotation does.

use std::fmt;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::renewal::next_name;
use super::{CertificateChange, Content, FileChange, IssuanceError};
use crate::kubernetes::{NODES_GROUP, user_of_node};
use crate::node::{Access, Metadata, Present};
use crate::pki::{
    Attribute, Authority, Certificate, ExtendedKeyUsage, KeyAlgorithm, KeyUsage, PrivateKey,
    SerialNumber, Specification, Validity, encode_certificate, generate, issue, read_certificates,
    verify_issued,
};

/// Permission bits of the kubelet's own files (`certificate_store.go` in `k8s.io/client-go/util/certificate`).
const MODE: u32 = 0o600;
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
        let serial = SerialNumber::random()?;
        let certificate = issue(&specification, public_key, authority, validity, &serial)
            .map_err(|source| IssuanceError::Issue { name, source })?;
        let issuer = authority.certificate();
        verify_issued(&certificate, &specification, public_key, issuer, validity)
            .map_err(|source| IssuanceError::Verify { name, source })?;
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
        let bytes = self.pem_file(name)?;
        let link = rotation.link;
        let current = match &rotation.found {
            Present::Link(destination) => destination.as_path(),
            Present::Nothing | Present::File(_) => link,
        };
        // The kubelet's links are absolute, and its files beside them.
        let file = link.with_file_name(next_name(link, current, rotation.taken, now));
        let change = |target, before, after, model| FileChange {
            name: name.to_owned(),
            location: "kubelet-pem".to_owned(),
            target,
            model,
            access: Access::from(&Metadata::of_own(MODE, now)),
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

    /// The certificate first, then the key in SEC1: the kubelet's own order and form.
    fn pem_file(&self, name: &'static str) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
        let public_part = encode_certificate(&self.certificate);
        // The size is known beforehand, so that no copy of the key is left behind by growing.
        let mut bytes = Zeroizing::new(Vec::with_capacity(public_part.len() + self.key.len()));
        bytes.extend_from_slice(public_part.as_bytes());
        bytes.extend_from_slice(self.key.as_bytes());
        let read_back =
            read_certificates(&bytes).map_err(|source| IssuanceError::Pem { name, source })?;
        let fits = PrivateKey::from_pem(&bytes, None).is_ok_and(|key| key.fits(&self.certificate));
        if read_back != [self.certificate.clone()] || !fits {
            return Err(IssuanceError::NotReadBack { name });
        }
        Ok(bytes)
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
