//! What the exit code of a run says about the node, and whether that is true.

use crate::judge::{Found, Judge, Phase};
use crate::process::Ended;
use crate::strace::{Fault, When};

/// What is no violation in the circumstances.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// The exit code of a recovery in which nothing fails.
    pub normal: i32,
    /// Every file is to be the old one in the end.
    pub is_back: bool,
    /// SIGKILL was sent.
    pub was_killed: bool,
    /// Nothing could be removed.
    pub no_removal: bool,
    /// Nothing could be printed at the end.
    pub is_mute: bool,
}

impl Circumstances {
    pub fn of(fault: &Fault, normal: i32) -> Self {
        Self {
            normal,
            was_killed: fault.is_kill(),
            no_removal: fault.call.starts_with("unlink"),
            is_back: false,
            is_mute: fault.call == "write" && matches!(fault.when, When::Onward(_)),
        }
    }

    /// A `verb` that is killed: where it came to its end, all is new, or old after a rollback.
    pub fn second(normal: i32, verb: &str) -> Self {
        Self {
            was_killed: true,
            is_back: verb == "rollback",
            ..Self::usual(normal)
        }
    }

    pub fn usual(normal: i32) -> Self {
        Self {
            normal,
            was_killed: false,
            no_removal: false,
            is_back: false,
            is_mute: false,
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
            if !circumstances.is_mute && !ended.stdout.contains(why) {
                return wrong("nothing says why");
            }
            if circumstances.is_back {
                return judge.is_as_before(found);
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
            Ok(()) if !circumstances.is_mute && !says_so(&ended.stderr) => wrong("nothing says so"),
            Ok(()) => Ok(()),
            Err(words) => wrong(&words),
        },
        // The line that failed may be there or not: of the commit, or of the close.
        Some(5) if found.phase == Phase::Untouched => wrong("there is nothing to resume"),
        Some(5) if found.phase == Phase::Ended && found.old > 0 && found.new > 0 => {
            wrong("there is nothing to resume")
        }
        Some(5) if !circumstances.is_mute && !ended.stderr.contains("rollback") => {
            wrong("nothing says how to go on")
        }
        Some(5) => Ok(()),
        _ => wrong("that is no end"),
    }
}

/// What an operator is told when nothing was changed in the end.
fn says_so(stderr: &str) -> bool {
    ["nothing was changed", "as it was before", "refused ("]
        .iter()
        .any(|words| stderr.contains(words))
}
