//! Opening a bundle: nothing in it counts before the seal is believed.

use time::OffsetDateTime;

use super::document::Document;
use super::{BundleError, LARGEST_BUNDLE, MachineId, NodeBundle, PAYLOAD_TYPE, SCHEMA};
use crate::issuance::{NodeCredential, kubelet_client};
use crate::journal::Sealed;
use crate::kubernetes::node_name;
use crate::pki::{
    Certificate, PrivateKey, Validity, VerifyError, read_certificates, verify_issued,
};

impl NodeBundle {
    /// Opens a bundle that one of `authorities` vouches for and that is valid `now`. Whether this host is the one that it is for,
    /// is for the caller to see.
    pub fn open(
        bytes: &[u8],
        authorities: &[Certificate],
        now: OffsetDateTime,
    ) -> Result<Self, BundleError> {
        if bytes.len() > LARGEST_BUNDLE {
            return Err(BundleError::TooLarge { bytes: bytes.len() });
        }
        let line = bytes.strip_suffix(b"\n").ok_or(BundleError::NotALine)?;
        let sealed =
            Sealed::parse(PAYLOAD_TYPE, line).map_err(|source| BundleError::Envelope { source })?;
        let document = Document::parse(sealed.document())?;
        let seal = certificate("certificate of the seal", &document.seal)?;
        sealed
            .verify(&seal, authorities, document.issued_at)
            .map_err(|source| BundleError::Seal { source })?;
        let bundle = read(document)?;
        bundle.check(authorities, now)?;
        Ok(bundle)
    }

    fn check(&self, authorities: &[Certificate], now: OffsetDateTime) -> Result<(), BundleError> {
        let leaf = &self.credential.certificate;
        let key = PrivateKey::from_pem(self.credential.key.as_bytes(), None);
        if !key.is_ok_and(|key| key.fits(leaf)) {
            return Err(BundleError::KeyMismatch);
        }
        let validity = Validity::of(leaf);
        let specification = kubelet_client(&self.node);
        let verify = |authority| {
            let key = leaf.public_key_der();
            verify_issued(leaf, &specification, key, authority, &validity)
        };
        let mut verdict = Err(VerifyError::NotAsked { field: "issuer" });
        for authority in authorities {
            verdict = verify(authority);
            if verdict.is_ok() {
                break;
            }
        }
        verdict.map_err(|source| BundleError::NotANodes {
            node: self.node.clone(),
            source,
        })?;
        if !validity.contains(now) {
            return Err(BundleError::OutsideValidity {
                not_before: validity.not_before,
                not_after: validity.not_after,
                now,
            });
        }
        Ok(())
    }
}

fn read(document: Document) -> Result<NodeBundle, BundleError> {
    let wrong = |field| BundleError::Field { field };
    if document.schema != SCHEMA {
        return Err(wrong("schema"));
    }
    if node_name(&document.node).as_ref() != Some(&document.node) {
        return Err(wrong("node"));
    }
    let certificate = certificate("certificate", &document.certificate)?;
    if document.not_after != certificate.not_after() {
        return Err(wrong("notAfter"));
    }
    let machine_id: MachineId = document
        .machine_id
        .parse()
        .map_err(|_| wrong("machineId"))?;
    let authorities = read_certificates(document.authorities.as_bytes()).map_err(|source| {
        BundleError::Certificate {
            which: "CA certificate",
            source,
        }
    })?;
    Ok(NodeBundle {
        node: document.node,
        machine_id,
        issued_at: document.issued_at,
        issued_by: document.issued_by,
        authorities,
        api_server: document.api_server,
        credential: NodeCredential {
            certificate,
            key: document.key.0,
        },
    })
}

fn certificate(which: &'static str, pem: &str) -> Result<Certificate, BundleError> {
    let read = read_certificates(pem.as_bytes())
        .map_err(|source| BundleError::Certificate { which, source })?;
    match <[Certificate; 1]>::try_from(read) {
        Ok([one]) => Ok(one),
        Err(_) => Err(BundleError::Field { field: which }),
    }
}
