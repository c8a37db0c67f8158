//! `rekindle node install`: a credential that a control plane made for this host, put in the place of the kubelet's own.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::super::arguments::{
    EtcdCopyChoice, KubeletRestart, NodeInstall, RestartArguments, RestartName,
};
use super::super::ended::{despite_lost_output, exit, write_ended};
use super::super::execution::carry_out_with;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::interrupted::{reason, refuse_unfinished};
use super::super::observed::{lock, look};
use super::super::prompt::{confirm, demand_terminal};
use super::super::proof::write_proof;
use super::super::render::{GOOD, WARNING, printable};
use super::super::restart::Outlook;
use super::belief::{demand_this_host, open};
use super::place::changes;
use crate::bundle::NodeBundle;
use crate::control_plane::ControlPlane;
use crate::evidence::moment;
use crate::inventory::{Inventory, KeyState, cluster_authority};
use crate::issuance::{FileChange, KUBELET_CREDENTIAL};
use crate::node::{self, Root};
use crate::proof::look_at_processes;
use crate::recovery::{Ended, Undertaking, written};
use crate::shell::quote;

const EXPLANATION: &str = "The new key and certificate become a file beside the kubelet's present one, and its link is\n\
    re-pointed, as the kubelet's own rotation does it. Nothing else on this node changes. It can be\n\
    taken back: rekindle rollback RUN.\n";

/// Installs a bundle on the host that it is for.
pub fn install(root: &Root, arguments: &NodeInstall, out: &mut dyn Write) -> Result<Exit, Failure> {
    let voice = arguments.telling.demand(arguments.yes)?;
    voice.tell(out, |out| install_told(root, arguments, out))
}

