//! A disk that remembers everything: its bytes, and in order each write and each flush that reached it.
//!
//! It is a file in a FUSE file system. A loop device on that file is a block device with a volatile write cache to the
//! kernel: a write to the device is a write to the file, a flush of the device is an `fsync` of the file.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::log::{self, Event};

/// The folder in which the device is shown, beside the two files.
pub const DEVICE: &str = "device";
/// The file with what the disk holds.
pub const IMAGE: &str = "image";
/// The file with what happened to it.
pub const LOG: &str = "log";

/// The disk, and the process that serves it. Ends with it.
pub struct Disk {
    server: Child,
    folder: PathBuf,
    image: File,
}

impl Disk {
    /// A disk of that many bytes, all of them zero, with its files in `folder`.
    pub fn new(folder: &Path, size: u64) -> Self {
        fs::create_dir(folder.join(DEVICE)).expect("a folder");
        let image = File::create_new(folder.join(IMAGE)).expect("a file");
        image.set_len(size).expect("room");
        File::create_new(folder.join(LOG)).expect("a file");
        let program = std::env::current_exe().expect("a path");
        let mut server = Command::new(program)
            .arg("serve")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let mut ready = String::new();
        let output = server.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut ready).ok();
        assert_eq!(ready, "ready\n", "the server of the disk");
        Self {
            server,
            folder: folder.to_owned(),
            image,
        }
    }

    /// The file that is the device.
    pub fn device(&self) -> PathBuf {
        self.folder.join(DEVICE).join(crate::server::FILE)
    }

    /// Puts another disk of the same size in its place, to which nothing has happened yet. It must not be mounted.
    pub fn exchange(&self, image: &[u8]) {
        self.image.write_all_at(image, 0).expect("room");
        let log = append_to(&self.folder.join(LOG));
        log.set_len(0).expect("an empty log");
    }

    /// Notes that the program under test said that it is done.
    pub fn reported(&self) {
        let mut log = append_to(&self.folder.join(LOG));
        log.write_all(&log::reported_record()).expect("room");
    }

    /// All that happened so far.
    pub fn log(&self) -> Vec<Event> {
        log::read(&fs::read(self.folder.join(LOG)).expect("a log"))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        self.server.wait().ok();
    }
}

/// Whoever writes to the log appends to it, in one piece.
pub fn append_to(log: &Path) -> File {
    let file = File::options().append(true).open(log);
    file.expect("a log")
}
