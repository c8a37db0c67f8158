//! The new certificates of authorities, laid out for all that lies outside the node, with what to do about it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::STATE_FOLDER;
use crate::issuance::{AUTHORITY_LOCATION, FileChange};
use crate::journal::Chain;
use crate::kubernetes::{AUTHORITIES, AuthorityName};
use crate::node::{FileError, Root, Secrecy};
use crate::pki::{Certificate, encode_certificate, read_certificates};
use crate::plan::RecoveryPlan;

/// What to do outside the node.
const RUNBOOK: &str = include_str!("../../runbooks/ca-reissue.md");

/// The authorities to which a run gave new dates: their old certificates and their new ones.
#[derive(Debug)]
pub struct ReissuedAuthorities(Vec<(AuthorityName, Certificate, Certificate)>);

/// Where a journal says that the certificates of authorities are exchanged: each with its file, and the copy of the old one.
#[derive(Debug)]
pub struct ReissuedPlaces(Vec<(AuthorityName, PathBuf, PathBuf)>);

impl ReissuedPlaces {
    /// Those of `chain`.
    pub fn of(chain: &Chain) -> Self {
        let changes = chain.changes().unwrap_or_default();
        let places = AUTHORITIES.iter().filter_map(|authority| {
            let (own, _) = changes.iter().find(|(change, _)| {
                change.location == AUTHORITY_LOCATION && change.name == authority.name.as_str()
            })?;
            let backup = own.backup.as_ref()?;
            Some((
                authority.name,
                PathBuf::from(&own.target),
                PathBuf::from(&backup.path),
            ))
        });
        Self(places.collect())
    }

    /// What became of them: where another certificate of the same key and name is there now.
    pub fn look(&self, root: &Root) -> ReissuedAuthorities {
        let read = |path: &Path| {
            let file = root.read(path, Secrecy::Public).ok();
            file.and_then(|file| read_certificates(&file.bytes).ok())
                .unwrap_or_default()
        };
        let exchanged = self.0.iter().filter_map(|(name, target, backup)| {
            let (before, after) = (read(backup), read(target));
            before.iter().find_map(|old| {
                let is_next = |new: &&Certificate| {
                    *new != old
                        && new.public_key_der() == old.public_key_der()
                        && new.subject_der() == old.subject_der()
                };
                let new = after.iter().find(is_next)?;
                Some((*name, old.clone(), new.clone()))
            })
        });
        ReissuedAuthorities(exchanged.collect())
    }
}

impl ReissuedAuthorities {
    /// Those of `plan`, as `changes` have them.
    pub fn of(plan: &RecoveryPlan, changes: &[FileChange]) -> Self {
        let reissued = plan.reissued().filter_map(|step| {
            let own = changes
                .iter()
                .find(|change| change.name == step.name.as_str())?;
            let certificate = own.certificate.as_ref()?;
            let (before, after) = (certificate.before.clone()?, certificate.after.clone());
            Some((step.name, before, after))
        });
        Self(reissued.collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes each new certificate and a README with the runbook into a folder of `run`, and gives back which, a node path.
    pub fn write(&self, root: &Root, run: &str) -> Result<PathBuf, FileError> {
        let folder = Path::new(STATE_FOLDER).join("ca").join(run);
        let mut text = format!("# What the run {run} leaves to do\n\n");
        for (name, old, new) in &self.0 {
            let file = folder.join(format!("{name}.crt"));
            root.write_private(&file, encode_certificate(new).as_bytes())?;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "- `{name}.crt`: {}, valid until {}, SHA-256 {}; it takes the place of {}",
                new.subject(),
                crate::plan::second(new.not_after()),
                new.fingerprint(),
                old.fingerprint()
            );
        }
        let _ = write!(text, "\n{RUNBOOK}");
        root.write_private(&folder.join("README.md"), text.as_bytes())?;
        Ok(folder)
    }
}
