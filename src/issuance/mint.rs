//! A kubelet's credential, made anew as its rotation makes one: a key, its certificate, and the link to the file with both.

use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::key_file::pem_with_key;
use super::placement::next_name;
use super::{CertificateChange, Content, FileChange, IssuanceError};
use crate::kubernetes::{AuthorityName, NODES_GROUP, user_of_node};
use crate::node::{Access, Metadata, Present};
use crate::pki::{
    Attribute, Authority, Certificate, ExtendedKeyUsage, GeneratedKey, KeyAlgorithm, KeyUsage,
    PrivateKey, SerialNumber, Specification, generate, issue, read_certificates, verify_issued,
};
use crate::plan::Mint;

/// Permission bits of the kubelet's own files (`certificate_store.go` in `k8s.io/client-go/util/certificate`).
const MODE: u32 = 0o600;

/// The new file and the link to it.
pub(super) fn mint(
    step: &Mint,
    authorities: &[(AuthorityName, Authority)],
    now: OffsetDateTime,
) -> Result<Vec<FileChange>, IssuanceError> {
    let authority = authorities.iter().find(|(name, _)| *name == step.authority);
    let (_, authority) =
        authority.ok_or_else(|| IssuanceError::not_of_this_inventory(step.name))?;
    let key = generate(KeyAlgorithm::EcdsaP256).map_err(|source| IssuanceError::Key {
        name: step.name,
        source,
    })?;
    let certificate = sign(step, &key, authority)?;
    let bytes = pem_file(step, &key, &certificate)?;
    let current = match &step.found {
        Present::Link(destination) => destination.as_path(),
        Present::Nothing | Present::File(_) => step.link.as_path(),
    };
    // The kubelet's links are absolute, and its files beside them.
    let file = step
        .link
        .with_file_name(next_name(&step.link, current, &[], now));
    let change = |target, before, after| FileChange {
        name: step.name.to_owned(),
        location: "kubelet-pem".to_owned(),
        target,
        model: None,
        access: Access::from(&Metadata::of_own(MODE, now)),
        home: None,
        is_key: false,
        before,
        after,
        certificate: Some(CertificateChange {
            before: None,
            after: certificate.clone(),
        }),
    };
    let link = Content::Link(file.clone());
    Ok(vec![
        change(file, Present::Nothing, Content::File(bytes)),
        change(step.link.clone(), step.found.clone(), link),
    ])
}

/// What the cluster gives a kubelet that asks with an ECDSA key (`pkg/controller/certificates/signer` in
/// `k8s.io/kubernetes`, signer `kubernetes.io/kube-apiserver-client-kubelet`).
fn specification(node: &str) -> Specification {
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

fn sign(
    step: &Mint,
    key: &GeneratedKey,
    authority: &Authority,
) -> Result<Certificate, IssuanceError> {
    let name = step.name;
    let specification = specification(&step.node);
    let public_key = key.private_key.public_key_der();
    let serial = SerialNumber::random()?;
    let certificate = issue(
        &specification,
        public_key,
        authority,
        &step.validity,
        &serial,
    )
    .map_err(|source| IssuanceError::Issue { name, source })?;
    let issuer = authority.certificate();
    verify_issued(
        &certificate,
        &specification,
        public_key,
        issuer,
        &step.validity,
    )
    .map_err(|source| IssuanceError::Verify { name, source })?;
    Ok(certificate)
}

/// The certificate first, then the key in SEC1: the kubelet's own order and form.
fn pem_file(
    step: &Mint,
    key: &GeneratedKey,
    certificate: &Certificate,
) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
    let bytes = pem_with_key(std::slice::from_ref(certificate), key);
    let name = step.name;
    let read_back =
        read_certificates(&bytes).map_err(|source| IssuanceError::Pem { name, source })?;
    let fits = PrivateKey::from_pem(&bytes, None).is_ok_and(|key| key.fits(certificate));
    if read_back != [certificate.clone()] || !fits {
        return Err(IssuanceError::NotReadBack { name });
    }
    Ok(bytes)
}
