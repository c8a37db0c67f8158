//! What a plan rests on, as one number.

use std::fmt::Write as _;
use std::path::Path;

use super::{Credential, Inventory, KeyState, ObservationError};
use crate::digest::Sha256Digest;

impl Inventory {
    /// The same as [`Self::digest`], with the kubeconfigs in home folders: for a plan that replaces them. Which those are
    /// depends on who looks.
    pub fn digest_with_personal(&self) -> Sha256Digest {
        let mut text = format!("{}\n", self.digest());
        for kubeconfig in &self.personal {
            let state = match &kubeconfig.content {
                Ok(copies) => copies.file.digest.to_string(),
                Err(error) => error.to_string(),
            };
            let _ = writeln!(text, "{} {state}", kubeconfig.path.display());
        }
        Sha256Digest::of(text.as_bytes())
    }

    /// SHA-256 over all that a plan rests on: every file by its digest, keys by their public half.
    pub fn digest(&self) -> Sha256Digest {
        let mut text = String::new();
        let mut line = |what: &str, path: &Path, state: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{what} {} {state}", path.display());
        };
        for manifest in &self.layout.manifests {
            line("manifest", &manifest.path, &manifest.digest.to_string());
        }
        for authority in &self.authorities {
            let bundle = match &authority.file {
                Some(file) => file.digest.to_string(),
                None => "absent".to_owned(),
            };
            line(
                authority.name.as_str(),
                &authority.certificate_path,
                &bundle,
            );
            let key = match &authority.key {
                Ok(key) => Sha256Digest::of(key.public_key_der()).to_string(),
                Err(error) => error.to_string(),
            };
            line("key", &authority.key_path, &key);
        }
        for entry in &self.credentials {
            line(
                entry.catalog.name,
                entry.location.path(),
                &credential_state(&entry.content),
            );
        }
        // Only where a new credential would bear it: it is of no concern to the others.
        if self.credentials.iter().any(|entry| entry.missing.is_some()) {
            let name = &self.node_names.taken;
            let state = name.name.as_deref().unwrap_or_default();
            line("node", Path::new(&name.source), state);
        }
        Sha256Digest::of(text.as_bytes())
    }
}

fn credential_state(content: &Result<Credential, ObservationError>) -> String {
    match content {
        Ok(credential) => {
            let key = match &credential.key {
                KeyState::Fits(_) => "fits",
                KeyState::Differs { .. } => "differs",
                KeyState::Unusable(_) => "unusable",
            };
            format!("{} {key}", credential.file.digest)
        }
        Err(error) => error.to_string(),
    }
}
