//! What else on the node tells the time: what was written, and what runs whatever the clock is set to.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::Layout;
use crate::kubernetes::Component;
use crate::node::{Clocks, MACHINE_ID, Root, Secrecy, hardware_clock};

/// Where journald keeps its files, the lasting ones first (systemd-journald.service(8)).
const JOURNALS: [&str; 2] = ["/var/log/journal", "/run/log/journal"];
/// Sockets that systemd makes when the machine starts, in a folder that no start outlives (systemd(1)).
const MADE_AT_START: [&str; 3] = [
    "/run/systemd/notify",
    "/run/systemd/private",
    "/run/systemd/journal/stdout",
];
/// Written when systemd-timesyncd has asked a time server (systemd-timesyncd.service(8)).
const SYNCHRONIZED: &str = "/run/systemd/timesync";

/// What speaks for or against the clock, besides the dates of the node's own files.
#[derive(Debug, Default)]
pub struct ClockEvidence {
    /// What was written, and when by the clock of that moment: no right clock is earlier.
    pub traces: Vec<Trace>,
    /// What tells the time whatever the clock says now: no right clock is much later. None of a node in a folder.
    pub witnesses: Vec<Witness>,
}

/// Something that was written at a time that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What it is, in words, with its path outside the root.
    pub what: String,
    /// When it was written.
    pub written: OffsetDateTime,
}

/// Something that tells the time by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// What it is, in words.
    pub what: String,
    /// What time it is at most, by this.
    pub says: OffsetDateTime,
}

impl ClockEvidence {
    pub(super) fn observe(root: &Root, layout: &Layout) -> Self {
        let traces = [etcd_log(root, layout), system_journal(root)];
        let traces = traces.into_iter().flatten();
        Self {
            traces: traces
                .map(|(path, written)| Trace {
                    what: root.outside(&path).display().to_string(),
                    written,
                })
                .collect(),
            witnesses: if root.is_machine() {
                witnesses(root)
            } else {
                Vec::new()
            },
        }
    }
}

/// The segment of etcd's write-ahead log that was written last (etcd `server/storage/datadir`, `server/storage/wal`).
fn etcd_log(root: &Root, layout: &Layout) -> Option<(PathBuf, OffsetDateTime)> {
    let log = match layout.flag(Component::Etcd, "wal-dir") {
        Some(folder) => PathBuf::from(folder),
        None => layout.etcd_data().join("member/wal"),
    };
    root.last_written(&log, ".wal")
}

/// The file of journald's that was written last, in the folder of this node's machine-id(5).
fn system_journal(root: &Root) -> Option<(PathBuf, OffsetDateTime)> {
    let file = root.read(Path::new(MACHINE_ID), Secrecy::Public);
    let machine = String::from_utf8(file.ok()?.bytes.to_vec()).ok()?;
    let machine = Some(machine.trim()).filter(|id| id.bytes().all(|b| b.is_ascii_hexdigit()))?;
    let files = JOURNALS
        .iter()
        .filter_map(|folder| root.last_written(&Path::new(folder).join(machine), ".journal"));
    files.max_by_key(|(_, written)| *written)
}

/// None where a time service vouches for the clock.
fn witnesses(root: &Root) -> Vec<Witness> {
    if root
        .last_written(Path::new(SYNCHRONIZED), "synchronized")
        .is_some()
    {
        return Vec::new();
    }
    let uptime = Clocks::read().uptime();
    let started = MADE_AT_START.iter().filter_map(|path| {
        let made = root.socket_made_at(Path::new(path))?;
        Some((path, made))
    });
    let started = started
        .min_by_key(|(_, made)| *made)
        .map(|(path, made)| Witness {
            what: format!(
                "{path}, made when the machine started, {} ago",
                in_words(uptime)
            ),
            says: made + uptime,
        });
    let hardware = hardware_clock().map(|says| Witness {
        what: "the hardware clock".to_owned(),
        says,
    });
    hardware.into_iter().chain(started).collect()
}

/// To the minute.
fn in_words(uptime: std::time::Duration) -> String {
    let minutes = uptime.as_secs() / 60;
    match (minutes / 60 / 24, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}
