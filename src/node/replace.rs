//! Replaces a file or a link so that at every moment it is the old one or the new one.
//!
//! Staging writes the new content to a dot-file beside the target and flushes it (its name is flushed by
//! [`Root::flush_name`], once for all in a folder); installing compares the
//! target with what was observed, renames, and flushes the folder. What changes a file of the node takes a [`Permit`].
//! Exchanging two names in one call (`RENAME_EXCHANGE`) is never used: in a manifests folder the kubelet takes it for a
//! removal.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{RenameFlags, readlinkat, renameat, renameat2};
use nix::sys::stat::futimens;
use nix::sys::time::TimeSpec;
use nix::unistd::{UnlinkatFlags, fsync, symlinkat, unlinkat};
use time::OffsetDateTime;

use super::read::{metadata, open_checked};
use super::resolve::Resolved;
use super::write::{Model, write_new_file, write_own_file};
use super::{Access, FileError, Permit, Root};
use crate::digest::Sha256Digest;

/// What stands at a path, or must stand there for it to be replaced: anything else is somebody's change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Present {
    /// Nothing.
    Nothing,
    /// A regular file with this content.
    File(Sha256Digest),
    /// A symbolic link with this destination, unresolved.
    Link(PathBuf),
}

/// A new file or link under a temporary name beside its target, its content flushed. Dropped without being installed or kept,
/// it is removed.
#[derive(Debug)]
pub struct Staged {
    /// What is replaced, as it was named.
    target: PathBuf,
    folder: OwnedFd,
    temporary: OsString,
    name: OsString,
    path: PathBuf,
    outside: PathBuf,
    /// Who may own the target besides root.
    guest: Option<u32>,
    /// Whether the temporary file goes with this value.
    pending: bool,
}

/// A staged file that is not in place for certain.
#[derive(Debug)]
pub struct NotInstalled {
    /// Whether it took the target's place, and only the flush behind that failed.
    pub exchanged: bool,
    /// Why.
    pub source: FileError,
}

impl Root {
    /// Stages `bytes` for the file at `target`, with owner and mode of `access`, and the extended attributes of the file at
    /// `model` (the target itself, its copy, or its predecessor where the target is new). `run` marks the temporary name.
    pub fn stage_file(
        &self,
        target: &Path,
        bytes: &[u8],
        model: &Path,
        access: Access,
        run: &str,
    ) -> Result<Staged, FileError> {
        let like = self.resolve(model)?;
        let (file, _) = open_checked(&like, &self.outside(&like.path))?;
        let staged = self.prepare(target, self.resolve(target)?, run);
        let model = Model {
            file: &file,
            access,
        };
        write_new_file(
            &staged.folder,
            &staged.temporary,
            bytes,
            &model,
            &staged.outside,
        )?;
        Ok(staged.written())
    }

    /// Stages `bytes` for a file at `target` that has no predecessor: this user's own, with permission bits `mode`.
    pub fn stage_new_file(
        &self,
        target: &Path,
        bytes: &[u8],
        mode: u32,
        run: &str,
    ) -> Result<Staged, FileError> {
        let staged = self.prepare(target, self.resolve(target)?, run);
        write_own_file(
            &staged.folder,
            &staged.temporary,
            bytes,
            mode,
            &staged.outside,
        )?;
        Ok(staged.written())
    }

    /// Stages a symbolic link to `destination` for the link at `target`.
    pub fn stage_link(
        &self,
        target: &Path,
        destination: &Path,
        run: &str,
    ) -> Result<Staged, FileError> {
        let staged = self.prepare(target, self.resolve_parent(target)?, run);
        symlinkat(
            destination,
            staged.folder.as_fd(),
            staged.temporary.as_os_str(),
        )
        .map_err(|errno| FileError::from_errno("create the link", &staged.outside, errno))?;
        Ok(staged.written())
    }

    /// What an earlier attempt of `run` staged for `target`, if it is still there and is what is `expected`.
    pub fn staged(
        &self,
        target: &Path,
        expected: &Present,
        run: &str,
    ) -> Result<Option<Staged>, FileError> {
        let resolved = match expected {
            Present::Link(_) => self.resolve_parent(target)?,
            Present::File(_) | Present::Nothing => self.resolve(target)?,
        };
        let staged = self.prepare(target, resolved, run);
        let temporary = Resolved {
            folder: staged.open_folder()?,
            name: staged.temporary.clone(),
            path: staged.temporary(),
            guest: staged.guest,
        };
        let found = present(&temporary, &self.outside(&temporary.path))?;
        Ok((found == *expected).then_some(staged))
    }

