//! The new certificates of authorities, laid out for all that lies outside the node, with what to do about it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::STATE_FOLDER;
use crate::issuance::FileChange;
use crate::kubernetes::AuthorityName;
use crate::node::{FileError, Root};
use crate::pki::{Certificate, encode_certificate};
use crate::plan::RecoveryPlan;

/// What to do outside the node.
const RUNBOOK: &str = include_str!("../../runbooks/ca-reissue.md");

/// The authorities to which a run gave new dates: their old certificates and their new ones.
#[derive(Debug)]
pub struct ReissuedAuthorities(Vec<(AuthorityName, Certificate, Certificate)>);

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
