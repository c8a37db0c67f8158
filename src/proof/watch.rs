//! The conditions of a proof, each watched until all hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::conditions::{Look, conditions};
use super::finding::{Finding, State};
use super::written::Written;
use crate::control_plane::ControlPlane;
use crate::node::Root;

/// How long a watcher rests between two looks: a probe takes a few milliseconds.
const REST: Duration = Duration::from_millis(100);

/// For the first look at each, behind the deadline.
const GRACE: Duration = Duration::from_secs(10);

/// A proof under way.
#[derive(Debug)]
pub struct Watch {
    changes: Receiver<(usize, State)>,
    /// Every condition, as it was last seen.
    proof: Proof,
    /// Which of them were looked at by now.
    seen: Vec<bool>,
    stop: Arc<AtomicBool>,
}

/// What was found in the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// Every condition, in the order in which the components depend on each other.
    pub findings: Vec<Finding>,
    /// What the kubelet has said last, where something is open that it may be behind: a help, no evidence.
    pub kubelet_log: Vec<String>,
}

impl Proof {
    /// Whether every condition holds. A proof of nothing is none.
    pub fn is_whole(&self) -> bool {
        !self.findings.is_empty()
            && self
                .findings
                .iter()
                .all(|finding| finding.state.is_proven())
    }

    /// Whether etcd is up and waits for members on other nodes.
    pub fn lacks_quorum(&self) -> bool {
        self.open().any(|finding| finding.state.lacks_quorum())
    }

    /// What does not hold.
    pub fn open(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| !finding.state.is_proven())
    }
}

impl Watch {
    /// Begins to watch what `plane` says there is to be. The threads inherit what their parent may and may not do.
    pub fn begin(root: &Arc<Root>, plane: &Arc<ControlPlane>, written: &Arc<Written>) -> Self {
        let (sender, changes) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let mut findings = Vec::new();
        for (number, condition) in conditions(root, plane, written).into_iter().enumerate() {
            findings.push(Finding {
                subject: condition.subject,
                condition: condition.condition,
                state: State::open("not looked at yet"),
            });
            let (sender, stop) = (sender.clone(), Arc::clone(&stop));
            thread::spawn(move || watch(number, condition.look, &sender, &stop));
        }
        Self {
            changes,
            seen: vec![false; findings.len()],
            proof: Proof {
                findings,
                kubelet_log: Vec::new(),
            },
            stop,
        }
    }

    /// Every condition, as it was last seen.
    pub fn findings(&self) -> &[Finding] {
        &self.proof.findings
    }

    /// Waits for the next change, not longer than `patience`.
    fn next(&mut self, patience: Duration) -> Option<(usize, &Finding)> {
        match self.changes.recv_timeout(patience) {
            Ok((number, state)) => {
                if let Some(seen) = self.seen.get_mut(number) {
                    *seen = true;
                }
                let finding = self.proof.findings.get_mut(number)?;
                finding.state = state;
                Some((number, finding))
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // Every watcher ended by itself, which none does: at least do not spin.
                thread::sleep(patience);
                None
            }
        }
    }

    /// Whether all conditions hold at this moment.
    pub fn is_whole(&self) -> bool {
        self.proof.is_whole()
    }

    /// Whether the time is up. Each is looked at once, however little there is: a look has an end of its own, unless the kernel
    /// has none.
    pub fn is_over(&self, deadline: Instant) -> bool {
        let now = Instant::now();
        let all_seen = self.seen.iter().all(|seen| *seen);
        now >= deadline && (all_seen || now.duration_since(deadline) > GRACE)
    }

    /// Waits until all conditions hold, `deadline` has come, or `interrupted` says so; tells of each change, with its
    /// place among the findings.
    pub fn wait(
        &mut self,
        deadline: Instant,
        mut interrupted: impl FnMut() -> bool,
        mut changed: impl FnMut(usize, &Finding),
    ) {
        /// How soon a signal is noticed.
        const TICK: Duration = Duration::from_millis(50);
        while !self.is_whole() && !interrupted() {
            if self.is_over(deadline) {
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now()).max(TICK);
            if let Some((number, finding)) = self.next(left.min(TICK)) {
                changed(number, finding);
            }
        }
    }

    /// Ends the watch.
    pub fn end(mut self) -> Proof {
        std::mem::take(&mut self.proof)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Nobody waits for a watcher that hangs in a probe: it ends with its patience, or with the process.
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Looks again and again; tells what has changed.
fn watch(number: usize, mut look: Look, changes: &Sender<(usize, State)>, stop: &AtomicBool) {
    let mut told = None;
    while !stop.load(Ordering::Relaxed) {
        let state = look();
        if told.as_ref() != Some(&state) {
            told = Some(state.clone());
            if changes.send((number, state)).is_err() {
                return;
            }
        }
        thread::sleep(REST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::Condition;

    /// What a server says of itself is evidence, and nothing that anything hangs on.
    #[test]
    fn words_about_a_quorum_are_not_the_lack_of_one() {
        let proof = |state| Proof {
            findings: vec![Finding {
                subject: "etcd",
                condition: Condition::Health,
                state,
            }],
            kubelet_log: Vec::new(),
        };
        let words = "192.0.2.10:2379: no quorum";
        assert!(!proof(State::open(words)).lacks_quorum());
        assert!(!proof(State::proven(words)).lacks_quorum());
        assert!(proof(State::without_quorum(words, "go on")).lacks_quorum());
    }
}
