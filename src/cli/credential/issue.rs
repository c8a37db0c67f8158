//! `rekindle credential issue`: a break-glass kubeconfig.

use std::io::Write;

use anstyle::Style;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::super::arguments::CredentialIssue;
use super::super::clock::{observe_with_journal, write_clock_doubts};
use super::super::cluster_authority::take_cluster_authority;
use super::super::ended::write_warnings;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::hand_out::HandingOut;
use super::super::interrupted::refuse_unfinished;
use super::super::observed::{demand_node, lock};
use super::super::paragraph::write_lines;
use super::super::prompt::{confirm, demand_terminal};
use super::super::render::{span, timestamp};
use super::report::{EXPLANATION, Report};
use super::request::{RUNBOOK, Request, server};
use crate::age;
use crate::inventory::Inventory;
use crate::issuance::{UserCluster, UserCredential};
use crate::journal::Act;
use crate::kubernetes::Cluster;
use crate::node::{self, Root};
use crate::pki::{Authority, Certificate, Validity};
use crate::plan::{Refusal, RefusalCode, accepted_clock_doubts, signing_obstacles};
use crate::recovery::{HandOut, Reason};

/// What kubeadm calls a cluster that was not named otherwise.
const KUBERNETES: &str = "kubernetes";

/// Makes the credential, and writes it into the file, under the journal of a run of its own. 1 where there are warnings.
pub fn issue(
    root: &Root,
    arguments: &CredentialIssue,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let request = Request::of(root, arguments)?;
    let _lock = lock(root)?;
    let left_over = refuse_unfinished(root)?;
    let mut inventory = observe_with_journal(root)?;
    demand_node(root, &inventory)?;
    let inventory_digest = inventory.digest();
    let now = node::now();
    let refusals = signing_obstacles(&inventory, now, arguments.accept_clock);
    if !refusals.is_empty() {
        let refusals: Vec<Refusal> = refusals
            .into_iter()
            .map(|it| with_way_out(root, it))
            .collect();
        return Err(Failure::refused(&refusals));
    }
    let cluster = cluster(&inventory);
    let server = server(arguments, cluster.and_then(Cluster::server))?;
    let cluster = cluster.map_or(KUBERNETES, Cluster::name).to_owned();
    let ended = ended_server(root, &inventory, now);
    let (authorities, authority) = take_cluster_authority(root, &mut inventory, now)?;
    let validity = validity(root, arguments, &authority, now)?;
    if arguments.accept_clock {
        write_warnings(&accepted_clock_doubts(&inventory, now), out)?;
    }
    write_clock_doubts(root, None, out)?;
    let report = Report {
        arguments,
        request: &request,
        server: &server,
        not_after: validity.not_after,
    };
    let warn = |out: &mut dyn Write| write_warnings(ended.as_slice(), out);
    if arguments.yes {
        // Whether or not somebody reads it.
        let _ = warn(out).and_then(|()| report.write_dangers(out));
    } else {
        demand_terminal()?;
        warn(out)?;
        report.write_intention(out)?;
        if !confirm("Make it?", out, |out| {
            write_lines(EXPLANATION, Style::new(), 0, out)
        })? {
            writeln!(out, "Nothing was made.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    let credential = make(arguments, &authority, &validity)?;
    let kubeconfig = credential
        .kubeconfig(&UserCluster {
            name: &cluster,
            server: &server,
            authorities: &authorities,
        })
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))?;
    let made = HandOut {
        act: act(arguments, &request, &server, &credential.certificate),
        path: arguments.out.clone(),
        bytes: sealed(kubeconfig, &request)?,
    };
    let handing_out = HandingOut {
        files: &[made],
        folder: &request.folder,
        inventory_digest,
        left_over,
        reason: Reason {
            reason: Some(arguments.reason.clone()),
            ticket: arguments.ticket.clone(),
            arguments: wishes_in_effect(arguments, &server),
        },
    };
    handing_out.run(root, authority, |ended| {
        report.write_made(root, &credential.certificate, ended, out)?;
        out.flush()
    })
}

/// The cluster that the administrator's kubeconfig leads to.
fn cluster(inventory: &Inventory) -> Option<&Cluster> {
    inventory.credential("admin.conf")?.cluster.as_ref()
}

/// What is to be said where this node's API server cannot be asked by anybody: its certificate has ended.
fn ended_server(root: &Root, inventory: &Inventory, now: OffsetDateTime) -> Option<String> {
    let end = inventory.original("apiserver")?.not_after();
    (end < now).then(|| {
        format!(
            "the certificate of this node's API server (apiserver) ended at {}: until it has a new one, no client believes the server, and \
             the credential is of no use there; first: {}",
            timestamp(end),
            root.command("recover")
        )
    })
}

/// What stops a recovery, with the way out of somebody who wants a way in.
fn with_way_out(root: &Root, refusal: Refusal) -> Refusal {
    let remedy = match refusal.code {
        RefusalCode::AuthorityKeyMissing => {
            format!(
                "issue it on a control plane that has the key, or where its owner keeps it; a recovery asks for signatures with {}, which is \
                 for the certificates of nodes and for no new one",
                root.command("csr export")
            )
        }
        _ => refusal.remedy,
    };
    Refusal { remedy, ..refusal }
}

/// As long as was asked for, or not at all: a shorter life than somebody counts on ends in the middle of their work.
fn validity(
    root: &Root,
    arguments: &CredentialIssue,
    authority: &Authority,
    now: OffsetDateTime,
) -> Result<Validity, Failure> {
    let asked = Validity::starting_at(now, arguments.ttl, None);
    let authority = Validity::of(authority.certificate());
    let possible = asked.within(&authority);
    if possible.not_after == asked.not_after {
        return Ok(possible);
    }
    let message = format!(
        "a --ttl of {} is longer than the cluster's CA lives, which ends at {}",
        span(arguments.ttl),
        timestamp(authority.not_after)
    );
    let left = authority.not_after - now;
    let hint = if left.whole_minutes() > 0 {
        format!(
            "ask for less: --ttl {}; or give the CA new dates first: {}",
            span(rounded_down(left)),
            root.command("ca reissue")
        )
    } else {
        format!(
            "give the CA new dates first: {}",
            root.command("ca reissue")
        )
    };
    Err(Failure::new(Exit::Refused, message)
        .hint(hint)
        .runbook(RUNBOOK))
}

/// In the largest unit that is not too long: whole days, hours or minutes.
fn rounded_down(left: time::Duration) -> std::time::Duration {
    let seconds = left.whole_seconds().unsigned_abs();
    let units = [86_400, 3_600];
    let unit = units.into_iter().find(|unit| seconds >= *unit);
    let unit = unit.unwrap_or(60);
    std::time::Duration::from_secs(seconds / unit * unit)
}

fn make(
    arguments: &CredentialIssue,
    authority: &Authority,
    validity: &Validity,
) -> Result<UserCredential, Failure> {
    let (user, groups) = (&arguments.user, &arguments.group);
    UserCredential::issue(user, groups, arguments.algorithm, authority, validity)
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))
}

