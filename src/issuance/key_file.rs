//! A new key on its way to its file.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{Content, FileChange};
use crate::inventory::Slot;
use crate::node::{Access, FileSnapshot};
use crate::pki::{Certificate, GeneratedKey, encode_certificate};

/// The journal's word for where a key lies that is a file of its own.
const LOCATION: &str = "key-file";
/// Permission bits of kubeadm's keys.
const MODE: u32 = 0o600;

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
        mode: MODE,
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

/// Certificates, then the key in PEM: the order in which the kubelet has them.
pub(super) fn pem_with(certificates: &[Certificate], key: &str) -> Zeroizing<Vec<u8>> {
    let public_part: String = certificates.iter().map(encode_certificate).collect();
    // The size is known beforehand, so that no copy of the key is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(public_part.len() + key.len()));
    bytes.extend_from_slice(public_part.as_bytes());
    bytes.extend_from_slice(key.as_bytes());
    bytes
}
