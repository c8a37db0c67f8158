//! A kubelet's credential, made anew as its rotation makes one: a key, its certificate, and the link to the file with both.

use time::OffsetDateTime;

use super::certify::signer;
use super::node_credential::{NodeCredential, Rotation};
use super::{FileChange, IssuanceError};
use crate::kubernetes::AuthorityName;
use crate::pki::Authority;
use crate::plan::Mint;

/// The new file and the link to it.
pub(super) fn mint(
    step: &Mint,
    authorities: &[(AuthorityName, Authority)],
    now: OffsetDateTime,
) -> Result<Vec<FileChange>, IssuanceError> {
    let authority = signer(authorities, step.authority, step.name)?;
    let credential = NodeCredential::issue(step.name, &step.node, authority, &step.validity)?;
    let rotation = Rotation {
        link: &step.link,
        found: step.found.clone(),
        taken: &[],
        model: None,
        before: None,
    };
    credential.install(step.name, rotation, now)
}
