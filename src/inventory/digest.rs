//! The digest of an inventory: another one tells that something was changed since a plan was made.

use std::fmt::Write as _;
use std::path::Path;

use super::{Credential, CredentialEntry, Inventory, KeyState, ObservationError, Remains, Slot};
use crate::digest::Sha256Digest;
use crate::kubernetes::KubeletConfig;
use crate::node::{Access, FileSnapshot, Present};

/// What of a file that holds a key may be known of it: never its content.
#[derive(Debug)]
pub(super) struct KeyFile {
    slot: Slot,
    size: usize,
}

impl KeyFile {
    /// Where it is, for a new key in its place.
    pub(super) fn slot(&self) -> &Slot {
        &self.slot
    }
}

impl From<&FileSnapshot> for KeyFile {
    fn from(file: &FileSnapshot) -> Self {
        Self {
            slot: Slot::of(file),
            size: file.bytes.len(),
        }
    }
}

impl Inventory {
    /// The same as [`Self::digest`], with the kubeconfigs in home folders: for a plan that replaces them. Which those are
    /// depends on who looks.
    pub fn digest_with_personal(&self) -> Sha256Digest {
        let mut text = format!("{}\n", self.digest());
        for kubeconfig in &self.personal {
            let state = match &kubeconfig.content {
                Ok(copies) => of_file(&copies.file),
                Err(error) => error.to_string(),
            };
            let _ = writeln!(text, "{} {state}", kubeconfig.path.display());
        }
        Sha256Digest::of(text.as_bytes())
    }

    /// The same as [`Self::digest_with_personal`], with every file in which an authority is trusted: for a plan that gives
    /// authorities new dates.
    pub fn digest_with_trust(&self) -> Sha256Digest {
        let mut text = format!("{}\n", self.digest_with_personal());
        for trust in &self.trust {
            let _ = writeln!(text, "{}", of_file(&trust.file));
        }
        Sha256Digest::of(text.as_bytes())
    }

    /// SHA-256 over all that a plan rests on: every file by its digest, keys by their public half and their size; each with the
    /// place where its links lead, mode, owner and group, for these pass to the new file.
    pub fn digest(&self) -> Sha256Digest {
        let mut text = String::new();
        let mut line = |what: &str, path: &Path, state: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{what} {} {state}", path.display());
        };
        for manifest in &self.layout.manifests {
            let state = format!(
                "{} {}",
                manifest.digest,
                label(Access::from(&manifest.metadata))
            );
            line("manifest", &manifest.path, &state);
        }
        for authority in &self.authorities {
            let bundle = authority.file.as_ref().map_or("absent".to_owned(), of_file);
            line(
                authority.name.as_str(),
                &authority.certificate_path,
                &bundle,
            );
            let key = match &authority.key {
                Ok(key) => Sha256Digest::of(key.public_key_der()).to_string(),
                Err(error) => error.to_string(),
            };
            let key = format!("{key} {}", of_key_file(authority.key_file.as_ref()));
            line("key", &authority.key_path, &key);
        }
        for entry in &self.credentials {
            line(
                entry.catalog.name,
                entry.location.path(),
                &of_credential(&entry.content),
            );
        }
        for entry in &self.credentials {
            if let Some(remains) = &entry.remains {
                let key = remains.key.as_ref();
                let key = key.map(|key| Sha256Digest::of(key.public_key_der()).to_string());
                let file = of_remains(remains);
                line(
                    "remains",
                    &remains.file.path,
                    &format!("{file} {}", key.unwrap_or_default()),
                );
            }
        }
        if self.credentials.iter().any(|entry| entry.remains.is_some()) {
            let domain = self
                .layout
                .kubelet
                .as_ref()
                .and_then(KubeletConfig::cluster_domain);
            line("domain", Path::new("/"), domain.unwrap_or_default());
        }
        // Only where a new credential would bear it: it is of no concern to the others.
        let bears_name =
            |entry: &CredentialEntry| entry.missing.is_some() || entry.remains.is_some();
        if self.credentials.iter().any(bears_name) {
            let name = &self.node_names.taken;
            let state = name.name.as_deref().unwrap_or_default();
            line("node", Path::new(&name.source), state);
        }
        Sha256Digest::of(text.as_bytes())
    }
}

/// What stands where something is made anew. A kubeconfig's digest says nothing about a key of 128 bits of strength or more.
fn of_remains(remains: &Remains) -> String {
    match &remains.file.present {
        Present::File(digest) => digest.to_string(),
        Present::Link(destination) => destination.display().to_string(),
        Present::Nothing => "nothing".to_owned(),
    }
}

fn of_credential(content: &Result<Credential, ObservationError>) -> String {
    match content {
        Ok(credential) => {
            let key = match &credential.key {
                KeyState::Fits(_) => "fits",
                KeyState::Differs { .. } => "differs",
                KeyState::Unusable(_) => "unusable",
            };
            let key_file = of_key_file(credential.key_file.as_ref());
            format!("{} {key} {key_file}", of_file(&credential.file))
        }
        Err(error) => error.to_string(),
    }
}

fn of_file(file: &FileSnapshot) -> String {
    format!(
        "{} {} {}",
        file.path.display(),
        file.digest,
        label(Access::from(&file.metadata))
    )
}

fn of_key_file(file: Option<&KeyFile>) -> String {
    file.map_or_else(String::new, |file| {
        format!(
            "{} {} {}",
            file.slot.path.display(),
            file.size,
            file.slot.access.map_or_else(String::new, label)
        )
    })
}

fn label(access: Access) -> String {
    format!("{:04o} {}:{}", access.mode, access.uid, access.gid)
}
