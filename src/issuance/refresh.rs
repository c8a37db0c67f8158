//! A person's copy of a kubeconfig: the new certificate in the place of the old one, and every other byte kept.

use zeroize::Zeroizing;

use super::{CertificateChange, Content, FileChange, IssuanceError};
use crate::inventory::{CopiedUser, Inventory};
use crate::kubernetes::{Kubeconfig, Source};
use crate::node::{Access, Present};
use crate::pki::{Certificate, read_certificates, replace_certificate};
use crate::plan::Refresh;

/// The journal's word for where the certificate of a copy lies.
pub const COPY_LOCATION: &str = "kubeconfig-copy";

/// The new file; `changes` are those that were made for the originals.
pub(super) fn refresh(
    step: &Refresh,
    inventory: &Inventory,
    changes: &[FileChange],
) -> Result<FileChange, IssuanceError> {
    let found = inventory.personal.iter().find(|one| one.name == step.name);
    let (home, copies) = found
        .and_then(|one| Some((one.home.clone(), one.content.as_ref().ok()?)))
        .ok_or_else(|| IssuanceError::not_of_this_inventory(&step.name))?;
    let mut bytes = copies.file.bytes.clone();
    let mut certificate = None;
    for user in &copies.users {
        let new = newest(user, inventory, changes)
            .filter(|new| new.public_key_der() == user.certificate.public_key_der())
            .ok_or_else(|| IssuanceError::not_of_this_inventory(user.of))?;
        bytes = with_certificate(&bytes, user, new)?;
        certificate.get_or_insert(CertificateChange {
            before: Some(user.certificate.clone()),
            after: new.clone(),
        });
    }
    let file = &copies.file;
    Ok(FileChange {
        name: step.name.clone(),
        location: COPY_LOCATION.to_owned(),
        target: file.path.clone(),
        model: Some(file.path.clone()),
        access: Access::from(&file.metadata),
        home,
        is_key: false,
        before: Present::File(file.digest),
        after: Content::File(bytes),
        certificate,
    })
}

/// What the original has from now on.
fn newest<'a>(
    user: &CopiedUser,
    inventory: &'a Inventory,
    changes: &'a [FileChange],
) -> Option<&'a Certificate> {
    let mut renewed = changes.iter().filter(|change| change.name == user.of);
    let renewed = renewed.find_map(|change| change.certificate.as_ref());
    renewed
        .map(|certificate| &certificate.after)
        .or_else(|| inventory.original(user.of))
}

fn with_certificate(
    bytes: &[u8],
    user: &CopiedUser,
    new: &Certificate,
) -> Result<Zeroizing<Vec<u8>>, IssuanceError> {
    let name = user.of;
    let kubeconfig = |source| IssuanceError::Kubeconfig { name, source };
    let pem = |source| IssuanceError::Pem { name, source };
    let users = Kubeconfig::users(bytes).map_err(kubeconfig)?;
    let found = users.iter().find(|one| one.user_index() == user.index);
    let found = found.ok_or_else(|| IssuanceError::not_of_this_inventory(name))?;
    let Source::Embedded(chain) = found.client_certificate() else {
        return Err(IssuanceError::not_of_this_inventory(name));
    };
    let chain = replace_certificate(chain, new).map_err(pem)?;
    if read_certificates(&chain).map_err(pem)?.first() != Some(new) {
        return Err(IssuanceError::NotReadBack { name });
    }
    // Proves itself that nothing but the certificate differs, and that it reads back.
    let edited = found.with_client_certificate(&chain).map_err(kubeconfig)?;
    Ok(Zeroizing::new(edited))
}
