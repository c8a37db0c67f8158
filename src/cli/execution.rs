//! What every verb that begins a run does in the end.

use std::collections::BTreeSet;
use std::path::Path;

use super::failure::Failure;
use super::interrupted::clear;
use super::observed::confine;
use super::progress::Watch;
use super::restart::{LeftRunning, Outlook};
use crate::node::Root;
use crate::pki::Authority;
use crate::recovery::{self, Ended, Interrupted, Live, Reason, RecoveryError, Undertaking};

/// Does all that `undertaking` says, and with it the restart that was decided. Gives back besides what is to be said of processes that
/// are left alone.
pub(super) fn carry_out_with(
    root: &Root,
    mut outlook: Outlook,
    undertaking: &mut Undertaking,
    cluster: Option<Authority>,
    left_over: Option<Interrupted>,
    reason: &Reason,
    watch: &mut Watch,
) -> Result<(Ended, LeftRunning), Failure> {
    outlook.add_to(undertaking);
    let (live, left) = outlook.begin()?;
    let ended = carry_out(root, undertaking, cluster, left_over, live, reason, watch)?;
    Ok((ended, left))
}

/// Does all that `undertaking` says. `cluster` vouches for the journal.
pub(super) fn carry_out(
    root: &Root,
    undertaking: &Undertaking,
    cluster: Option<Authority>,
    left_over: Option<Interrupted>,
    live: Option<Live>,
    reason: &Reason,
    watch: &mut Watch,
) -> Result<Ended, Failure> {
    let ended = under_way(root, undertaking, None, left_over, reason, watch, |watch| {
        recovery::carry_out(root, undertaking, cluster, live, reason, watch)
    })?;
    watch.report(root, &ended);
    Ok(ended)
}

/// Asks the disks, clears away what an earlier run left lying about, and does `run`, which writes where `undertaking` says, and
/// into the `operand`, the operator's folder.
pub(super) fn under_way(
    root: &Root,
    undertaking: &Undertaking,
    operand: Option<&Path>,
    left_over: Option<Interrupted>,
    reason: &Reason,
    watch: &mut Watch,
    run: impl FnOnce(&mut Watch) -> Result<Ended, RecoveryError>,
) -> Result<Ended, Failure> {
    let refusals = recovery::preflight(root, undertaking);
    if !refusals.is_empty() {
        return Err(Failure::refused(&refusals));
    }
    let theirs = left_over.iter().flat_map(Interrupted::folders);
    let folders: BTreeSet<&Path> = undertaking.folders().into_iter().chain(theirs).collect();
    confine(root, folders, operand)?;
    let mut warnings = match left_over {
        Some(left_over) => clear(root, left_over, reason, watch)?,
        None => Vec::new(),
    };
    let ended = run(watch);
    watch.finish();
    let mut ended = ended.map_err(|error| Failure::of_recovery(root, &error))?;
    warnings.append(&mut ended.warnings);
    Ok(Ended { warnings, ..ended })
}
