//! What is not as before a run that went back, though the run did not make it so.

use super::obstacle::{how_to_have_the_old, short};
use super::situation::Situation;
use crate::evidence::with_causes;
use crate::journal::{Change, Progress};
use crate::node::Root;
use crate::plan::LeftAlone;

/// The files that a run was to replace, has not touched or has brought back, and that are not as before it: somebody else
/// changed them, so they stay as they are, and are named. `known` is a change of which that was said already.
pub(super) fn not_as_before(
    root: &Root,
    changes: &[(Change, Progress)],
    known: Option<usize>,
) -> Vec<LeftAlone> {
    let settled = changes.iter().enumerate().filter(|(number, (_, made))| {
        matches!(made, Progress::Waiting | Progress::RolledBack) && Some(*number) != known
    });
    let strange = settled.filter_map(|(_, (change, _))| {
        let found = match Situation::of(root, change) {
            Situation::Before => return None,
            Situation::After => "what the run would have made of it".to_owned(),
            Situation::Foreign(found) => short(&found),
            Situation::Unreadable(error) => with_causes(&error),
        };
        Some(LeftAlone {
            name: change.name.clone(),
            reason: format!(
                "{} is not as it was before the run, which has not made it so: found {found}",
                change.target
            ),
            needs: format!(
                "a look, whether it is to stay so (rekindle runbook foreign-change); {}",
                how_to_have_the_old(root, change)
            ),
        })
    });
    strange.collect()
}
