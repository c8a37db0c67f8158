//! Why a process was not ended.

use std::io;
use std::time::Duration;

/// Why a process was not signalled, or not waited for.
#[derive(Debug, thiserror::Error)]
pub enum EndingError {
    /// The component has ended, and its number went to somebody else.
    #[error(
        "pid {pid} is not the {name} that was seen: it started {found:?} after the boot, not {expected:?}"
    )]
    AnotherProcess {
        /// The number.
        pid: u32,
        /// The component that had it.
        name: String,
        /// When the component started, since the boot.
        expected: Duration,
        /// When the process that has the number started.
        found: Duration,
    },
    /// It may be another node's: see [`RunningComponent::certain`](crate::node::RunningComponent::certain).
    #[error("{name} (pid {pid}) may belong to another node: its namespaces cannot be seen")]
    Uncertain {
        /// Its number.
        pid: u32,
        /// The component.
        name: String,
    },
    /// `/proc` shows another process namespace, in which the number means another process.
    #[error("{name} (pid {pid}): /proc is not that of this process namespace")]
    ForeignNumbers {
        /// Its number.
        pid: u32,
        /// The component.
        name: String,
    },
    /// This process may not signal it: it is another user's, or this process is confined (Landlock).
    #[error("{operation} {name} (pid {pid}): not permitted")]
    NotPermitted {
        /// What was attempted.
        operation: &'static str,
        /// Its number.
        pid: u32,
        /// The component.
        name: String,
    },
    /// Anything else that the kernel said.
    #[error("{operation} {name} (pid {pid})")]
    Io {
        /// What was attempted.
        operation: &'static str,
        /// Its number.
        pid: u32,
        /// The component.
        name: String,
        /// The kernel's word.
        source: io::Error,
    },
}