    /// Removes what `run` staged in `folder` and did not install; gives back why what is still there could not be removed.
    pub fn remove_staged(&self, folder: &Path, run: &str) -> Vec<FileError> {
        let prefix = Self::temporary_prefix(run);
        let opened = self.list(folder).and_then(|mut names| {
            names.retain(|name| name.starts_with(&prefix));
            Ok((names, self.open_folder(folder)?))
        });
        let (names, opened) = match opened {
            Ok((names, _)) if names.is_empty() => return Vec::new(),
            Ok(opened) => opened,
            Err(error) if error.is_not_found() => return Vec::new(),
            Err(error) => return vec![error],
        };
        let remove = |name: &String| {
            let outside = self.outside(&folder.join(name));
            unlinkat(&opened, name.as_str(), UnlinkatFlags::NoRemoveDir)
                .map_err(|errno| FileError::from_errno("remove", &outside, errno))
        };
        let removed = names.iter().map(remove);
        let mut errors: Vec<FileError> = removed.filter_map(Result::err).collect();
        errors.extend(flush_folder(&opened, &self.outside(folder)).err());
        errors
    }

    /// What stands at `path` now, a link in its last component not followed.
    pub fn present(&self, path: &Path) -> Result<Present, FileError> {
        let resolved = self.resolve_parent(path)?;
        present(&resolved, &self.outside(path))
    }

    /// Removes the file or link that `permit` is for, if it is still what is `expected`.
    pub fn remove(&self, permit: &impl Permit, expected: &Present) -> Result<(), FileError> {
        let path = permit.target();
        let outside = self.outside(path);
        let resolved = self.resolve_parent(path)?;
        compare(&resolved, expected, &outside)?;
        let flag = UnlinkatFlags::NoRemoveDir;
        unlinkat(resolved.folder.as_fd(), resolved.name.as_os_str(), flag)
            .map_err(|errno| FileError::from_errno("remove", &outside, errno))?;
        flush_folder(&resolved.folder, &outside)
    }

    /// Waits until what stands at `path`, or that nothing does, is on the disk.
    pub fn flush_name(&self, path: &Path) -> Result<(), FileError> {
        let resolved = self.resolve_parent(path)?;
        flush_folder(&resolved.folder, &self.outside(path))
    }

    /// When the content of the file at `path` was changed last.
    pub fn modified(&self, path: &Path) -> Result<OffsetDateTime, FileError> {
        let resolved = self.resolve(path)?;
        let (_, status) = open_checked(&resolved, &self.outside(&resolved.path))?;
        Ok(metadata(&status).modified)
    }

    /// Sets the modification time of the file that `permit` is for to now, and returns it.
    pub fn touch(&self, permit: &impl Permit) -> Result<OffsetDateTime, FileError> {
        let resolved = self.resolve(permit.target())?;
        let outside = self.outside(&resolved.path);
        let (file, _) = open_checked(&resolved, &outside)?;
        futimens(&file, &TimeSpec::UTIME_OMIT, &TimeSpec::UTIME_NOW)
            .map_err(|errno| FileError::from_errno("touch", &outside, errno))?;
        let touched = nix::sys::stat::fstat(&file)
            .map_err(|errno| FileError::from_errno("stat", &outside, errno))?;
        Ok(metadata(&touched).modified)
    }

    /// How the name of each file begins that `run` stages. A dot in front: tools that list the folder, the kubelet above all,
    /// pass over it.
    pub fn temporary_prefix(run: &str) -> String {
        format!(".rekindle-{run}-")
    }

    fn prepare(&self, target: &Path, resolved: Resolved, run: &str) -> Staged {
        let mut temporary = OsString::from(Self::temporary_prefix(run));
        temporary.push(&resolved.name);
        Staged {
            target: target.to_owned(),
            folder: resolved.folder,
            temporary,
            name: resolved.name,
            outside: self.outside(&resolved.path),
            path: resolved.path,
            guest: resolved.guest,
            pending: false,
        }
    }
}

impl Staged {
    /// The node path of the temporary file.
    pub fn temporary(&self) -> PathBuf {
        self.path.with_file_name(&self.temporary)
    }

