//! What can become of a program.

use std::io;
use std::time::Duration;

/// How much of the output an error quotes, in bytes, from the end.
const QUOTED: usize = 1024;

/// Why a program did not do what it should. Its output is kept whole, and quoted from its end.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It is not there, or not to be executed, or this process may not (Landlock).
    #[error("cannot start `{command}`")]
    NotStarted {
        /// The program and its arguments.
        command: String,
        /// The kernel's word.
        source: io::Error,
    },
    /// It ended with an error.
    #[error("`{command}`: {status}{}", quoted(output))]
    Failed {
        /// The program and its arguments.
        command: String,
        /// `exit status 5`, `ended by SIGSEGV`.
        status: String,
        /// What it said and what it complained of, at most 64 KiB of each.
        output: String,
    },
    /// It did not end, and was killed.
    #[error("`{command}` was not done after {patience:?}{}", quoted(output))]
    TimedOut {
        /// The program and its arguments.
        command: String,
        /// How long it was waited for.
        patience: Duration,
        /// What it said and what it complained of, at most 64 KiB of each.
        output: String,
    },
    /// It was started, and then the kernel did not tell how it ended.
    #[error("cannot wait for `{command}`")]
    NotWaitedFor {
        /// The program and its arguments.
        command: String,
        /// The kernel's word.
        source: io::Error,
    },
}

fn quoted(output: &str) -> String {
    let output = output.trim();
    if output.is_empty() {
        return String::new();
    }
    let start = output.ceil_char_boundary(output.len().saturating_sub(QUOTED));
    let cut = if start > 0 { "…" } else { "" };
    let tail = output.get(start..).unwrap_or_default();
    format!(", it said `{cut}{}`", tail.escape_debug())
}
