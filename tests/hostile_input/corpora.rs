//! Files that other people made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::promises::CHECKS;
use crate::reader::{CERTIFICATES, LIST, read_all};
use crate::watchdog::{Report, read_within_limits};

/// What the program reads of any file but a journal; larger ones it refuses unread.
const LARGEST: u64 = 1 << 20;

#[test]
fn the_files_of_the_test_nodes_are_read_within_limits() {
    if let Ok(list) = std::env::var(LIST) {
        return read_all(&list);
    }
    let nodes = project().join("testdata/nodes");
    let test = "corpora::the_files_of_the_test_nodes_are_read_within_limits";
    let report = read("test nodes", test, &nodes);
    // These are real files: whoever refuses all of them is no parser.
    for parser in [
        "pem",
        "certificates of pem",
        "kubeconfig",
        "manifest",
        "contexts",
    ] {
        assert!(report.accepted(parser) >= 30, "{parser}");
    }
}

#[test]
fn corpora_from_packages_are_read_within_limits() {
    if let Ok(list) = std::env::var(LIST) {
        return read_all(&list);
    }
    if std::env::var_os("REKINDLE_FULL").is_none() {
        println!("skipped: the corpora from packages are read with REKINDLE_FULL=1 only");
        return;
    }
    let fetch = Command::new(project().join("scripts/fetch-corpora")).output();
    let output = fetch.unwrap();
    assert!(output.status.success(), "{output:?}");
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        match line.split_once('\t') {
            Some((name, folder)) => {
                let test = "corpora::corpora_from_packages_are_read_within_limits";
                read(name, test, Path::new(folder));
            }
            // Skipped, with the reason.
            None => println!("{line}"),
        }
    }
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Has every file below `folder` read by every parser.
#[track_caller]
fn read(name: &str, test: &str, folder: &Path) -> Report {
    let (files, larger): (Vec<PathBuf>, Vec<PathBuf>) = files_below(folder)
        .into_iter()
        .partition(|file| fs::metadata(file).unwrap().len() <= LARGEST);
    if !larger.is_empty() {
        let count = larger.len();
        println!("{name}: {count} files have more than a MiB, and are refused unread");
    }
    let parsers: Vec<&str> = CHECKS
        .into_iter()
        .chain([CERTIFICATES])
        .map(|(name, _)| name)
        .collect();
    let report = read_within_limits(test, &parsers, &files);
    report.conclude(name);
    report
}

/// Every regular file below a folder, in order; links are not followed.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}
