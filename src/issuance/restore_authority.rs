//! An authority's certificate, back where it belongs.

use zeroize::Zeroizing;

use super::{CertificateChange, Content, FileChange, IssuanceError};
use crate::inventory::AuthorityEntry;
use crate::node::{Access, Metadata};
use crate::pki::encode_certificate;
use crate::plan::RestoreAuthority;
use time::OffsetDateTime;

/// The journal's word for where a certificate lies that is an authority's.
pub const AUTHORITY_LOCATION: &str = "ca-certificate";
/// Permission bits of kubeadm's certificates.
const MODE: u32 = 0o644;

/// The file, as the kubeconfig has its content.
pub(super) fn restore_authority(
    step: &RestoreAuthority,
    entry: &AuthorityEntry,
    now: OffsetDateTime,
) -> Result<FileChange, IssuanceError> {
    let missing = || IssuanceError::not_of_this_inventory(step.name.as_str());
    let found = entry.found.as_ref().ok_or_else(missing)?;
    let certificate = found.certificates.first().ok_or_else(missing)?;
    let text: String = found.certificates.iter().map(encode_certificate).collect();
    let slot = &found.slot;
    let own = Access::from(&Metadata::of_own(MODE, now));
    Ok(FileChange {
        name: step.name.to_string(),
        location: AUTHORITY_LOCATION.to_owned(),
        target: slot.path.clone(),
        model: slot.access.map(|_| slot.path.clone()),
        access: slot.access.unwrap_or(own),
        home: None,
        is_key: false,
        before: slot.present.clone(),
        after: Content::File(Zeroizing::new(text.into_bytes())),
        certificate: Some(CertificateChange {
            before: None,
            after: certificate.clone(),
        }),
    })
}
