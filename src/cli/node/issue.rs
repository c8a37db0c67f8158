//! `rekindle node issue`: sealed credentials for the kubelets of other nodes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::super::arguments::NodeIssue;
use super::super::clock::{last_written, write_clock_doubts};
use super::super::cluster_authority::take_cluster_authority;
use super::super::ended::{write_ended, write_warnings};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::hand_out::HandingOut;
use super::super::interrupted::{reason, refuse_unfinished};
use super::super::observed::{lock, observe};
use super::super::out_folder::demand_folder_for_keys;
use super::super::prompt::{confirm, demand_terminal};
use super::super::render::{GOOD, count, date_cell, printable, span};
use super::super::table::{Cell, Table, terminal_columns};
use super::NodeOperand;
use crate::bundle::NodeBundle;
use crate::inventory::Inventory;
use crate::issuance::{KUBELET_CREDENTIAL, NodeCredential};
use crate::journal::Act;
use crate::kubernetes::user_of_node;
use crate::node::{self, Root, look_at_operand};
use crate::pki::{Authority, Certificate, Validity};
use crate::plan::{accepted_clock_doubts, signing_obstacles};
use crate::recovery::{Ended, HandOut};

/// What a certificate must live for longer than: it is valid from five minutes ago.
const SHORTEST: std::time::Duration = std::time::Duration::from_mins(5);

const EXPLANATION: &str = "For each node a new key and a certificate are made, sealed into one file by this cluster's CA,\n\
    for the host with that machine id alone. Whoever has the file has the key in it: carry it as\n\
    a secret, and remove it when it is installed. A certificate that was handed out cannot be\n\
    taken back; it ends by itself.\n";

/// Makes a file for each node.
pub fn issue(root: &Root, arguments: &NodeIssue, out: &mut dyn Write) -> Result<Exit, Failure> {
    let files = files(root, arguments)?;
    let _lock = lock(root)?;
    let left_over = refuse_unfinished(root)?;
    let mut inventory = observe(root)?;
    // Of the node as `plan` sees it: the key leaves the inventory below.
    let inventory_digest = inventory.digest();
    let now = node::now();
    let refusals = signing_obstacles(&inventory, now, arguments.accept_clock);
    if !refusals.is_empty() {
        return Err(Failure::refused(&refusals));
    }
    let (authorities, authority) = take_cluster_authority(root, &mut inventory, now)?;
    let validity = Validity::starting_at(now, arguments.validity, Some(authority.certificate()));
    if arguments.accept_clock {
        write_warnings(&accepted_clock_doubts(&inventory, now), out)?;
    }
    write_clock_doubts(root, last_written(root), out)?;
    if !arguments.yes {
        demand_terminal()?;
        write_intention(arguments, &files, validity.not_after, out)?;
        if !confirm("Make them?", out, |out| writeln!(out, "{EXPLANATION}"))? {
            writeln!(out, "Nothing was made.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    let issuing = Issuing {
        authority: &authority,
        authorities: &authorities,
        api_server: api_server(&inventory),
        validity,
        now,
    };
    let nodes = arguments.nodes.iter().zip(&files);
    let hand_outs = nodes
        .map(|(operand, path)| issuing.issue(operand, path))
        .collect::<Result<Vec<HandOut>, Failure>>()?;
    let handing_out = HandingOut {
        files: &hand_outs,
        folder: &arguments.out,
        inventory_digest,
        left_over,
        reason: reason(&arguments.words, wishes_in_effect(arguments)),
    };
    handing_out.run(root, authority, |ended| {
        write_report(root, &hand_outs, ended, out)?;
        out.flush()
    })
}

/// Where each file goes, in the order of the nodes; nothing may be there, and no node named twice.
fn files(root: &Root, arguments: &NodeIssue) -> Result<Vec<PathBuf>, Failure> {
    if arguments.validity <= SHORTEST {
        return Err(Failure::usage(format!(
            "a validity of {} is too short to be of use",
            span(arguments.validity)
        )));
    }
    let folder = &arguments.out;
    demand_folder_for_keys(root, folder)?;
    let mut files = Vec::new();
    for operand in &arguments.nodes {
        let file = folder.join(format!("{}.rekindle-node", operand.name));
        if files.contains(&file) {
            return Err(Failure::usage(format!("{} is named twice", operand.name)));
        }
        if let (_, true) = look_at_operand(&file) {
            let message = format!("{} is there already", file.display());
            return Err(Failure::new(Exit::Usage, message)
                .hint("no file is overwritten: remove it, or name another folder"));
        }
        files.push(file);
    }
    Ok(files)
}

/// Where the administrator asks the API, for people to compare.
fn api_server(inventory: &Inventory) -> Option<String> {
    let administrator = inventory.credential("admin.conf")?;
    let server = administrator.cluster.as_ref()?.server()?;
    Some(server.to_owned())
}

/// What all of them have in common.
struct Issuing<'a> {
    authority: &'a Authority,
    authorities: &'a [Certificate],
    api_server: Option<String>,
    validity: Validity,
    now: OffsetDateTime,
}

impl Issuing<'_> {
    fn issue(&self, operand: &NodeOperand, path: &Path) -> Result<HandOut, Failure> {
        let credential = NodeCredential::issue(
            KUBELET_CREDENTIAL,
            &operand.name,
            self.authority,
            &self.validity,
        )
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))?;
        let certificate = &credential.certificate;
        let act = Act::Issue {
            node: operand.name.clone(),
            machine_id: operand.machine_id.to_string(),
            serial: certificate.serial().to_string(),
            fingerprint: certificate.fingerprint(),
            not_after: certificate.not_after(),
        };
        let bundle = NodeBundle {
            node: operand.name.clone(),
            machine_id: operand.machine_id.clone(),
            issued_at: self.now.truncate_to_second(),
            issued_by: node::machine().name,
            authorities: self.authorities.to_vec(),
            api_server: self.api_server.clone(),
            credential,
        };
        let bytes = bundle
            .seal(self.authority, self.now)
            .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))?;
        Ok(HandOut {
            act,
            path: path.to_owned(),
            bytes,
        })
    }
}

