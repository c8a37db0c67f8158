//! An interrupted run, taken up again: what `resume` and `rollback` have in common.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::arguments::{RestartName, Way};
use super::clock::write_clock_doubts;
use super::ended::{Arrival, despite_lost_output, exit, write_ended, write_proven, write_warnings};
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::write_state;
use super::journal::outcome_in_words;
use super::observed::confine;
use super::prompt::{confirm, demand_terminal};
use super::recover::{LaidOut, lay_out, write_outside};
use super::render::{GOOD, WARNING, count};
use super::restart::{LeftRunning, Outlook};
use super::vouching::vouched;
use crate::inventory::{Inventory, cluster_authority, cluster_authority_with_new_dates};
use crate::issuance::AUTHORITY_LOCATION;
use crate::journal::{Change, Progress as Made, RunOutcome};
use crate::kubernetes::AuthorityName;
use crate::node::{self, Root};
use crate::plan::Refusal;
use crate::recovery::{
    self, Ended, Halt, Interrupted, Live, MANIFEST, Observer, Reason, ReissuedPlaces,
    TakeUpRequest, clock_doubts,
};

/// Where a run is taken, in the operator's words.
pub(super) struct Destination {
    /// Which verb leads there.
    pub(super) verb: &'static str,
    /// What the operator is asked.
    pub(super) question: &'static str,
    /// What is said when the operator wants to know more.
    pub(super) explanation: &'static str,
    /// What is said when the run is there.
    pub(super) arrived: &'static str,
    /// How the components are restarted where nothing else is wished for.
    pub(super) restart: RestartName,
    /// How a run has ended that is there.
    pub(super) aim: RunOutcome,
    /// How to go there from a run that had ended elsewhere.
    pub(super) instead: fn(&Root, &str) -> String,
    /// Why it cannot be taken there as things are.
    pub(super) obstacles: fn(&Root, &Interrupted, bool) -> Vec<Refusal>,
    /// Takes it there.
    pub(super) take:
        fn(&Root, Interrupted, TakeUpRequest<'_>, &mut dyn Observer) -> Result<Ended, Halt>,
}

impl Destination {
    /// The verb and its wishes in effect, for the journal.
    pub(super) fn flags(&self, way: &Way) -> Vec<String> {
        let mut flags = vec![self.verb.to_owned()];
        if way.yes {
            flags.push("--yes".to_owned());
        }
        if way.skip_foreign {
            flags.push("--skip-foreign".to_owned());
        }
        flags.extend(way.key.iter().map(|key| format!("--key={key}")));
        flags.extend(way.restart.flags(self.restart));
        flags
    }
}

/// Of a run that had ended.
const BRING_CHECKPOINT: &str = "Bring its last checkpoint?";
const NOTHING_ELSE: &str = "Every file is settled. The journal gets the line that a crash kept from it, and nothing\n\
                            else is changed.";

/// Asks, takes the run there, and tells how it ended.
pub(super) fn take_up(
    root: &Root,
    interrupted: Interrupted,
    destination: &Destination,
    way: &Way,
    reason: &Reason,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    demand_no_manifests(root, way)?;
    let had_ended = interrupted.chain.outcome();
    // Of a run that had ended no file is changed any more.
    if had_ended.is_none() {
        vouched(root, &interrupted.chain, destination.verb, way, out)?;
    }
    let mut refusals = recovery::check_targets(root, interrupted.targets());
    // Before somebody is asked what cannot be done anyway; whoever said yes beforehand has it looked at once, right before.
    if !way.yes && refusals.is_empty() {
        refusals = (destination.obstacles)(root, &interrupted, way.skip_foreign);
    }
    if !refusals.is_empty() {
        return Err(Failure::refused(&refusals));
    }
    let reverses = interrupted.chain.genesis().reverses().map(str::to_owned);
    let last = interrupted.chain.last_written();
    let is_of_authority = concerns_authority(&interrupted);
    if is_of_authority {
        // Which dates its certificate has meanwhile is what the run is about.
        write_warnings(&clock_doubts(node::now(), &[], Some(last)), out)?;
    } else {
        write_clock_doubts(root, Some(last), out)?;
    }
    if !way.yes {
        demand_terminal()?;
        write_state(&interrupted, out)?;
        if destination.aim == RunOutcome::RolledBack && had_ended.is_none() {
            let changes = interrupted.chain.changes().unwrap_or_default();
            let changes = changes.iter().map(|(change, _)| change);
            write_expired_again(changes, way.restart.restart.is_none(), out)?;
        }
        let (question, explanation) = match had_ended {
            Some(_) => (BRING_CHECKPOINT, NOTHING_ELSE),
            None => (destination.question, destination.explanation),
        };
        if !confirm(question, out, |out| writeln!(out, "{explanation}\n"))? {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    let now = node::now();
    let authority = if is_of_authority {
        cluster_authority_with_new_dates(root, now)
    } else {
        cluster_authority(root, now)
    };
    let (live, left) = live(root, &interrupted, destination, way)?;
    confine(root, interrupted.folders(), None)?;
    let mut watch = way.telling.voice().watch();
    let request = TakeUpRequest {
        authority,
        skip_foreign: way.skip_foreign,
        live,
        reason,
    };
    let places = ReissuedPlaces::of(&interrupted.chain);
    let ended = (destination.take)(root, interrupted, request, &mut watch);
    watch.finish();
    let ended = ended.map_err(|halt| Failure::of_halt(root, &halt))?;
    watch.report(root, &ended);
    let run = ended.run.clone();
    let is_completed = [destination.aim, ended.outcome] == [RunOutcome::Completed; 2];
    // One that takes another run back has brought the old certificates.
    let laid_out = (is_completed && reverses.is_none())
        .then(|| lay_out(root, &ended, &places.look(root)))
        .flatten();
    // The way back of a run that takes another one back leads to what that one had made.
    let goes_back = match ended.outcome {
        RunOutcome::RolledBack => true,
        RunOutcome::Completed => false,
        RunOutcome::HalfWay => destination.aim == RunOutcome::RolledBack,
    };
    let arrival = if goes_back == reverses.is_some() {
        Arrival::New
    } else {
        Arrival::Old
    };
    match had_ended {
        Some(outcome) if outcome != destination.aim => Ok(tell_elsewhere(
            root,
            destination,
            (&run, &ended, arrival),
            &left,
            out,
        )),
        _ => {
            let run = match (reverses, destination.aim) {
                (Some(other), RunOutcome::RolledBack) => {
                    format!("{run}: the files are those of the run {other} again")
                }
                (Some(other), _) => format!("{run}: the files are as before the run {other}"),
                (None, _) => run,
            };
            let tale = Tale {
                arrived: destination.arrived,
                run: &run,
                ended: &ended,
                arrival,
                laid_out,
            };
            Ok(tale.tell(root, &left, out))
        }
    }
}

/// How many of the certificates that are brought back have ended; whoever is asked is to know it before.
pub(super) fn write_expired_again<'a>(
    changes: impl Iterator<Item = &'a Change>,
    is_nothing_restarted: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let now = node::now();
    let ended = changes.filter(|change| {
        let certificate = change.certificate.as_ref();
        let before = certificate.and_then(|certificate| certificate.before.as_ref());
        before.is_some_and(|before| before.not_after <= now)
    });
    let names: BTreeSet<&str> = ended.map(|change| change.name.as_str()).collect();
    let nothing = if is_nothing_restarted {
        ", and nothing is restarted"
    } else {
        ""
    };
    match names.len() {
        0 if is_nothing_restarted => writeln!(out, "Nothing is restarted."),
        0 => Ok(()),
        number => writeln!(
            out,
            "{WARNING}{} will be expired again{nothing}.{WARNING:#}",
            count(number, "certificate")
        ),
    }
}

/// Whether the run exchanges the certificate of the cluster's own authority.
fn concerns_authority(interrupted: &Interrupted) -> bool {
    let changes = interrupted.chain.changes().unwrap_or_default();
    changes.iter().any(|(change, _)| {
        change.location == AUTHORITY_LOCATION && change.name == AuthorityName::Cluster.as_str()
    })
}

/// A kubelet that starts beside old processes whose manifests have changed meanwhile ends them by force, etcd too.
pub(super) fn demand_no_old_processes(changes_manifests: bool, way: &Way) -> Result<(), Failure> {
    if !changes_manifests || way.restart.restart != Some(RestartName::Stale) {
        return Ok(());
    }
    let message = "--restart stale leaves processes alone whose manifests change: the kubelet would end them by force";
    Err(Failure::usage(message).hint("--restart all, or --restart none"))
}

/// A run has committed to what it changes before it was interrupted: manifests cannot be added to that.
fn demand_no_manifests(root: &Root, way: &Way) -> Result<(), Failure> {
    let (name, again) = match way.restart.restart {
        Some(RestartName::Stamp) => ("stamp", "recover --restart stamp"),
        Some(RestartName::Move) => ("move", "recover --restart move"),
        _ => return Ok(()),
    };
    let message = format!(
        "--restart {name} is not for a run that was begun without it: manifests are changed"
    );
    Err(Failure::usage(message).hint(format!(
        "--restart all; or --restart none, and when the run is at its end: {}",
        root.command(again)
    )))
}

/// What is restarted when the run is there: by default what a recovery restarts, and nothing for a way back, after which
/// the old files are there again.
fn live(
    root: &Root,
    interrupted: &Interrupted,
    destination: &Destination,
    way: &Way,
) -> Result<(Option<Live>, LeftRunning), Failure> {
    let changes = interrupted.chain.changes().unwrap_or_default();
    let renewed: Vec<&str> = changes
        .iter()
        .map(|(change, _)| change.name.as_str())
        .collect();
    let is_stamped = changes
        .iter()
        .any(|(change, made)| change.location == MANIFEST && *made != Made::Done);
    let default = match destination.restart {
        RestartName::Auto if is_stamped => RestartName::All,
        other => other,
    };
    demand_no_old_processes(is_stamped, way)?;
    // A damaged node is no reason not to finish: what cannot be read there is not restarted.
    let inventory = Inventory::observe(root);
    let restart = &way.restart;
    let mut outlook = Outlook::of(root, &inventory, restart, default, &renewed)?;
    outlook.demand_manager(root, interrupted)?;
    outlook.begin()
}

/// Tells that a run is not where it was to be taken: it had come to another end before, and nothing leads on from there.
fn tell_elsewhere(
    root: &Root,
    destination: &Destination,
    (run, ended, arrival): (&str, &Ended, Arrival),
    left: &LeftRunning,
    out: &mut dyn Write,
) -> Exit {
    let outcome = outcome_in_words(ended.outcome);
    let written = writeln!(
        out,
        "{WARNING}The run {run} had already ended{WARNING:#}: {outcome}. Only its last checkpoint was missing; no file was changed."
    )
    .and_then(|()| writeln!(out, "{}", (destination.instead)(root, run)))
    .and_then(|()| write_ended(root, ended, out))
    .and_then(|()| write_proven(root, (ended, arrival), left, out))
    .and_then(|()| out.flush());
    despite_lost_output(root, ended, &written);
    Exit::ActionNeeded
}

/// That a run has come to its end, forward or back.
pub(super) struct Tale<'a> {
    /// What is said of it.
    pub(super) arrived: &'static str,
    /// Which one, in words.
    pub(super) run: &'a str,
    pub(super) ended: &'a Ended,
    pub(super) arrival: Arrival,
    /// New certificates of authorities, for others.
    pub(super) laid_out: LaidOut,
}

impl Tale<'_> {
    /// Tells it, and says how the verb ends.
    pub(super) fn tell(self, root: &Root, left: &LeftRunning, out: &mut dyn Write) -> Exit {
        let Self {
            arrived,
            run,
            ended,
            arrival,
            laid_out,
        } = self;
        let written = writeln!(out, "{GOOD}{arrived}{GOOD:#} the run {run}")
            .and_then(|()| write_ended(root, ended, out))
            .and_then(|()| write_outside(root, laid_out, out))
            .and_then(|()| write_proven(root, (ended, arrival), left, out))
            .and_then(|()| out.flush());
        despite_lost_output(root, ended, &written);
        exit(root, ended)
    }
}
