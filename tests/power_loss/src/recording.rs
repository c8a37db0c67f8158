//! Runs a program on a disk that remembers every write.

use std::collections::BTreeSet;
use std::fmt;
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
    /// The node as it was in the beginning.
    pub old: Tree,
    /// The node recovered.
    pub new: Tree,
    /// To which of the two the program was to bring it.
    pub goal: Goal,
}

/// Where a program takes a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Forward: every file is the new one.
    New,
    /// Back: every file is the old one.
    Old,
}

impl Recording {
    /// The node as the program was to leave it.
    pub fn goal(&self) -> &Tree {
        match self.goal {
            Goal::New => &self.new,
            Goal::Old => &self.old,
        }
    }

    /// The same of a program that took up what was left of `recovery`, to bring it to `goal`.
    pub fn taken_up(self, goal: Goal, recovery: &Self) -> Self {
        let (old, new) = (recovery.old.clone(), recovery.new.clone());
        Self {
            old,
            new,
            goal,
            ..self
        }
    }

    /// The disk after so many events.
    pub fn prefix(&self, events: usize) -> Vec<u8> {
        let mut image = self.base.clone();
        for event in &self.log[..events] {
            if let Event::Write { offset, bytes } = event {
                image[*offset..*offset + bytes.len()].copy_from_slice(bytes);
            }
        }
        image
    }

    /// The paths at which the old and the new node differ and `now` is like the new one.
    pub fn replaced(&self, now: &Tree) -> BTreeSet<String> {
        let mut paths = self.old.differences(&self.new);
        paths.retain(|path| now.get(path) == self.new.get(path));
        paths.into_iter().collect()
    }
}

/// Whether somebody else flushes the same file system meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbour {
    /// Nobody: nothing gets to the disk that the program does not flush itself.
    None,
    /// Somebody like etcd: appends to a file and flushes it, again and again. ext4 has one journal for all, so each time
    /// all that was done up to then to names and sizes gets to the disk, be it half of something.
    Busy {
        /// How long it waits in between.
        pause: Duration,
    },
}

impl fmt::Display for Neighbour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "alone",
            Self::Busy { .. } => "beside a neighbour",
        })
    }
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

    let mount = machine.mount(care).expect("a file system");
    let old = Tree::read(&mount.node()).without_state().timeless();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        if let Neighbour::Busy { pause } = neighbour {
            let file = mount.beside("neighbour");
            let is_over = &is_over;
            scope.spawn(move || append_and_flush(&file, pause, is_over));
        }
        let ended = run(program.command(&mount.node(), &successor), &machine.disk);
        is_over.store(true, Ordering::Relaxed);
        assert!(ended.is_ok(), "{}: {ended:?}", program.name);
    });
    let new = Tree::read(&mount.node()).without_state().timeless();
    drop(mount);
    Recording {
        base: base.to_vec(),
        log: machine.disk.log(),
        old,
        new,
        goal: Goal::New,
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

fn append_and_flush(path: &Path, pause: Duration, is_over: &AtomicBool) {
    let mut file = OpenOptions::new()
        .create_new(true)
        .append(true)
        .open(path)
        .expect("a file");
    while !is_over.load(Ordering::Relaxed) {
        file.write_all(&[0x55; 512]).expect("room");
        file.sync_data().expect("a flush");
        std::thread::sleep(pause);
    }
}
