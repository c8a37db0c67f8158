//! `recover --in-turn`: one node after the other, unattended.

use std::io::{self, Write};
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::exit::Exit;
use super::failure::Failure;
use super::render::printable;
use super::restart::Outlook;
use crate::control_plane::ControlPlane;
use crate::evidence::{moment, with_causes};
use crate::node::{self, Root, machine};
use crate::proof::{ApiServer, State};
use crate::turn::{Holder, Taken, Turn, TurnError, lease};

const RUNBOOK: &str = "renewal-ahead";
/// No run takes so long: whoever has the turn longer is stuck, or dead. Clocks may differ by as much.
const LONGEST: Duration = Duration::HOUR;

/// Refuses what an unattended renewal must not do: end what serves others, or begin while the API server is not well.
pub(super) fn demand_gentleness(outlook: &Outlook) -> Result<(), Failure> {
    if !outlook.leaves_the_api_up() {
        return Err(refused(
            "not in turn: nothing was changed",
            &format!(
                "the restart would be `{}`, since {}: in turn only what holds an old credential is ended, and the API stays up",
                outlook.strategy(),
                outlook.because()
            ),
        ));
    }
    let (root, plane) = outlook.place();
    match ApiServer::of(root, plane).health("/readyz") {
        State::Proven { .. } => Ok(()),
        state @ State::Open { .. } => Err(refused(
            "not in turn, for the API server of this node is not ready: nothing was changed",
            state.evidence(),
        )),
    }
}

/// The turn; who has it instead is told.
pub(super) fn take(outlook: &Outlook, out: &mut dyn Write) -> Result<Result<Turn, Exit>, Failure> {
    let (root, plane) = outlook.place();
    let server = ApiServer::of(root, plane);
    match Turn::take(server, own_name(plane)).map_err(|error| unknown(&error))? {
        Taken::Ours(turn) => Ok(Ok(turn)),
        Taken::Theirs(holder) => stand_back(&holder, node::now(), out).map(Err),
    }
}

/// Whether this node still has the turn from an earlier run. Where nobody can tell, nothing is to be done about it now.
pub(super) fn is_kept(root: &Arc<Root>, plane: &ControlPlane) -> bool {
    Turn::is_kept_by(&ApiServer::of(root, plane), &own_name(plane)).unwrap_or(false)
}

/// Gives the turn up behind a proof, and keeps it otherwise, so that no other node follows.
pub(super) fn end(turn: Turn, ended: &Result<(Exit, bool), Failure>) -> io::Result<()> {
    let (given, what) = match ended {
        Ok((_, true)) => (turn.give_up(), "given up"),
        // What an earlier run has left unproven is as unproven as before.
        Err(failure) if failure.exit == Exit::Refused && turn.is_of_earlier_run() => {
            return writeln!(
                anstream::stderr().lock(),
                "warning: this node keeps the turn of an earlier run (Lease {}), for nothing was proven; see: rekindle runbook {RUNBOOK}",
                lease()
            );
        }
        // Before the first write: nothing was begun.
        Err(failure) if failure.exit == Exit::Refused => (turn.give_up(), "given up"),
        Ok((exit, false)) => (turn.keep(words(*exit)), "marked"),
        Err(failure) => (turn.keep(words(failure.exit)), "marked"),
    };
    let Err(error) = given else {
        return Ok(());
    };
    writeln!(
        anstream::stderr().lock(),
        "warning: the turn of this node (Lease {}) could not be {what}: {}; see: rekindle runbook {RUNBOOK}",
        lease(),
        printable(&with_causes(&error))
    )
}

fn words(exit: Exit) -> String {
    let what = match exit {
        Exit::Failed => "failed: nothing was changed in the end",
        Exit::HalfWay => "stopped half-way",
        _ => "not proven to be running",
    };
    format!("{what} (exit {})", exit.code())
}

/// The kubelet's name for the node; where its certificate cannot tell, that of the host, which kubeadm takes.
fn own_name(plane: &ControlPlane) -> String {
    let node = plane.kubelet.node.clone();
    node.unwrap_or_else(|| machine().name.to_lowercase())
}

fn stand_back(holder: &Holder, now: OffsetDateTime, out: &mut dyn Write) -> Result<Exit, Failure> {
    let node = printable(&holder.node);
    let since = holder
        .since
        .map_or_else(|| "an unknown time".to_owned(), moment);
    // A clock that is an hour off is no reason to wait for ever.
    let is_long = holder
        .since
        .is_none_or(|since| (now - since).abs() > LONGEST);
    if holder.stuck.is_none() && !is_long {
        writeln!(
            out,
            "It is the turn of {node}, since {since}; nothing was changed here."
        )?;
        return Ok(Exit::Done);
    }
    let how = holder
        .stuck
        .as_deref()
        .unwrap_or("it has not come to an end");
    Err(Failure::new(
        Exit::ActionNeeded,
        format!("{node} has had the turn since {since}, and is stuck: nothing was changed here"),
    )
    .hint(format!(
        "look at {node} first: rekindle verify there ({}); then free the Lease {}",
        printable(how),
        lease()
    ))
    .runbook(RUNBOOK))
}

fn unknown(error: &TurnError) -> Failure {
    refused(
        "not in turn, for nobody can tell whose turn it is: nothing was changed",
        &with_causes(error),
    )
}

fn refused(message: &str, evidence: &str) -> Failure {
    Failure::new(Exit::Refused, format!("{message}: {}", printable(evidence)))
        .hint("somebody has to look: rekindle verify, rekindle plan; by hand without --in-turn: rekindle recover")
        .runbook(RUNBOOK)
}
