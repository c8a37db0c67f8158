//! A new key on its way to its file.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::change::SECRET_MODE;
use super::{Content, FileChange, IssuanceError};
use crate::inventory::Slot;
use crate::node::{Access, FileSnapshot};
use crate::pki::{Certificate, GeneratedKey, PrivateKey, encode_certificate, read_certificates};

/// The journal's word for where a key lies that is a file of its own.
const LOCATION: &str = "key-file";

/// The file of `key` at `slot`. Where none was there, its owner is its `reader`, if that is not root; owner and labels are those of
/// the certificate's file otherwise.
pub(super) fn key_file(
    name: &str,
    slot: &Slot,
    key: &GeneratedKey,
    certificate: &FileSnapshot,
    reader: Option<(u32, u32)>,
) -> FileChange {
    let beside = Access::from(&certificate.metadata);
    let (uid, gid) = reader.unwrap_or((beside.uid, beside.gid));
    let beside = Access {
        mode: SECRET_MODE,
        uid,
        gid,
    };
    let model = match slot.access {
        Some(_) => slot.path.clone(),
        None => certificate.path.clone(),
    };
    key_change(name, slot, key, slot.access.unwrap_or(beside), model)
}

/// The file of `key` at `slot`, with this owner and mode, and the labels of `model`.
pub(super) fn key_change(
    name: &str,
    slot: &Slot,
    key: &GeneratedKey,
    access: Access,
    model: PathBuf,
) -> FileChange {
    FileChange {
        name: name.to_owned(),
        location: LOCATION.to_owned(),
        target: slot.path.clone(),
        model: Some(model),
        access,
        home: None,
        is_key: true,
        before: slot.present.clone(),
        after: Content::File(Zeroizing::new(key.pem.as_bytes().to_vec())),
        certificate: None,
    }
}

/// Certificates, then the key of the first in PEM, as it is read back: the order in which the kubelet has them.
pub(super) fn pem_with(
    name: &'static str,
    certificates: &[Certificate],
    key: &str,
) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
    let public_part: String = certificates.iter().map(encode_certificate).collect();
    // The size is known beforehand, so that no copy of the key is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(public_part.len() + key.len()));
    bytes.extend_from_slice(public_part.as_bytes());
    bytes.extend_from_slice(key.as_bytes());
    let read_back =
        read_certificates(&bytes).map_err(|source| IssuanceError::Pem { name, source })?;
    let key = PrivateKey::from_pem(&bytes, None).ok();
    let fits = key
        .zip(certificates.first())
        .is_some_and(|(key, leaf)| key.fits(leaf));
    if !fits || read_back != certificates {
        return Err(IssuanceError::NotReadBack { name });
    }
    Ok(bytes)
}
