//! What the journals of this boot say of the files that they put in place.

use std::collections::BTreeMap;
use std::path::PathBuf;

use time::OffsetDateTime;

use super::{History, RunFiles};
use crate::digest::Sha256Digest;
use crate::journal::{Event, FileIdentity, FileState, Setting, read_records};
use crate::node::{Root, machine};
use crate::proof::Written;

/// When each file was put in place, since the machine booted. A journal of another boot says nothing of what runs now: every
/// process is newer. What cannot be read is passed over, for the files' own times are there too.
pub fn written(root: &Root) -> Written {
    let mut written = Written::default();
    let Some(boot) = machine().boot_id else {
        return written;
    };
    let Ok(history) = History::read(root) else {
        return written;
    };
    for run in &history.runs {
        if let Ok(bytes) = root.read_log(&RunFiles::of(run).journal) {
            note(&bytes, &boot, &mut written);
        }
    }
    written
}

fn note(journal: &[u8], boot: &str, written: &mut Written) {
    let mut changes: BTreeMap<usize, (PathBuf, Sha256Digest)> = BTreeMap::new();
    let mut booted: Option<OffsetDateTime> = None;
    for record in read_records(journal).filter_map(Result::ok) {
        match record.event {
            Event::Genesis(genesis) => booted = booted_at(&genesis.circumstances.setting, boot),
            Event::Attempt(attempt) => booted = booted_at(&attempt.setting, boot),
            Event::Commit { changes: all, .. } => {
                let files = all
                    .into_iter()
                    .enumerate()
                    .filter_map(|(number, change)| match change.after {
                        FileState::File(FileIdentity::Sha256(digest)) => {
                            Some((number, (change.target.into(), digest)))
                        }
                        FileState::File(_) | FileState::Symlink(_) => None,
                    });
                changes = files.collect();
            }
            Event::Done { change } | Event::Adopted { change } => {
                let age = booted.map(|booted| record.at - booted);
                let since_boot = age.filter(|age| age.is_positive());
                if let (Some(since_boot), Some((path, digest))) = (since_boot, changes.get(&change))
                {
                    written.note(path.clone(), *digest, since_boot.unsigned_abs());
                }
            }
            _ => {}
        }
    }
}

/// The moment of the boot on the clock by which the attempt's records are dated; none where it was another boot's.
fn booted_at(setting: &Setting, boot: &str) -> Option<OffsetDateTime> {
    (setting.host.boot_id.as_deref() == Some(boot)).then_some(setting.clocks.boot_time)
}
