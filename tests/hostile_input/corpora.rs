//! Files that other people made.

use std::fs;
use std::path::{Path, PathBuf};

use crate::promises::CHECKS;
use crate::reader::{LIST, read_all};
use crate::watchdog::read_within_limits;

#[test]
fn the_files_of_the_test_nodes_are_read_within_limits() {
    if let Ok(list) = std::env::var(LIST) {
        return read_all(&list);
    }
    let nodes = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/nodes");
    let report = read_within_limits(
        "corpora::the_files_of_the_test_nodes_are_read_within_limits",
        &CHECKS.map(|(name, _)| name),
        &files_below(&nodes),
    );
    // These are real files: whoever refuses all of them is not a parser.
    for parser in ["pem", "kubeconfig", "manifest"] {
        assert!(report.accepted(parser) >= 30, "{parser}");
    }
    report.conclude("test nodes");
}

/// Every regular file below a folder, in order; links are not followed.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
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