    /// Lets the temporary file stay when this is dropped: from the commit on, a later attempt may need it.
    pub fn keep(&mut self) {
        self.pending = false;
    }

    /// Puts the new file in place, if the target is still what is `expected`, and flushes the folder. Only with the
    /// permission for just this target. A file, and no link, is given owner and mode of `access` before: since it was staged
    /// somebody may have changed them, and a key in it lain open as soon as it had its name.
    pub fn install(
        mut self,
        expected: &Present,
        access: Option<Access>,
        permit: &impl Permit,
    ) -> Result<(), NotInstalled> {
        self.exchange(expected, access, permit)
            .map_err(|source| NotInstalled {
                exchanged: false,
                source,
            })?;
        self.pending = false;
        flush_folder(&self.folder, &self.outside).map_err(|source| NotInstalled {
            exchanged: true,
            source,
        })
    }

    fn exchange(
        &self,
        expected: &Present,
        access: Option<Access>,
        permit: &impl Permit,
    ) -> Result<(), FileError> {
        let outside = &self.outside;
        if permit.target() != self.target {
            let path = outside.clone();
            return Err(FileError::NotAnnounced { path });
        }
        let target = Resolved {
            folder: self.open_folder()?,
            name: self.name.clone(),
            path: self.path.clone(),
            guest: self.guest,
        };
        if let Some(access) = access {
            self.give(access)?;
        }
        compare(&target, expected, outside)?;
        self.rename(expected)
            .map_err(|errno| FileError::from_errno("replace", outside, errno))
    }

    /// Owner and mode, by the open file: behind its name another one may stand by then.
    fn give(&self, access: Access) -> Result<(), FileError> {
        let temporary = Resolved {
            folder: self.open_folder()?,
            name: self.temporary.clone(),
            path: self.temporary(),
            guest: self.guest,
        };
        let outside = self.outside.with_file_name(&self.temporary);
        let (file, status) = open_checked(&temporary, &outside)?;
        if Access::of(&status) == access {
            return Ok(());
        }
        access.set_owner(&file, &outside)?;
        access.set_mode(&file, &outside)?;
        fsync(&file).map_err(|errno| FileError::from_errno("flush", &outside, errno))
    }

    fn open_folder(&self) -> Result<OwnedFd, FileError> {
        self.folder
            .try_clone()
            .map_err(|error| FileError::from_io("open the folder of", &self.outside, error))
    }

    fn rename(&self, expected: &Present) -> Result<(), Errno> {
        let (folder, from, to) = (
            self.folder.as_fd(),
            self.temporary.as_os_str(),
            self.name.as_os_str(),
        );
        if *expected == Present::Nothing {
            match renameat2(folder, from, folder, to, RenameFlags::RENAME_NOREPLACE) {
                // Not every file system knows the flag; the comparison above has to do there.
                Err(Errno::EINVAL | Errno::ENOSYS) => {}
                other => return other,
            }
        }
        renameat(folder, from, folder, to)
    }

    fn written(mut self) -> Self {
        self.pending = true;
        self
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.pending {
            // Nothing can be done about a failure here, and nothing reads a dot-file.
            let flag = UnlinkatFlags::NoRemoveDir;
            let _ = unlinkat(self.folder.as_fd(), self.temporary.as_os_str(), flag);
        }
    }
}

fn compare(target: &Resolved, expected: &Present, outside: &Path) -> Result<(), FileError> {
    if present(target, outside)? == *expected {
        return Ok(());
    }
    Err(FileError::ChangedMeanwhile {
        path: outside.to_owned(),
    })
}

fn present(target: &Resolved, outside: &Path) -> Result<Present, FileError> {
    match readlinkat(target.folder.as_fd(), target.name.as_os_str()) {
        Ok(destination) => return Ok(Present::Link(destination.into())),
        Err(Errno::ENOENT) => return Ok(Present::Nothing),
        Err(Errno::EINVAL) => {}
        Err(errno) => return Err(FileError::from_errno("read the link", outside, errno)),
    }
    let snapshot = super::read::read_resolved(target, outside)?;
    Ok(Present::File(snapshot.digest))
}

pub(super) fn flush_folder(folder: &OwnedFd, outside: &Path) -> Result<(), FileError> {
    fsync(folder).map_err(|errno| FileError::from_errno("flush the folder of", outside, errno))
}