/// The content of the file: the kubeconfig as it is, or what only its recipients can read.
fn sealed(
    kubeconfig: Zeroizing<Vec<u8>>,
    request: &Request,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if request.recipients.is_empty() {
        return Ok(kubeconfig);
    }
    age::encrypt(&kubeconfig, &request.recipients)
        .map(Zeroizing::new)
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))
}

fn act(
    arguments: &CredentialIssue,
    request: &Request,
    server: &str,
    certificate: &Certificate,
) -> Act {
    Act::Credential {
        user: arguments.user.clone(),
        groups: arguments.group.clone(),
        server: server.to_owned(),
        serial: certificate.serial().to_string(),
        fingerprint: certificate.fingerprint(),
        not_after: certificate.not_after(),
        sealed_to: request.recipients.iter().map(ToString::to_string).collect(),
    }
}

/// What was asked for, defaults included: nothing else that stood on the command line is recorded.
fn wishes_in_effect(arguments: &CredentialIssue, server: &str) -> Vec<String> {
    let mut flags = vec!["credential issue".to_owned()];
    let switches = [
        (arguments.yes, "--yes"),
        (arguments.long_lived, "--long-lived"),
        (
            arguments.i_know_this_bypasses_rbac,
            "--i-know-this-bypasses-rbac",
        ),
        (arguments.accept_clock, "--accept-clock"),
    ];
    let said = switches.into_iter().filter(|(said, _)| *said);
    flags.extend(said.map(|(_, switch)| switch.to_owned()));
    flags.push(format!("--user={}", arguments.user));
    let groups = arguments.group.iter();
    flags.extend(groups.map(|group| format!("--group={group}")));
    flags.push(format!("--ttl={}", span(arguments.ttl)));
    flags.push(format!("--server={server}"));
    flags.push(format!("--algorithm={}", arguments.algorithm));
    let recipients = arguments.recipient.iter();
    flags.extend(recipients.map(|recipient| format!("--recipient={recipient}")));
    flags
}
