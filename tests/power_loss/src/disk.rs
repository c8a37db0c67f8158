//! A disk that remembers everything: its bytes, and in order each write and each flush that reached it.
//!
//! It is a file in a FUSE file system of this process. A loop device on that file is a block device with a volatile write
//! cache to the kernel: a write to the device is a write to the file, a flush of the device is an `fsync` of the file.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags,
    Generation, INodeNo, LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData, ReplyEmpty,
    ReplyEntry, ReplyOpen, ReplyWrite, Request, WriteFlags,
};

/// The name of the file in the FUSE file system.
pub const FILE: &str = "disk";
const INODE: INodeNo = INodeNo(2);
const FOREVER: Duration = Duration::from_hours(1);

/// Something that happened to the disk, or beside it.
#[derive(Debug, Clone)]
pub enum Event {
    /// Bytes were written; until the next flush they are in the cache of the disk, and may be lost.
    Write {
        /// Where.
        offset: usize,
        /// What.
        bytes: Vec<u8>,
    },
    /// Everything written before is on the disk for certain.
    Flush,
    /// The program under test said that it is done.
    Reported,
}

/// The disk, shared between the FUSE server and who looks at it.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<Contents>>);

struct Contents {
    image: Vec<u8>,
    log: Vec<Event>,
}

impl Disk {
    /// A disk of that many bytes, all of them zero.
    pub fn new(size: usize) -> Self {
        let (image, log) = (vec![0; size], Vec::new());
        Self(Arc::new(Mutex::new(Contents { image, log })))
    }

    /// Shows the disk as the file [`FILE`] in the folder `mount_point`, until the session is dropped.
    pub fn serve(&self, mount_point: &Path) -> BackgroundSession {
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("power-loss".to_owned())];
        fuser::spawn_mount(Server(self.clone()), mount_point, &config).expect("a FUSE mount")
    }

    /// Notes that the program under test said that it is done.
    pub fn reported(&self) {
        self.contents().log.push(Event::Reported);
    }

    /// All that happened so far.
    pub fn log(&self) -> Vec<Event> {
        self.contents().log.clone()
    }

    /// Puts another disk of the same size in its place, to which nothing has happened yet. It must not be mounted.
    pub fn exchange(&self, image: &[u8]) {
        let mut contents = self.contents();
        contents.image.copy_from_slice(image);
        contents.log.clear();
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().expect("no thread panics with the lock")
    }
}

struct Server(Disk);

impl Server {
    fn attributes(&self, inode: INodeNo) -> FileAttr {
        let (kind, perm, size) = if inode == INodeNo::ROOT {
            (FileType::Directory, 0o700, 0)
        } else {
            (FileType::RegularFile, 0o600, self.0.contents().image.len())
        };
        FileAttr {
            ino: inode,
            size: size as u64,
            blocks: size as u64 / 512,
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

/// The bytes of a request, as far as they lie on the disk.
fn range(image: &[u8], offset: u64, length: usize) -> std::ops::Range<usize> {
    let start = usize::try_from(offset).map_or(image.len(), |start| start.min(image.len()));
    start..(start + length).min(image.len())
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
        let contents = self.0.contents();
        let range = range(&contents.image, offset, size as usize);
        reply.data(&contents.image[range]);
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
        let mut contents = self.0.contents();
        let range = range(&contents.image, offset, bytes.len());
        if range.len() != bytes.len() {
            reply.error(Errno::ENOSPC);
            return;
        }
        contents.image[range.clone()].copy_from_slice(bytes);
        contents.log.push(Event::Write {
            offset: range.start,
            bytes: bytes.to_vec(),
        });
        reply.written(u32::try_from(bytes.len()).expect("a request is small"));
    }

    fn fsync(
        &self,
        _: &Request,
        _inode: INodeNo,
        _handle: FileHandle,
        _only_data: bool,
        reply: ReplyEmpty,
    ) {
        self.0.contents().log.push(Event::Flush);
        reply.ok();
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