fn install_told(
    root: &Root,
    arguments: &NodeInstall,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let _lock = lock(root)?;
    let left_over = refuse_unfinished(root)?;
    let inventory = look(root)?;
    let now = node::now();
    let bundle = open(root, &inventory, &arguments.bundle)?;
    demand_this_host(root, &inventory, &bundle, &arguments.bundle)?;
    if is_installed(&inventory, &bundle) {
        return write_installed(root, &inventory, &bundle, out);
    }
    let changes = changes(root, &inventory, &bundle)?;
    let mut undertaking = undertaking(&inventory, &bundle, changes);
    let outlook = outlook(root, &inventory, arguments)?;
    if !arguments.yes {
        demand_terminal()?;
        write_intention(&undertaking, &outlook, &bundle, out)?;
        if !confirm("Install it?", out, |out| {
            writeln!(out, "{}", root.addressed(EXPLANATION))
        })? {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    let reason = reason(&arguments.words, wishes_in_effect(root, arguments));
    let mut watch = arguments.telling.voice().watch();
    let cluster = cluster_authority(root, now);
    let (ended, _) = carry_out_with(
        root,
        outlook,
        &mut undertaking,
        cluster,
        left_over,
        &reason,
        &mut watch,
    )?;
    let written = write_report(root, &bundle, &ended, out).and_then(|()| out.flush());
    despite_lost_output(root, &ended, &written);
    Ok(exit(root, &ended))
}

/// Whether the kubelet's credential is the bundle's own, with its key.
fn is_installed(inventory: &Inventory, bundle: &NodeBundle) -> bool {
    let entry = inventory.credential(KUBELET_CREDENTIAL);
    entry.is_some_and(|entry| {
        entry.certificate() == Some(&bundle.credential.certificate)
            && matches!(&entry.content, Ok(content) if matches!(content.key, KeyState::Fits(_)))
    })
}

/// There is nothing to install; whether the kubelet has it is a question of its own.
fn write_installed(
    root: &Root,
    inventory: &Inventory,
    bundle: &NodeBundle,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    writeln!(
        out,
        "{GOOD}Already installed{GOOD:#}: the kubelet's credential here is this one, valid until {}. Nothing was changed.",
        moment(bundle.not_after())
    )?;
    if !root.is_machine() {
        return Ok(Exit::Done);
    }
    let own = Arc::new(Root::open(root.path()).map_err(|error| Failure::of_file("root", &error))?);
    let plane = Arc::new(ControlPlane::of_kubelet(inventory));
    let findings = look_at_processes(&own, &plane, &Arc::new(written(root)));
    let mut open = findings.iter().filter(|it| !it.state.is_proven());
    let Some(finding) = open.next() else {
        return Ok(Exit::Done);
    };
    writeln!(
        out,
        "{WARNING}The kubelet is not proven to run on it{WARNING:#}: {}\n\
         To restart it: systemctl restart kubelet; then: {}",
        printable(finding.state.evidence()),
        root.command("verify")
    )?;
    Ok(Exit::NotProven)
}

fn undertaking(
    inventory: &Inventory,
    bundle: &NodeBundle,
    changes: Vec<FileChange>,
) -> Undertaking {
    let file = changes.first().map(|change| change.target.clone());
    let file: PathBuf = file.unwrap_or_default();
    let step = format!(
        "install the credential of {} until {}: {}",
        bundle.node,
        moment(bundle.not_after()),
        file.display()
    );
    Undertaking {
        inventory_digest: Some(inventory.digest()),
        steps: vec![step],
        left: Vec::new(),
        changes,
        touches: Vec::new(),
        moves: Vec::new(),
    }
}

fn restart(root: &Root, arguments: &NodeInstall) -> RestartArguments {
    let is_asked = match arguments.restart {
        Some(restart) => restart == KubeletRestart::Kubelet,
        // Of a node in a folder nothing runs.
        None => root.is_machine(),
    };
    RestartArguments {
        restart: Some(if is_asked {
            RestartName::Stale
        } else {
            RestartName::None
        }),
        kubelet_stop: arguments.kubelet_stop.clone(),
        kubelet_start: arguments.kubelet_start.clone(),
        kubelet_unit: arguments.kubelet_unit.clone(),
        etcd_copy: EtcdCopyChoice::Never,
        timeout: arguments.timeout,
    }
}

fn outlook(
    root: &Root,
    inventory: &Inventory,
    arguments: &NodeInstall,
) -> Result<Outlook, Failure> {
    Outlook::of_kubelet(root, inventory, &restart(root, arguments))
}

fn write_intention(
    undertaking: &Undertaking,
    outlook: &Outlook,
    bundle: &NodeBundle,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "Made for this host on {} at {}.",
        printable(&bundle.issued_by),
        moment(bundle.issued_at)
    )?;
    let steps = undertaking.steps.iter().cloned().chain(outlook.steps());
    for step in steps {
        writeln!(out, "  {}", printable(&step))?;
    }
    Ok(())
}

fn write_report(
    root: &Root,
    bundle: &NodeBundle,
    ended: &Ended,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{GOOD}Installed{GOOD:#} the credential of {}, valid until {}",
        bundle.node,
        moment(bundle.not_after())
    )?;
    write_ended(root, ended, out)?;
    writeln!(out)?;
    if let Some(proof) = &ended.proof {
        write_proof(root, proof, out)?;
    } else if root.is_machine() {
        writeln!(
            out,
            "{WARNING}The kubelet was not restarted{WARNING:#}, and has its old credential until it is: systemctl restart kubelet"
        )?;
    }
    if !root.is_machine() {
        writeln!(
            out,
            "Files replaced; nothing restarted (a node in a folder)."
        )?;
    }
    writeln!(out)?;
    let api = bundle.api_server.as_deref();
    let api = api.map_or_else(String::new, |api| format!(" (its API: {})", printable(api)));
    writeln!(
        out,
        "Whether the cluster takes it shows on a control plane{api}: kubectl get node {}\n\
         The file that was installed holds the key: remove it, here and where it was made.",
        quote(&bundle.node)
    )
}

/// What was asked for, defaults included: nothing else that stood on the command line is recorded.
fn wishes_in_effect(root: &Root, arguments: &NodeInstall) -> Vec<String> {
    let mut flags = vec!["node install".to_owned()];
    if arguments.yes {
        flags.push("--yes".to_owned());
    }
    flags.extend(restart(root, arguments).flags(RestartName::None));
    flags
}
