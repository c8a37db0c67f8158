//! Files and folders that nobody may change (`chattr +i`), on a file system that has such.

use std::fs::File;

use super::mounts::{are_permitted, become_private, mount, run, text, unmount};
use super::read_only::{lay_out, places};
use super::{NODE, follow, judge};
use crate::bench::{Bench, RECOVER};
use crate::pool::{chosen, each};
use crate::process::{Ended, finish, program};
use crate::template::{Workplace, copy};

const SIZE: u64 = 64 << 20;

#[test]
fn an_immutable_file_stops_a_run_without_loss() {
    if !are_permitted() {
        println!("skipped: a mount namespace is not permitted here");
        return;
    }
    if let Err(why) = std::thread::spawn(ext4).join().unwrap() {
        println!("skipped: no ext4 can be mounted here: {why}");
        return;
    }
    let bench = Bench::new(NODE);
    let name = |path: &String| format!("{path} is immutable");
    let paths = chosen(places(&bench), 6, name);
    let tally = each(&paths, name, |number, path, workplace, tally| {
        assert!(become_private());
        let image = image(workplace);
        mount(&["-o", "loop", &image, text(&workplace.disk())]);
        lay_out(&bench, path, workplace);
        let root = workplace.disk().join("node");
        copy(&workplace.root(), &root);
        let place = root.join(path.trim_start_matches('/'));
        run("chattr", &["+i", text(&place)]);
        let ended = Ended::of(finish(program(&root, &RECOVER)), true);
        run("chattr", &["-i", text(&place)]);
        let case = name(path);
        let found = judge(&bench, &case, &root, &ended, tally);
        if found.damage.words.is_empty() {
            follow(&bench, number, &case, &root, workplace, tally);
        }
        unmount(&workplace.disk());
    });
    tally.close("immutable files and folders (chattr +i, ext4)");
}

/// A fresh ext4 in a file.
fn image(workplace: &Workplace) -> String {
    let path = workplace.scratch().join("image");
    File::create(&path).unwrap().set_len(SIZE).unwrap();
    run("mkfs.ext4", &["-q", "-F", text(&path)]);
    text(&path).to_owned()
}

/// Whether one can be made, mounted and used.
fn ext4() -> Result<(), String> {
    let tried = std::panic::catch_unwind(|| {
        assert!(become_private());
        let workplace = Workplace::new();
        let image = image(&workplace);
        mount(&["-o", "loop", &image, text(&workplace.disk())]);
        let file = workplace.disk().join("file");
        File::create(&file).unwrap();
        run("chattr", &["+i", text(&file)]);
        run("chattr", &["-i", text(&file)]);
        unmount(&workplace.disk());
    });
    tried.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}
