//! Folders and single files that are mounted read-only.

use super::mounts::{are_permitted, become_private, mount, text, unmount};
use super::{NODE, follow, judge};
use crate::bench::{Bench, RECOVER};
use crate::pool::{chosen, each};
use crate::process::{Ended, finish, program};
use crate::support::tree::{Content, Tree};
use crate::template::Workplace;

#[test]
fn a_read_only_mount_stops_a_run_without_loss() {
    if !are_permitted() {
        println!("skipped: a mount namespace is not permitted here");
        return;
    }
    let bench = Bench::new(NODE);
    let name = |path: &String| format!("{path} is mounted read-only");
    let paths = chosen(places(&bench), 6, name);
    let tally = each(&paths, name, |number, path, workplace, tally| {
        assert!(become_private());
        lay_out(&bench, path, workplace);
        let place = workplace.root().join(path.trim_start_matches('/'));
        mount(&["--bind", text(&place), text(&place)]);
        mount(&["-o", "remount,bind,ro", text(&place)]);
        let ended = Ended::of(finish(program(&workplace.root(), &RECOVER)), true);
        let case = name(path);
        let found = judge(&bench, &case, &workplace.root(), &ended, tally);
        unmount(&place);
        if found.damage.words.is_empty() {
            follow(&bench, number, &case, &workplace.root(), workplace, tally);
        }
    });
    tally.close("read-only mounts of folders and of single files");
}

/// Every folder, every file that a run replaces, and the folders in which it keeps its own things.
pub fn places(bench: &Bench) -> Vec<String> {
    let workplace = Workplace::new();
    bench.template.copy(&workplace.root());
    crate::support::program::rekindle(&workplace.root(), &RECOVER).expect(bench.template.normal);
    let after = Tree::read(&workplace.root());
    let before = &bench.template.tree;
    let is_place = |path: &&str| match before.get(path).map(|entry| &entry.content) {
        Some(Content::Folder) => *path != "/",
        Some(Content::File(_)) => before.entry(path) != after.entry(path),
        _ => false,
    };
    let mut places: Vec<String> = before.paths().filter(is_place).map(str::to_owned).collect();
    places.extend(["", "/journal", "/backups"].map(|folder| format!("/var/lib/rekindle{folder}")));
    places
}

/// The node, with the folder at `path` if that is one of the program's own.
pub fn lay_out(bench: &Bench, path: &str, workplace: &Workplace) {
    use std::os::unix::fs::DirBuilderExt;

    bench.template.copy(&workplace.root());
    let folder = workplace.root().join(path.trim_start_matches('/'));
    if path.starts_with("/var/lib/rekindle") {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .unwrap();
    }
}
