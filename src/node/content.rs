//! The content of one file, copied into a new one: shared with it where the file system can, and sparse where it is.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use nix::errno::Errno;
use nix::unistd::{Whence, ftruncate, lseek};
use rustix::fs::{copy_file_range, ioctl_ficlone};

/// How much is copied between two reports of how far it is, in bytes.
const CHUNK: u64 = 4 * 1024 * 1024;

/// How a content is copied when it is not shared.
enum Way {
    /// By the kernel (`copy_file_range(2)`).
    Kernel,
    /// Through a buffer of ours, which always works.
    Buffer(Vec<u8>),
}

/// Shares the content with the new and empty `target` (`FICLONE`, `ioctl_ficlone(2)`: Btrfs, XFS, OCFS2, bcachefs): no byte is
/// copied, and either changes without the other. `false` where the file system cannot, or not for these two.
pub(super) fn share(source: &File, target: &File) -> bool {
    ioctl_ficlone(target, source).is_ok()
}

/// Copies the first `size` bytes of `source` into the new and empty `target`. Holes stay holes, and preallocated space that
/// was never written becomes one. `report` hears of every piece, in bytes; holes count as if they were copied.
pub(super) fn copy(
    source: &File,
    target: &File,
    size: u64,
    report: &mut dyn FnMut(u64),
) -> io::Result<()> {
    let mut way = Way::Kernel;
    let mut position = 0;
    while position < size {
        let data = next_data(source, position)?.unwrap_or(size).min(size);
        report(data - position);
        if data == size {
            break;
        }
        let end = data_end(source, data)?.clamp(data, size);
        position = data;
        while position < end {
            let copied = way.copy(source, target, position, CHUNK.min(end - position))?;
            if copied == 0 {
                // Somebody cuts it while it is copied: who asked for the copy looks at its size again.
                return Ok(());
            }
            position += copied;
            report(copied);
        }
    }
    // A hole at the end is nothing but a size.
    Ok(ftruncate(target, offset(size)?)?)
}

impl Way {
    /// Copies at most `length` bytes from `position` on, and says how many; 0 at the end of the source.
    fn copy(
        &mut self,
        source: &File,
        target: &File,
        position: u64,
        length: u64,
    ) -> io::Result<u64> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let buffer = match self {
            Self::Buffer(buffer) => buffer,
            Self::Kernel => {
                let (mut from, mut to) = (position, position);
                let copied =
                    copy_file_range(source, Some(&mut from), target, Some(&mut to), length);
                match copied.map_err(|error| Errno::from_raw(error.raw_os_error())) {
                    // Of some file systems the kernel copies nothing and says that it did.
                    Ok(0) => {}
                    Ok(copied) => return Ok(copied as u64),
                    Err(errno @ (Errno::ENOSPC | Errno::EDQUOT | Errno::EIO | Errno::EFBIG)) => {
                        return Err(errno.into());
                    }
                    // Between file systems before Linux 5.3, on some network ones, in a sandbox.
                    Err(_) => {}
                }
                *self = Self::Buffer(Vec::new());
                return self.copy(source, target, position, length as u64);
            }
        };
        buffer.resize(length, 0);
        let read = source.read_at(buffer, position)?;
        target.write_all_at(buffer.get(..read).unwrap_or_default(), position)?;
        Ok(read as u64)
    }
}

/// Where the next data is, from `position` on; `None` where only a hole is left.
fn next_data(file: &File, position: u64) -> io::Result<Option<u64>> {
    match seek(file, position, Whence::SeekData) {
        Err(Errno::ENXIO) => Ok(None),
        // A file system that knows no holes: all is data.
        Err(Errno::EINVAL) => Ok(Some(position)),
        found => Ok(Some(found?)),
    }
}

/// Where the data ends that `position` is in.
fn data_end(file: &File, position: u64) -> io::Result<u64> {
    match seek(file, position, Whence::SeekHole) {
        Err(Errno::EINVAL | Errno::ENXIO) => Ok(u64::MAX),
        found => Ok(found?),
    }
}

