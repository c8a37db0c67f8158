//! A break-glass credential: what is made and for whom, what is refused, who can read it, what is on the record, and what becomes of
//! all that when it is interrupted.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, read and write files in temporary folders, compare names as Linux does, and end at the \
              first surprise"
)]

mod interrupted;
mod issue;
mod list;
mod refused;
mod sealed;

#[path = "../support/mod.rs"]
mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use support::journal::{path, runs};
use support::node::{Node, temporary_folder};
use support::program::{Run, rekindle};

/// A control plane whose authority has an ECDSA key.
const NODE: &str = "ecdsa-p256-stacked";

/// A control plane, and a folder for what is handed out.
struct Desk {
    node: Node,
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self {
            node: Node::materialize(NODE),
            folder: temporary_folder(),
        }
    }

    /// The same node as it is now, with another folder.
    fn copy(&self) -> Self {
        Self {
            node: self.node.copy(),
            folder: temporary_folder(),
        }
    }

    /// A file in the folder.
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command line that makes that file for alice, with these words more.
    fn arguments<'a>(file: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        Self::arguments_for("alice", file, more)
    }

    /// The same for somebody else.
    fn arguments_for<'a>(user: &'a str, file: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        let usual = ["credential", "issue", "--user", user, "--out"];
        let file = file.to_str().unwrap();
        [&usual[..], &[file, "--reason", "a drill"], more].concat()
    }

    /// Makes `alice.conf` for alice without asking, with these words more.
    #[track_caller]
    fn issue(&self, more: &[&str], code: i32) -> Run {
        let file = self.file("alice.conf");
        let arguments = Self::arguments(&file, &[more, &["--yes"]].concat());
        self.run(&arguments).expect(code)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        rekindle(self.node.path(), arguments)
    }

    /// What is in the folder.
    fn handed_out(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    /// The journals, each a path on the node; oldest first.
    fn journals(&self) -> Vec<String> {
        runs(&self.node).iter().map(|run| path(run)).collect()
    }
}

/// The permission bits of a file.
fn mode(path: &Path) -> u32 {
    let about = std::fs::metadata(path).unwrap();
    about.permissions().mode() & 0o7777
}
