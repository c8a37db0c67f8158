//! Files of the largest size that is read, each made so that one loop, one list or one recursion grows with it.

mod certificates;
mod databases;
mod documents;
mod journals;
mod pem_files;

use std::fs;

use crate::reader::{LIST, read_all};
use crate::watchdog::read_within_limits;

/// What the program reads of any file; larger ones it refuses unread.
const LARGEST: usize = 1 << 20;

/// The same for a journal.
const LARGEST_JOURNAL: usize = 64 << 20;

/// The same for what etcd keeps under one key.
const LARGEST_VALUE: usize = 2 << 20;

#[test]
fn certificates_made_to_blow_up_are_read_within_limits() {
    let test = "blow_ups::certificates_made_to_blow_up_are_read_within_limits";
    try_all(test, &["pem", "certificate"], LARGEST, || {
        [certificates::all(), pem_files::all()].concat()
    });
}

#[test]
fn documents_made_to_blow_up_are_read_within_limits() {
    let test = "blow_ups::documents_made_to_blow_up_are_read_within_limits";
    try_all(
        test,
        &["kubeconfig", "manifest", "contexts", "authentication"],
        LARGEST,
        documents::all,
    );
}

#[test]
fn journals_made_to_blow_up_are_read_within_limits() {
    let test = "blow_ups::journals_made_to_blow_up_are_read_within_limits";
    try_all(
        test,
        &["journal_line", "journal"],
        LARGEST_JOURNAL,
        journals::all,
    );
}

#[test]
fn databases_made_to_blow_up_are_read_within_limits() {
    let test = "blow_ups::databases_made_to_blow_up_are_read_within_limits";
    try_all(test, &["etcd_database"], 2 * LARGEST_VALUE, databases::all);
}

fn try_all(
    test: &str,
    parsers: &[&str],
    largest: usize,
    files: impl Fn() -> Vec<(String, Vec<u8>)>,
) {
    if let Ok(list) = std::env::var(LIST) {
        return read_all(&list);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (name, bytes) in files() {
        let size = bytes.len();
        assert!((LARGEST / 256..=largest).contains(&size), "{name}: {size}");
        let path = folder.path().join(name);
        assert!(!path.exists(), "two are called {}", path.display());
        fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    read_within_limits(test, parsers, &paths).conclude("made to blow up");
}

/// `unit` again and again, up to `length` bytes.
fn repeat(unit: &str, length: usize) -> String {
    unit.repeat(length / unit.len())
}

/// What `unit` makes of one number after the other, up to `length` bytes.
fn numbered(length: usize, unit: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for unit in (0..).map(unit) {
        if text.len() + unit.len() > length {
            break;
        }
        text.push_str(&unit);
    }
    text
}
