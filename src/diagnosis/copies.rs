//! What is wrong with the copies of the node's credentials that people have.

use std::path::PathBuf;

use time::{Duration, OffsetDateTime};

use crate::evidence::with_causes;
use crate::inventory::{CopiedUser, Inventory, PersonalKubeconfig};
use crate::pki::Certificate;

/// The condition of a copy, the worst that is true. None of them is the node's: no copy makes a node unhealthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopyState {
    /// As good as the original, for longer than the policy asks.
    Current,
    /// Good, but the original was renewed since and lives longer.
    Outdated,
    /// Good, but not for long.
    Expiring,
    /// Past its not-after date.
    Expired,
    /// It could not be read or understood: it may be a copy, or not.
    Unreadable,
}

/// A kubeconfig of a person, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyFinding {
    /// `~alice/.kube/config`.
    pub name: String,
    /// The node path of the file.
    pub path: PathBuf,
    /// kubeadm's names of the originals, each once.
    pub originals: Vec<&'static str>,
    /// The verdict.
    pub state: CopyState,
    /// When the first of its copies expires.
    pub not_after: Option<OffsetDateTime>,
    /// Why it is unreadable.
    pub evidence: Option<String>,
}

impl CopyState {
    /// The words of the table; the JSON field has them too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Outdated => "outdated",
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Judges every copy at `now`; what ends within `within` is expiring.
pub(super) fn judge(
    inventory: &Inventory,
    now: OffsetDateTime,
    within: Duration,
) -> Vec<CopyFinding> {
    let judge = |kubeconfig: &PersonalKubeconfig| {
        let copies = kubeconfig.content.as_ref();
        let users = copies.map_or(&[][..], |copies| &copies.users);
        let mut originals: Vec<&'static str> = users.iter().map(|user| user.of).collect();
        originals.sort_unstable();
        originals.dedup();
        let states = users.iter().map(|user| state(inventory, user, now, within));
        CopyFinding {
            name: kubeconfig.name.clone(),
            path: kubeconfig.path.clone(),
            originals,
            state: match &kubeconfig.content {
                Ok(_) => states.max().unwrap_or(CopyState::Current),
                Err(_) => CopyState::Unreadable,
            },
            not_after: users.iter().map(|user| user.certificate.not_after()).min(),
            evidence: kubeconfig
                .content
                .as_ref()
                .err()
                .map(|error| with_causes(error)),
        }
    };
    inventory.personal.iter().map(judge).collect()
}

fn state(
    inventory: &Inventory,
    user: &CopiedUser,
    now: OffsetDateTime,
    within: Duration,
) -> CopyState {
    let not_after = user.certificate.not_after();
    let original = inventory.original(user.of).map(Certificate::not_after);
    if not_after <= now {
        CopyState::Expired
    } else if not_after - now <= within {
        CopyState::Expiring
    } else if original.is_some_and(|original| original > not_after) {
        CopyState::Outdated
    } else {
        CopyState::Current
    }
}
