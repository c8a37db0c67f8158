//! The files of others than root that a run replaces: in home folders, and those of components with users of their own. Whose they
//! are is in its journal, so that every attempt knows.

use std::path::Path;

use super::{RunFiles, Undertaking, facts};
use crate::journal::{Chain, HomeFolder};
use crate::node::{Access, Home, Root};

/// Those of an undertaking, each once.
pub(super) fn homes(undertaking: &Undertaking) -> Vec<HomeFolder> {
    let homes = undertaking
        .changes
        .iter()
        .filter_map(|change| change.home.as_ref());
    let mut homes: Vec<HomeFolder> = homes
        .map(|home| HomeFolder {
            path: facts::text(&home.path),
            uid: home.uid,
        })
        .collect();
    homes.sort();
    homes.dedup();
    homes
}

/// Admits their users' files there, and in the run's backup: the copies keep their owners.
fn admit(root: &Root, run: &str, homes: &[HomeFolder]) {
    let backup = RunFiles::of(run).backup;
    for HomeFolder { path, uid } in homes {
        let inside = path.strip_prefix('/').unwrap_or(path);
        for path in [Path::new(path).to_owned(), backup.join(inside)] {
            root.admit(Home { path, uid: *uid });
        }
    }
}

/// Admits whose files an undertaking replaces, there and in the backup.
pub(super) fn admit_all(root: &Root, run: &str, undertaking: &Undertaking) {
    admit(root, run, &homes(undertaking));
    let changes = undertaking.changes.iter();
    for change in changes.filter(|change| change.home.is_none()) {
        admit_file(root, run, &change.target, change.access);
    }
}

/// The same for the run of that journal.
pub(super) fn admit_of(root: &Root, chain: &Chain) {
    let circumstances = &chain.genesis().circumstances;
    let run = &circumstances.run.id;
    admit(root, run, &circumstances.homes);
    for (change, _) in chain.changes().unwrap_or_default() {
        let target = Path::new(&change.target);
        if home_of(chain, target).is_none() {
            admit_file(root, run, target, facts::access(change));
        }
    }
}

fn admit_file(root: &Root, run: &str, target: &Path, access: Access) {
    let inside = target.strip_prefix("/").unwrap_or(target);
    let copy = RunFiles::of(run).backup.join(inside);
    for path in [target, &copy] {
        root.admit_recorded(path, access);
    }
}

/// The home folder of that run in which `target` lies.
pub(super) fn home_of(chain: &Chain, target: &Path) -> Option<Home> {
    let homes = &chain.genesis().circumstances.homes;
    let home = homes.iter().find(|home| target.starts_with(&home.path))?;
    Some(Home {
        path: Path::new(&home.path).to_owned(),
        uid: home.uid,
    })
}
