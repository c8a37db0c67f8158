//! An authority's certificate, back where it belongs.

use zeroize::Zeroizing;

use super::change::CERTIFICATE_MODE;
use super::{CertificateChange, Content, FileChange, IssuanceError};
use crate::inventory::AuthorityEntry;
use crate::node::Access;
use crate::pki::encode_certificate;
use crate::plan::RestoreAuthority;

/// The journal's word for where a certificate lies that is an authority's.
pub const AUTHORITY_LOCATION: &str = "ca-certificate";

/// The file, as the kubeconfig has its content.
pub(super) fn restore_authority(
    step: &RestoreAuthority,
    entry: &AuthorityEntry,
) -> Result<FileChange, IssuanceError> {
    let missing = || IssuanceError::not_of_this_inventory(step.name.as_str());
    let found = entry.found.as_ref().ok_or_else(missing)?;
    let text = encode_certificate(&found.certificate);
    let slot = &found.slot;
    let own = Access::of_own(CERTIFICATE_MODE);
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
            after: found.certificate.clone(),
        }),
    })
}
