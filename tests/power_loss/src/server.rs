//! The process that serves the disk: a FUSE file system with one file, which is the device. It answers from the file with
//! the image, and writes down in the file with the log what it is asked to write and to flush.
//!
//! A process of its own: should all be killed, the kernel takes down the file systems in the processes that hold them,
//! and none of these may be the one that the disk below waits for.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen,
    ReplyWrite, Request, WriteFlags,
};

use crate::disk::{DEVICE, IMAGE, LOG, append_to};
use crate::log::{flush_record, write_record};

/// The name of the file in the FUSE file system.
pub const FILE: &str = "disk";
const INODE: INodeNo = INodeNo(2);
const FOREVER: Duration = Duration::from_hours(1);

/// Serves the disk whose files lie in `folder` until standard input ends; says so when it can be used.
pub fn serve(folder: &Path) {
    let image = File::options()
        .read(true)
        .write(true)
        .open(folder.join(IMAGE));
    let server = Server {
        image: image.expect("an image"),
        log: append_to(&folder.join(LOG)),
    };
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("power-loss".to_owned())];
    let session = fuser::spawn_mount(server, folder.join(DEVICE), &config);
    let _session = session.expect("a FUSE mount");
    println!("ready");
    std::io::stdin().read_to_end(&mut Vec::new()).ok();
}

struct Server {
    image: File,
    log: File,
}

impl Server {
    fn size(&self) -> u64 {
        self.image.metadata().map_or(0, |metadata| metadata.len())
    }

    fn attributes(&self, inode: INodeNo) -> FileAttr {
        let (kind, perm, size) = if inode == INodeNo::ROOT {
            (FileType::Directory, 0o700, 0)
        } else {
            (FileType::RegularFile, 0o600, self.size())
        };
        FileAttr {
            ino: inode,
            size,
            blocks: size / 512,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        }
    }
}

/// One thread answers one request after the other: the log has the one order in which things happened.
impl Filesystem for Server {
    fn lookup(&self, _: &Request, _parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if name == FILE {
            reply.entry(&FOREVER, &self.attributes(INODE), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&FOREVER, &self.attributes(inode));
    }

    /// Past the page cache: every request of the loop device arrives here, at once and as it is.
    fn open(&self, _: &Request, _inode: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn read(
        &self,
        _: &Request,
        _inode: INodeNo,
        _handle: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let mut bytes = vec![0; size as usize];
        match self.image.read_at(&mut bytes, offset) {
            Ok(length) => reply.data(&bytes[..length]),
            Err(error) => reply.error(error.into()),
        }
    }

    fn write(
        &self,
        _: &Request,
        _inode: INodeNo,
        _handle: FileHandle,
        offset: u64,
        bytes: &[u8],
        _write_flags: WriteFlags,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let record = write_record(offset, bytes);
        let written = (&self.log)
            .write_all(&record)
            .and_then(|()| self.image.write_all_at(bytes, offset));
        match written {
            Ok(()) => reply.written(u32::try_from(bytes.len()).expect("a request is small")),
            Err(error) => reply.error(error.into()),
        }
    }

    fn fsync(
        &self,
        _: &Request,
        _inode: INodeNo,
        _handle: FileHandle,
        _only_data: bool,
        reply: ReplyEmpty,
    ) {
        match (&self.log).write_all(&flush_record()) {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(error.into()),
        }
    }

    /// No discarding: the loop device then writes zeros, which the log can show.
    fn fallocate(
        &self,
        _: &Request,
        _inode: INodeNo,
        _handle: FileHandle,
        _offset: u64,
        _length: u64,
        _mode: i32,
        reply: ReplyEmpty,
    ) {
        reply.error(Errno::EOPNOTSUPP);
    }

    fn flush(
        &self,
        _: &Request,
        _inode: INodeNo,
        _handle: FileHandle,
        _owner: LockOwner,
        reply: ReplyEmpty,
    ) {
        reply.ok();
    }
}
