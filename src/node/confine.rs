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
    /// Folders are node paths; one that is missing is passed over. The `operand` is one more, which the operator named: as a
    /// shell names it. Best effort: what a kernel does not know is left out, for a recovery on an old one is better than none.
    #[allow(
        clippy::disallowed_methods,
        reason = "the operator's own folder, which is none of the node's"
    )]
    pub fn confine<'a>(
        &self,
        folders: impl IntoIterator<Item = &'a Path>,
        operand: Option<&Path>,
    ) -> Result<Confinement, FileError> {
        let mut rules = Vec::new();
        if let Some(folder) = operand {
            let opened = std::fs::File::open(folder)
                .map_err(|error| FileError::from_io("open", folder, error))?;
            rules.push(PathBeneath::new(opened.into(), needed()));
        }
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

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the test writes where it may and where it may not, starts a program, and opens a socket"
)]
mod tests {
    use std::fs::{self, File};
    use std::io::{ErrorKind, Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    /// What was attempted, and whether the kernel forbade it.
    fn forbidden(attempt: std::io::Result<()>) -> bool {
        match attempt {
            Ok(()) => false,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => true,
            // A move out of a folder, on kernels that know no other answer.
            Err(error) if error.kind() == ErrorKind::CrossesDevices => true,
            Err(error) => panic!("{error}"),
        }
    }

    /// In a thread of its own: it cannot be taken back.
    fn in_confined_thread(test: impl FnOnce(&Path, Confinement) + Send + 'static) {
        in_thread_confined_to(&["/mine", "/missing"], test);
    }

    fn in_thread_confined_to(
        folders: &'static [&'static str],
        test: impl FnOnce(&Path, Confinement) + Send + 'static,
    ) {
        let thread = std::thread::spawn(move || {
            let folder = tempfile::tempdir().unwrap();
            let root = folder.path().join("node");
            fs::create_dir_all(root.join("mine/deep")).unwrap();
            fs::create_dir_all(root.join("theirs")).unwrap();
            for path in ["mine/old", "theirs/old"] {
                fs::write(root.join(path), "old").unwrap();
            }
            let confinement = Root::open(&root)
                .unwrap()
                .confine(folders.iter().map(Path::new), None)
                .unwrap();
            // What cleans up is confined too.
            let kept = folder.keep();
            test(&root, confinement);
            kept
        });
        let kept = thread.join();
        fs::remove_dir_all(kept.unwrap()).unwrap();
    }

    #[test]
    fn beneath_its_folders_a_recovery_can_do_all_that_it_does() {
        in_confined_thread(|root, _| {
            let mine = root.join("mine");
            let staged = mine.join("deep/.staged");
            fs::write(&staged, "new").unwrap();
            fs::rename(&staged, mine.join("deep/file")).unwrap();
            fs::rename(mine.join("deep/file"), mine.join("deep/other")).unwrap();
            symlink("deep", mine.join("link")).unwrap();
            fs::create_dir(mine.join("folder")).unwrap();
            fs::remove_dir(mine.join("folder")).unwrap();
            let old = File::options().append(true).open(mine.join("old")).unwrap();
            old.set_len(1).unwrap();
            drop(old);
            fs::remove_file(mine.join("old")).unwrap();
        });
    }

    #[test]
    fn elsewhere_nothing_changes_and_everything_can_be_read() {
        in_confined_thread(|root, confinement| {
            if confinement == Confinement::Absent {
                println!("skipped: this kernel has no Landlock");
                return;
            }
            let (mine, theirs) = (root.join("mine"), root.join("theirs"));
            let old = theirs.join("old");
            let attempts = [
                fs::write(theirs.join("new"), "new"),
                fs::write(&old, "new"),
                File::options().append(true).open(&old).map(drop),
                fs::remove_file(&old),
                fs::rename(&old, theirs.join("new")),
                fs::rename(mine.join("old"), theirs.join("new")),
                fs::rename(&old, mine.join("new")),
                fs::hard_link(&old, mine.join("new")),
                symlink("old", theirs.join("link")),
                fs::create_dir(theirs.join("folder")),
                fs::write(root.join("mine/../theirs/new"), "new"),
                UnixListener::bind(mine.join("socket")).map(drop),
            ];
            for (number, attempt) in attempts.into_iter().enumerate() {
                assert!(forbidden(attempt), "attempt {number}");
            }
            assert_eq!(fs::read_to_string(&old).unwrap(), "old");
            assert_eq!(fs::read_dir(&theirs).unwrap().count(), 1);
        });
    }

    /// For who only looks.
    #[test]
    fn without_folders_nothing_changes_at_all() {
        in_thread_confined_to(&[], |root, confinement| {
            if confinement == Confinement::Absent {
                println!("skipped: this kernel has no Landlock");
                return;
            }
            for path in ["mine/new", "theirs/new", "new"] {
                assert!(forbidden(fs::write(root.join(path), "new")), "{path}");
            }
            assert_eq!(fs::read_to_string(root.join("mine/old")).unwrap(), "old");
        });
    }

    #[test]
    fn no_program_starts_and_no_connection_opens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        in_confined_thread(move |_, confinement| {
            if confinement == Confinement::Absent {
                println!("skipped: this kernel has no Landlock");
                return;
            }
            assert!(forbidden(Command::new("/bin/true").status().map(drop)));
            if confinement == Confinement::Partial {
                println!(
                    "skipped: the Landlock of this kernel knows nothing of TCP, or not of all"
                );
                return;
            }
            assert!(forbidden(TcpStream::connect(address).map(drop)));
            assert!(forbidden(TcpListener::bind("127.0.0.1:0").map(drop)));
        });
        TcpStream::connect(address).unwrap();
    }

    #[test]
    fn what_was_open_before_stays_open() {
        let mut file = tempfile::tempfile().unwrap();
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        in_confined_thread(move |_, _| {
            file.write_all(b"still").unwrap();
            file.set_len(0).unwrap();
            writer.write_all(b"still").unwrap();
        });
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "still");
    }
}