fn write_intention(
    arguments: &NodeIssue,
    files: &[PathBuf],
    not_after: OffsetDateTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "To be made: {} for kubelets of other nodes.",
        count(files.len(), "credential")
    )?;
    let mut table = Table::with_heading(
        ["NODE", "USER", "MACHINE ID", "VALID UNTIL", "FILE"]
            .map(Cell::from)
            .to_vec(),
    );
    for (operand, file) in arguments.nodes.iter().zip(files) {
        table.push(vec![
            operand.name.as_str().into(),
            user_of_node(&operand.name).into(),
            operand.machine_id.as_str().into(),
            date_cell(not_after, GOOD),
            Cell::from(file.display().to_string()).or(""),
        ]);
    }
    table.write(out, 2, terminal_columns())
}

fn write_report(
    root: &Root,
    hand_outs: &[HandOut],
    ended: &Ended,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{GOOD}Made{GOOD:#} {}",
        count(hand_outs.len(), "credential")
    )?;
    for it in hand_outs {
        writeln!(out, "  {}", printable(&it.path.display().to_string()))?;
    }
    writeln!(
        out,
        "Each holds a key, and is good on its own host alone. Carry it there, and: rekindle node install FILE\n\
         Then remove it in both places."
    )?;
    write_ended(root, ended, out)
}

/// What was asked for, defaults included: nothing else that stood on the command line is recorded.
fn wishes_in_effect(arguments: &NodeIssue) -> Vec<String> {
    let mut flags = vec!["node issue".to_owned()];
    if arguments.yes {
        flags.push("--yes".to_owned());
    }
    flags.push(format!("--validity={}", span(arguments.validity)));
    if arguments.accept_clock {
        flags.push("--accept-clock".to_owned());
    }
    let nodes = arguments.nodes.iter();
    flags.extend(nodes.map(|operand| format!("{}={}", operand.name, operand.machine_id)));
    flags
}
