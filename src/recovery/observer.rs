//! What is told to somebody who watches a run. The library itself never talks to a terminal. A moment owns what it tells: who
//! watches may be slow, and a run waits for nobody.

use std::path::PathBuf;

use crate::proof::Finding;

/// A moment of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The journal is open.
    Begun {
        /// The run.
        run: String,
        /// How many steps there are: a file to be replaced takes two, since it is prepared first.
        steps: usize,
    },
    /// A new file lies ready, and the old one is backed up.
    Prepared {
        /// kubeadm's name of the certificate.
        name: String,
    },
    /// A file was replaced, or found so.
    Replaced {
        /// kubeadm's name of the certificate.
        name: String,
        /// The node path.
        path: PathBuf,
    },
    /// A manifest was touched.
    Touched {
        /// The node path.
        path: PathBuf,
    },
    /// Something is being stopped, started, ended or given up.
    Acting {
        /// What, in words: `stop kubelet`.
        act: String,
    },
    /// It was done.
    Acted {
        /// What, in words.
        act: String,
    },
    /// etcd's data are being copied.
    Copying {
        /// Bytes that are done.
        done: u64,
        /// Bytes that there are.
        all: u64,
    },
    /// The proof begins: what it will look at.
    Proving {
        /// Every condition.
        findings: Vec<Finding>,
    },
    /// The proof has seen a condition change.
    Seen {
        /// Its place among the conditions.
        number: usize,
        /// What was seen.
        finding: Finding,
    },
    /// What was done is being undone.
    RollingBack {
        /// How many files there are to be looked at.
        steps: usize,
    },
    /// A file is as it was before.
    RolledBack {
        /// The node path.
        path: PathBuf,
    },
}

/// Watches a run, and may ask it to stop.
pub trait Observer {
    /// Called after each step, in order.
    fn progress(&mut self, progress: Progress);

    /// Asked before each step that could as well come later: the signal that wants the run to stop here, if any.
    fn interrupted(&mut self) -> Option<&'static str> {
        None
    }
}
