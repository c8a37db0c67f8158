//! What the exit code of a run says about the node, and whether that is true.

use crate::judge::{Found, Judge, Phase};
use crate::strace::{Ended, Fault};

/// What is no violation in the circumstances.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// The exit code of a recovery in which nothing fails.
    pub normal: i32,
    /// SIGKILL was sent.
    pub was_killed: bool,
    /// Nothing could be removed.
    pub no_removal: bool,
}

impl Circumstances {
    pub fn of(fault: &Fault, normal: i32) -> Self {
        Self {
            normal,
            was_killed: fault.is_kill(),
            no_removal: fault.call.starts_with("unlink"),
        }
    }

    pub fn usual(normal: i32) -> Self {
        Self {
            normal,
            was_killed: false,
            no_removal: false,
        }
    }
}

/// Holds how a run of `recover`, `resume` or `rollback` ended against what was found.
pub fn check(
    judge: &Judge,
    ended: &Ended,
    found: &Found,
    circumstances: Circumstances,
) -> Result<(), String> {
    let wrong = |words: &str| Err(format!("{}, but {words}: {ended:?}", ended.outcome()));
    let normal = circumstances.normal;
    let is_sealed = found.phase == Phase::Ended;
    let may_leave_files = ended.was_killed() || ended.code == Some(5) || circumstances.no_removal;
    if !found.leftovers.is_empty() && !may_leave_files {
        return wrong(&format!("{} is left over", found.leftovers.join(", ")));
    }
    match ended.code {
        None if ended.was_killed() && circumstances.was_killed => Ok(()),
        Some(code @ (0 | 1)) => {
            let why = if code == normal { "" } else { "warning" };
            if !ended.stdout.contains(why) {
                return wrong("nothing says why");
            }
            if found.old > 0 || found.new == 0 {
                return wrong(&format!("{} files are still old", found.old));
            }
            if code == 0 && !is_sealed {
                return wrong("the journal is not closed");
            }
            Ok(())
        }
        Some(3 | 4) if found.phase == Phase::Committed => wrong("the run is unfinished"),
        Some(3 | 4) => match judge.is_as_before(found) {
            Ok(()) => Ok(()),
            Err(words) => wrong(&words),
        },
        Some(5) if found.phase != Phase::Committed => wrong("there is nothing to resume"),
        Some(5) if !(ended.stderr.contains("resume") || ended.stderr.contains("rollback")) => {
            wrong("nothing says how to go on")
        }
        Some(5) => Ok(()),
        _ => wrong("that is no end"),
    }
}
