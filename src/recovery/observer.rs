//! What is told to somebody who watches a recovery. The library itself never talks to a terminal.

use std::path::Path;

/// A moment of a recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The journal is open.
    Begun {
        /// The run.
        run: &'a str,
        /// How many files will be replaced.
        changes: usize,
    },
    /// A new file lies ready, and the old one is backed up.
    Prepared {
        /// kubeadm's name of the certificate.
        name: &'a str,
    },
    /// A file was replaced.
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
    /// Something failed, and what was done is being undone.
    RollingBack,
    /// A file is as it was before.
    RolledBack {
        /// The node path.
        path: &'a Path,
    },
}

/// Watches a recovery.
pub trait Observer {
    /// Called after each step, in order.
    fn progress(&mut self, progress: &Progress<'_>);
}
