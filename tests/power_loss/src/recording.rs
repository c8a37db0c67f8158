//! Runs a program on a disk that remembers every write.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::disk::{Disk, Event};
use crate::file_system::{Care, Machine};
use crate::program::Program;
use crate::tree::Tree;

/// What a program did to a disk.
pub struct Recording {
    /// The disk before.
    pub base: Vec<u8>,
    /// What happened to it since.
    pub log: Vec<Event>,
    /// The node before.
    pub before: Tree,
    /// The node after, as the program left it.
    pub after: Tree,
}

/// Whether somebody else flushes the same file system meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbour {
    /// Nobody: nothing gets to the disk that the program does not flush itself.
    None,
    /// Somebody like etcd: appends to a file and flushes it, again and again. ext4 has one journal for all, so each time
    /// all that was done up to then to names and sizes gets to the disk, be it half of something.
    Busy,
}

/// Runs `program` on the file system in `base`.
pub fn record(
    machine: &Machine,
    program: &Program,
    base: &[u8],
    care: Care,
    neighbour: Neighbour,
) -> Recording {
    machine.disk.exchange(base);
    let folder = tempfile::tempdir().expect("a folder");
    let successor = folder.path().join("successor");
    fs::write(&successor, "the new content\n".repeat(80)).expect("a file");

    let mount = machine
        .mount(care)
        .expect("a new file system can be mounted");
    let before = Tree::read(&mount.node()).without_state().timeless();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        if neighbour == Neighbour::Busy {
            scope.spawn(|| append_and_flush(&mount.beside("neighbour"), &is_over));
        }
        let ended = run(program.command(&mount.node(), &successor), &machine.disk);
        is_over.store(true, Ordering::Relaxed);
        assert!(ended.is_ok(), "{}: {ended:?}", program.name);
    });
    let after = Tree::read(&mount.node()).without_state().timeless();
    drop(mount);
    let base = base.to_vec();
    let log = machine.disk.log();
    Recording {
        base,
        log,
        before,
        after,
    }
}

/// Runs the program to its end. What it says first is its report.
fn run(mut command: Command, disk: &Disk) -> Result<(), String> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut text = String::new();
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        output.read_line(&mut text).ok();
        disk.reported();
        output.read_to_string(&mut text).ok();
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("{other:?}: {text}")),
    }
}

fn append_and_flush(path: &Path, is_over: &AtomicBool) {
    let mut file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(path)
        .expect("a file");
    while !is_over.load(Ordering::Relaxed) {
        file.write_all(&[0x55; 512]).expect("room");
        file.sync_data().expect("a flush");
        std::thread::sleep(Duration::from_millis(5));
    }
}
