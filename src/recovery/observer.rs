//! What is told to somebody who watches a run. The library itself never talks to a terminal.

use std::path::Path;

use crate::proof::Finding;

/// A moment of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The journal is open.
    Begun {
        /// The run.
        run: &'a str,
        /// How many steps there are: a file to be replaced takes two, since it is prepared first.
        steps: usize,
    },
    /// A new file lies ready, and the old one is backed up.
    Prepared {
        /// kubeadm's name of the certificate.
        name: &'a str,
    },
    /// A file was replaced, or found so.
    Replaced {
        /// kubeadm's name of the certificate.
        name: &'a str,
        /// The node path.
        path: &'a Path,
    },
    /// A manifest was touched.
    Touched {
        /// The node path.
        path: &'a Path,
    },
    /// Something is being stopped, started, ended or given up.
    Acting {
        /// What, in words: `stop kubelet`.
        act: &'a str,
    },
    /// It was done.
    Acted {
        /// What, in words.
        act: &'a str,
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
        findings: &'a [Finding],
    },
    /// The proof has seen a condition change.
    Seen {
        /// Its place among the conditions.
        number: usize,
        /// What was seen.
        finding: &'a Finding,
    },
    /// What was done is being undone.
    RollingBack {
        /// How many files there are to be looked at.
        steps: usize,
    },
    /// A file is as it was before.
    RolledBack {
        /// The node path.
        path: &'a Path,
    },
}

/// Watches a run, and may ask it to stop.
pub trait Observer {
    /// Called after each step, in order.
    fn progress(&mut self, progress: &Progress<'_>);

    /// Asked before each step that could as well come later: the signal that wants the run to stop here, if any.
    fn interrupted(&mut self) -> Option<&'static str> {
        None
    }
}
