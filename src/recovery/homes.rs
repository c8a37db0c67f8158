//! The home folders in which a run replaces files: whose they are is in its journal, so that every attempt knows.

use std::path::Path;

use super::{RunFiles, Undertaking, facts};
use crate::journal::{Chain, HomeFolder};
use crate::node::{Home, Root};

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
pub(super) fn admit(root: &Root, run: &str, homes: &[HomeFolder]) {
    let backup = RunFiles::of(run).backup;
    for HomeFolder { path, uid } in homes {
        let inside = path.strip_prefix('/').unwrap_or(path);
        for path in [Path::new(path).to_owned(), backup.join(inside)] {
            root.admit(Home { path, uid: *uid });
        }
    }
}

/// The same for the run of that journal.
pub(super) fn admit_of(root: &Root, chain: &Chain) {
    let circumstances = &chain.genesis().circumstances;
    admit(root, &circumstances.run.id, &circumstances.homes);
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