fn seek(file: &File, position: u64, whence: Whence) -> nix::Result<u64> {
    let found = lseek(file.as_fd(), offset(position)?, whence)?;
    Ok(found.unsigned_abs())
}

fn offset(position: u64) -> nix::Result<i64> {
    i64::try_from(position).map_err(|_| Errno::EOVERFLOW)
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "the tests make files of their own"
)]
mod tests {
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use super::*;

    /// On the disk, and in memory where that is another file system: what each makes of holes is its own.
    fn folders() -> Vec<tempfile::TempDir> {
        let mut folders = vec![tempfile::tempdir().unwrap()];
        if let Ok(memory) = tempfile::tempdir_in("/dev/shm") {
            folders.push(memory);
        }
        folders
    }

    fn files(source: &Path, target: &Path) -> (File, File) {
        let open = |path| {
            let mut options = File::options();
            let options = options.read(true).write(true).create(true).truncate(false);
            options.open(path).unwrap()
        };
        (open(source), open(target))
    }

    fn bytes(file: &File) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(file.metadata().unwrap().len()).unwrap()];
        file.read_exact_at(&mut bytes, 0).unwrap();
        bytes
    }

    /// Data, then a hole, then data, then a hole.
    fn fill(source: &File) -> u64 {
        let size = 40 * 1024 * 1024;
        source.write_all_at(&vec![1; 70_000], 0).unwrap();
        source.write_all_at(&[2; 5], 24 * 1024 * 1024).unwrap();
        source.set_len(size).unwrap();
        size
    }

    #[test]
    fn every_byte_arrives_and_holes_stay_holes_in_one_file_system_and_between_two() {
        let folders = folders();
        for from in &folders {
            for into in &folders {
                let (source, target) = files(&from.path().join("a"), &into.path().join("b"));
                target.set_len(0).unwrap();
                let size = fill(&source);
                let mut copied = 0;
                copy(&source, &target, size, &mut |more| copied += more).unwrap();
                assert_eq!(copied, size);
                assert!(bytes(&source) == bytes(&target), "the bytes differ");
                let allocated = target.metadata().unwrap().blocks() * 512;
                assert!(allocated < size / 8, "{allocated} of {size} bytes");
            }
        }
    }

    #[test]
    fn the_buffer_copies_what_the_kernel_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = files(&folder.path().join("a"), &folder.path().join("b"));
        source.write_all_at(&vec![7; 100_000], 0).unwrap();
        let mut way = Way::Buffer(Vec::new());
        assert_eq!(way.copy(&source, &target, 0, 60_000).unwrap(), 60_000);
        assert_eq!(way.copy(&source, &target, 60_000, 60_000).unwrap(), 40_000);
        assert_eq!(way.copy(&source, &target, 100_000, 60_000).unwrap(), 0);
        assert_eq!(bytes(&target), vec![7; 100_000]);
    }

    /// It says that it is empty, and is not; `copy_file_range(2)` says that it copied it.
    #[test]
    fn a_file_that_the_kernel_makes_up_goes_through_the_buffer() {
        let source = File::open("/proc/self/stat").unwrap();
        let target = tempfile::tempfile().unwrap();
        let copied = Way::Kernel.copy(&source, &target, 0, 4096).unwrap();
        assert!(copied > 0);
    }

    #[test]
    fn an_empty_file_is_a_copy_and_one_that_is_cut_meanwhile_ends_where_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = files(&folder.path().join("a"), &folder.path().join("b"));
        copy(&source, &target, 0, &mut |_| {}).unwrap();
        assert_eq!(bytes(&target), b"");
        source.write_all_at(&[7; 100], 0).unwrap();
        assert_eq!(Way::Kernel.copy(&source, &target, 100, 10).unwrap(), 0);
        copy(&source, &target, 200, &mut |_| {}).unwrap();
        assert_eq!(bytes(&target).get(..100).unwrap(), [7; 100]);
    }
}
