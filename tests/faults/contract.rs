//! What the exit code of a run says about the node, and whether that is true.

use crate::judge::{Found, Judge, Phase};
use crate::process::Ended;
use crate::strace::{Fault, When};

/// What has to be known of a run to judge its end.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The exit code of a recovery in which nothing fails.
    pub normal: i32,
    /// What was run: a rollback ends with the old files.
    pub verb: &'a str,
    /// What was made to happen, if anything.
    pub fault: Option<&'a Fault>,
    /// Nobody hears what is printed.
    pub is_unheard: bool,
}

impl<'a> Circumstances<'a> {
    pub fn of(verb: &'a str, fault: &'a Fault, normal: i32) -> Self {
        Self {
            fault: Some(fault),
            // Nothing can be printed at the end either.
            is_unheard: fault.call == "write" && matches!(fault.when, When::Onward(_)),
            ..Self::usual(verb, normal)
        }
    }

    pub fn usual(verb: &'a str, normal: i32) -> Self {
        Self {
            normal,
            verb,
            fault: None,
            is_unheard: false,
        }
    }

    fn may_be_killed(&self) -> bool {
        self.fault.is_some_and(Fault::is_kill)
    }

    fn prevents_removal(&self) -> bool {
        self.fault
            .is_some_and(|fault| fault.call.starts_with("unlink"))
    }
}

/// Holds how a run of `recover`, `resume` or `rollback` ended against what was found.
pub fn check(
    judge: &Judge,
    ended: &Ended,
    found: &Found,
    circumstances: Circumstances<'_>,
) -> Result<(), String> {
    let wrong = |words: &str| Err(format!("{}, but {words}: {ended:?}", ended.outcome()));
    let normal = circumstances.normal;
    let is_sealed = found.phase == Phase::Ended;
    let may_leave_files =
        ended.was_killed() || ended.code == Some(5) || circumstances.prevents_removal();
    if !found.leftovers.is_empty() && !may_leave_files {
        return wrong(&format!("{} is left over", found.leftovers.join(", ")));
    }
    match ended.code {
        None if ended.was_killed() && circumstances.may_be_killed() => Ok(()),
        Some(code @ (0 | 1)) => {
            let why = if code == normal { "" } else { "warning" };
            if !circumstances.is_unheard && !ended.stdout.contains(why) {
                return wrong("nothing says why");
            }
            if circumstances.verb == "rollback" {
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
            Ok(()) if !circumstances.is_unheard && !says_so(&ended.stderr) => {
                wrong("nothing says so")
            }
            Ok(()) => Ok(()),
            Err(words) => wrong(&words),
        },
        // The line that failed may be there or not: of the commit, or of the close.
        Some(5) if found.phase == Phase::Untouched => wrong("there is nothing to resume"),
        Some(5) if found.phase == Phase::Ended && found.old > 0 && found.new > 0 => {
            wrong("there is nothing to resume")
        }
        Some(5) if !circumstances.is_unheard && !says_how_to_go_on(&ended.stderr) => {
            wrong("nothing says how to go on")
        }
        Some(5) => Ok(()),
        _ => wrong("that is no end"),
    }
}

/// Both ways, or the one that is open.
fn says_how_to_go_on(stderr: &str) -> bool {
    ["resume", "rollback"]
        .iter()
        .any(|verb| stderr.contains(verb))
}

/// What an operator is told when nothing was changed in the end.
fn says_so(stderr: &str) -> bool {
    ["nothing was changed", "as it was before", "refused ("]
        .iter()
        .any(|words| stderr.contains(words))
}
