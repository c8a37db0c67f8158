//! Gives up the Leases of leaders that this run has ended, so that their successors need not wait fifteen seconds.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::control_plane::{ControlPlane, LeaseName};
use crate::journal::Act;
use crate::node::Root;
use crate::proof::{ApiServer, LeaseState, Refused, own_leaders};
use crate::recovery::Failure;
use crate::recovery::transaction::Transaction;

/// Each leaves two lines in the journal; and after fifteen seconds the Lease has run out by itself.
const ATTEMPTS: u32 = 20;

/// The Leases that are to be given up.
#[derive(Debug)]
pub(super) struct Release {
    server: ApiServer,
    /// What the holder's name begins with: this host's, for the dead leader ran here.
    own: String,
    pending: Vec<Pending>,
}

#[derive(Debug, Clone)]
struct Pending {
    lease: LeaseName,
    /// How often it was tried in vain.
    attempts: u32,
    /// When no such process ran on this node any more: whoever renewed it later is another one.
    ended: OffsetDateTime,
}

/// What is to be done about a Lease.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The dead leader holds it.
    Release { holder: String },
    /// Nobody holds it, or somebody who lives.
    Settled,
}

impl Release {
    pub(super) fn new(root: &Arc<Root>, plane: &ControlPlane) -> Self {
        Self {
            server: ApiServer::of(root, plane),
            own: own_leaders(),
            pending: Vec::new(),
        }
    }

    pub(super) fn expect(&mut self, plane: &ControlPlane, component: &str, ended: OffsetDateTime) {
        let pods = plane.pods.iter();
        let lease = pods
            .filter(|pod| pod.component.as_str() == component)
            .find_map(|pod| pod.lease.clone());
        if let Some(lease) = lease {
            self.pending.retain(|pending| pending.lease != lease);
            self.pending.push(Pending {
                lease,
                ended,
                attempts: 0,
            });
        }
    }

    /// Clearing the Lease of a leader that lives would make two of them.
    fn judge(&self, pending: &Pending, seen: &LeaseState) -> Verdict {
        match &seen.holder {
            Some(holder)
                if holder.starts_with(&self.own)
                    && seen.renewed.is_some_and(|renewed| renewed <= pending.ended) =>
            {
                Verdict::Release {
                    holder: holder.clone(),
                }
            }
            _ => Verdict::Settled,
        }
    }
}

impl Transaction<'_> {
    /// Tries once. Until the API server has loaded its rules it refuses everybody: whatever does not work is tried again.
    pub(super) fn release_leases(&mut self) -> Result<(), Failure> {
        let pending = match &self.live {
            Some(live) => live.release.pending.clone(),
            None => return Ok(()),
        };
        for one in pending {
            let Some(seen) = self.seen(&one.lease) else {
                continue;
            };
            let verdict = self
                .live
                .as_ref()
                .map(|live| live.release.judge(&one, &seen));
            if let Some(Verdict::Release { holder }) = verdict {
                let Some(live) = &self.live else {
                    return Ok(());
                };
                let (server, lease) = (live.release.server.clone(), one.lease.clone());
                let act = Act::ReleaseLease {
                    lease: lease.to_string(),
                    holder,
                };
                let released = self.act_unconfined(act, move || {
                    server
                        .release(&lease, &seen)
                        .map_err(|Refused(state)| state.evidence().to_owned())
                });
                match released {
                    // Somebody was faster, or it is not ready yet: it is looked at again, for a while.
                    Err(Failure::Live { .. }) if one.attempts < ATTEMPTS => {
                        self.count_attempt(&one.lease);
                        continue;
                    }
                    Err(Failure::Live { .. }) => {}
                    other => other?,
                }
            }
            if let Some(live) = &mut self.live {
                live.release
                    .pending
                    .retain(|pending| pending.lease != one.lease);
            }
        }
        Ok(())
    }

    fn count_attempt(&mut self, lease: &LeaseName) {
        let live = self.live.iter_mut();
        let mut pending = live.flat_map(|live| &mut live.release.pending);
        if let Some(pending) = pending.find(|pending| pending.lease == *lease) {
            pending.attempts += 1;
        }
    }

    fn seen(&self, lease: &LeaseName) -> Option<LeaseState> {
        let live = self.live.as_ref()?;
        let (server, lease) = (live.release.server.clone(), lease.clone());
        let seen = live.unconfined.run(move || server.lease(&lease).ok());
        seen.ok().flatten()
    }
}
