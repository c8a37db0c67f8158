//! Gives up what a recovery does not need, before its first write (Landlock, `landlock(7)`).

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, RestrictionStatus, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::{FileError, Root};

/// The newest Landlock that this was tried with (Linux 6.12); on an older one, what that one has.
const NEWEST: ABI = ABI::V6;

/// How much of it the kernel took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    /// All.
    Full,
    /// What its Landlock knows: files before Linux 6.7, and TCP since.
    Partial,
    /// Nothing: it has no Landlock, or did not take this.
    Absent,
}

impl Root {
    /// From now on this thread, and each that it starts, may write, create and remove beneath these folders alone, may
    /// execute nothing, neither offer nor open a TCP connection, and send signals to none but itself. It cannot be
    /// taken back. What is open already stays as it is, and reading stays free.
    ///
    /// Folders are node paths; one that is missing is passed over. Best effort: what a kernel does not know is left out,
    /// for a recovery on an old one is better than none.
    pub fn confine<'a>(
        &self,
        folders: impl IntoIterator<Item = &'a Path>,
    ) -> Result<Confinement, FileError> {
        let mut rules = Vec::new();
        for path in folders {
            match self.open_folder(path) {
                Err(error) if error.is_not_found() => {}
                other => rules.push(PathBeneath::new(other?, needed())),
            }
        }
        let enforced = restrict(rules).map(|status| status.ruleset);
        Ok(match enforced {
            Ok(RulesetStatus::FullyEnforced) => Confinement::Full,
            Ok(RulesetStatus::PartiallyEnforced) => Confinement::Partial,
            Ok(RulesetStatus::NotEnforced) | Err(_) => Confinement::Absent,
        })
    }
}

fn restrict(
    rules: Vec<PathBeneath<std::os::fd::OwnedFd>>,
) -> Result<RestrictionStatus, RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_write(NEWEST) | AccessFs::Execute)?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(rules.into_iter().map(Ok::<_, RulesetError>))?
        .restrict_self()
}

/// Files, folders and links come and go; devices, sockets and moves between folders do not.
fn needed() -> BitFlags<AccessFs> {
    AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::MakeSym
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
}
