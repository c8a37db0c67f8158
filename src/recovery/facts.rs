//! What the journal is told: of the circumstances, and of each change. Never a secret.

use std::path::Path;

use time::OffsetDateTime;

use super::folders::missing_folders;
use super::homes::homes;
use super::identity::identity;
use super::{History, RunId, Undertaking};
use crate::issuance::{Content, FileChange};
use crate::journal::{
    Backup, CertificateChange, CertificateFacts, Change, Circumstances, Clocks, FileState, Host,
    Operator, Run, Setting, Tool,
};
use crate::node::{self, Access, Present, Root};

/// Why a person started the run, and with which words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// `--reason`.
    pub reason: Option<String>,
    /// `--ticket`.
    pub ticket: Option<String>,
    /// The verb and its wishes in effect, defaults included.
    pub arguments: Vec<String>,
}

pub(super) fn circumstances(
    root: &Root,
    run: &RunId,
    undertaking: &Undertaking,
    reason: &Reason,
    history: &History,
) -> Circumstances {
    Circumstances {
        run: Run {
            id: run.to_string(),
            counter: history.next_counter(),
            previous_checkpoint: history.latest_checkpoint(root),
        },
        setting: setting(reason),
        root: root.path().display().to_string(),
        inventory_digest: undertaking.inventory_digest,
        folders: undertaking.folders().into_iter().map(text).collect(),
        new_folders: missing_folders(root, undertaking)
            .iter()
            .map(|folder| text(folder))
            .collect(),
        homes: homes(undertaking),
        plan: undertaking.steps.clone(),
    }
}

pub(super) fn setting(reason: &Reason) -> Setting {
    let machine = node::machine();
    let operator = node::operator();
    let clocks = node::Clocks::read();
    Setting {
        host: Host {
            name: machine.name,
            machine_id: machine.machine_id,
            boot_id: machine.boot_id,
        },
        tool: Tool {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sha256: node::binary_digest(),
        },
        arguments: reason.arguments.clone(),
        operator: Operator {
            uid: operator.uid,
            loginuid: operator.login_uid,
            sudo_user_claimed: operator.claimed_sudo_user,
        },
        reason: reason.reason.clone(),
        ticket: reason.ticket.clone(),
        clocks: Clocks {
            wall: clocks.wall,
            monotonic: clocks.monotonic.to_string(),
            boot_time: boot_time(&clocks),
        },
    }
}

/// `backup` is the copy of the old file, and by what it is known; a copied link has none.
pub(super) fn change(change: &FileChange, backup: Option<&Backup>) -> Change {
    Change {
        name: change.name.clone(),
        location: change.location.clone(),
        target: text(&change.target),
        before: state(&change.before, backup),
        after: match &change.after {
            Content::File(bytes) => FileState::File(identity(bytes, change.is_key)),
            Content::Link(destination) => FileState::Symlink(text(destination)),
        },
        certificate: change
            .certificate
            .as_ref()
            .map(|certificate| CertificateChange {
                before: certificate.before.as_ref().map(CertificateFacts::from),
                after: CertificateFacts::from(&certificate.after),
            }),
        mode: format!("{:04o}", change.access.mode),
        uid: change.access.uid,
        gid: change.access.gid,
        backup: backup.cloned(),
    }
}

/// A file is as its copy is.
fn state(present: &Present, backup: Option<&Backup>) -> Option<FileState> {
    match present {
        Present::Nothing => None,
        Present::File(_) => backup.map(|copy| FileState::File(copy.identity)),
        Present::Link(destination) => Some(FileState::Symlink(text(destination))),
    }
}

/// Owner and mode of both the old file and the new one, as recorded.
pub(super) fn access(change: &Change) -> Access {
    Access {
        // What cannot be read opens nothing.
        mode: u32::from_str_radix(&change.mode, 8).unwrap_or(0o600),
        uid: change.uid,
        gid: change.gid,
    }
}

pub(super) fn text(path: &Path) -> String {
    path.display().to_string()
}

fn boot_time(clocks: &node::Clocks) -> OffsetDateTime {
    clocks.wall - clocks.uptime()
}
