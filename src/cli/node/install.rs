//! `rekindle node install`: a credential that a control plane made for this host, put in the place of the kubelet's own.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::super::arguments::{
    EtcdCopyChoice, KubeletRestart, NodeInstall, RestartArguments, RestartName,
};
use super::super::execution::carry_out;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::interrupted::{reason, refuse_unfinished};
use super::super::observed::{lock, observe};
use super::super::prompt::{confirm, demand_terminal};
use super::super::proof::write_proof;
use super::super::render::{GOOD, WARNING, printable};
use super::super::report::{despite_lost_output, exit, write_ended};
use super::super::restart::Outlook;
use crate::bundle::{BundleError, NodeBundle};
use crate::evidence::{moment, with_causes};
use crate::inventory::{
    Credential, Inventory, Location, NodeTrust, ObservationError, cluster_authority,
};
use crate::issuance::{FileChange, KUBELET_CREDENTIAL, Rotation};
use crate::node::{self, Present, Root, Secrecy, read_operand};
use crate::plan::{Refusal, RefusalCode, second};
use crate::recovery::{Ended, Undertaking};
use crate::shell::quote;

/// machine-id(5).
const MACHINE_ID: &str = "/etc/machine-id";

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
    let inventory = observe(root)?;
    let now = node::now();
    let bundle = open(root, &inventory, &arguments.bundle)?;
    demand_this_host(root, &inventory, &bundle, &arguments.bundle)?;
    let changes = changes(root, &inventory, &bundle)?;
    let mut undertaking = undertaking(&inventory, &bundle, changes);
    let outlook = outlook(root, &inventory, arguments)?;
    if !arguments.yes {
        demand_terminal()?;
        write_intention(&undertaking, &outlook, &bundle, out)?;
        if !confirm("Install it?", out, |out| writeln!(out, "{EXPLANATION}"))? {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    undertaking.steps.extend(outlook.steps());
    let reason = reason(&arguments.words, wishes_in_effect(root, arguments));
    let mut watch = arguments.telling.voice().watch();
    let (live, _) = outlook.begin()?;
    let cluster = cluster_authority(root, now);
    let ended = carry_out(
        root,
        &undertaking,
        cluster,
        left_over,
        live,
        &reason,
        &mut watch,
    )?;
    let written = write_report(root, &bundle, &ended, out).and_then(|()| out.flush());
    despite_lost_output(root, &ended, &written);
    Ok(exit(root, &ended))
}

fn refused(code: RefusalCode, subject: &Path, evidence: String, remedy: String) -> Failure {
    Failure::refused(&[Refusal {
        code,
        subject: subject.display().to_string(),
        evidence,
        remedy,
    }])
}

/// Reads the bundle, and believes what the CA on this node vouches for.
fn open(root: &Root, inventory: &Inventory, path: &Path) -> Result<NodeBundle, Failure> {
    let again =
        "have it made anew on a control plane: rekindle node issue NAME=MACHINE-ID --out DIR";
    let bytes = zeroize::Zeroizing::new(
        read_operand(path).map_err(|error| Failure::of_file("bundle", &error))?,
    );
    let trust = NodeTrust::observe(root, inventory)
        .map_err(|error| Failure::refused(&[Refusal::of_observation("cluster CA", &error)]))?;
    if trust.certificates.is_empty() {
        let evidence = format!(
            "{} has no certificate of its cluster's CA: neither ca.crt, nor the kubelet's clientCAFile, nor one in kubelet.conf",
            root.path().display()
        );
        let remedy = "bring ca.crt here by a way that you trust: install -m 0644 ca.crt /etc/kubernetes/pki/ca.crt";
        return Err(refused(
            RefusalCode::BundleNotTrusted,
            path,
            evidence,
            remedy.to_owned(),
        ));
    }
    NodeBundle::open(&bytes, &trust.certificates, node::now()).map_err(|error| {
        let evidence = with_causes(&error);
        let (code, evidence, remedy) = match &error {
            BundleError::OutsideValidity {
                not_before,
                not_after,
                now,
            } => (
                RefusalCode::BundleExpired,
                format!(
                    "it is valid from {} to {}, and the clock says {}",
                    second(*not_before),
                    second(*not_after),
                    second(*now)
                ),
                format!("see whether the clock of this node is right: date -u; if it is, {again}"),
            ),
            error if error.is_distrust() => (
                RefusalCode::BundleNotTrusted,
                format!("{evidence}; trusted here is {}", trust.source),
                format!("find out who made it; if this is the right cluster, {again}"),
            ),
            _ => (
                RefusalCode::BundleDamaged,
                evidence,
                format!("copy it here once more, as it is; if it is the same there, {again}"),
            ),
        };
        refused(code, path, evidence, remedy)
    })
}

/// The same name and the same machine, or nothing.
fn demand_this_host(
    root: &Root,
    inventory: &Inventory,
    bundle: &NodeBundle,
    path: &Path,
) -> Result<(), Failure> {
    let taken = &inventory.node_names.taken;
    let name = taken.name.as_deref();
    let machine_id = machine_id(root)?;
    let mut denials = Vec::new();
    if name != Some(bundle.node.as_str()) {
        denials.push(match name {
            Some(name) => format!("the node here is `{name}` ({})", taken.source),
            None => format!("{} has no name that a node can have", taken.source),
        });
    }
    if machine_id != bundle.machine_id.as_str() {
        denials.push(format!("the machine id here is {machine_id}"));
    }
    if denials.is_empty() {
        return Ok(());
    }
    let evidence = format!(
        "it is for the node `{}` on the machine {}, and {}",
        bundle.node,
        bundle.machine_id,
        denials.join(", and ")
    );
    let remedy = match name {
        Some(name) => format!(
            "install it where it belongs; for this host: rekindle node issue {name}={machine_id} --out DIR, on a control plane"
        ),
        None => "install it where it belongs".to_owned(),
    };
    Err(refused(
        RefusalCode::BundleForAnotherHost,
        path,
        evidence,
        remedy,
    ))
}

fn machine_id(root: &Root) -> Result<String, Failure> {
    let file = root
        .read(Path::new(MACHINE_ID), Secrecy::Public)
        .map_err(|error| Failure::of_file("machine id", &error))?;
    Ok(String::from_utf8_lossy(&file.bytes).trim().to_owned())
}

/// The new dated file, and the link to it.
fn changes(
    root: &Root,
    inventory: &Inventory,
    bundle: &NodeBundle,
) -> Result<Vec<FileChange>, Failure> {
    let Some(entry) = inventory.credential(KUBELET_CREDENTIAL) else {
        let path = root.outside(Path::new("/etc/kubernetes/kubelet.conf"));
        return Err(no_link(&path));
    };
    let content = entry.content.as_ref();
    let certificate = content.ok().and_then(Credential::certificate);
    let (link, found, taken): (&Path, Present, &[String]) = match (&entry.missing, &entry.location)
    {
        (Some(missing), location) => {
            let taken = match location {
                Location::KubeletPem { taken, .. } => taken.as_slice(),
                Location::PkiFile { .. } | Location::KubeconfigUser { .. } => &[],
            };
            (&missing.link, missing.found.clone(), taken)
        }
        (
            None,
            Location::KubeletPem {
                link,
                destination,
                taken,
            },
        ) => (link, Present::Link(destination.clone()), taken),
        (None, location) => {
            return Err(match content {
                Err(error) => unreadable(error),
                Ok(_) => no_link(&root.outside(location.path())),
            });
        }
    };
    if let (Err(error), None) = (content, &entry.missing) {
        return Err(unreadable(error));
    }
    let rotation = Rotation {
        link,
        found,
        taken,
        model: content.ok().map(|content| content.file.path.clone()),
        before: certificate.cloned(),
    };
    bundle
        .credential
        .install(KUBELET_CREDENTIAL, rotation, node::now())
        .map_err(|error| Failure::of(Exit::Refused, &error).hint("nothing was changed"))
}

fn unreadable(error: &ObservationError) -> Failure {
    Failure::refused(&[Refusal::of_observation(KUBELET_CREDENTIAL, error)])
}

/// A kubeconfig with its credential in it, or in files that no rotation keeps up.
fn no_link(path: &Path) -> Failure {
    let link = "/var/lib/kubelet/pki/kubelet-client-current.pem";
    refused(
        RefusalCode::KubeconfigOtherLogin,
        path,
        "kubelet.conf does not name the link of the kubelet's rotation, in the place of which a bundle is installed"
            .to_owned(),
        format!("name it there: client-certificate: {link}, client-key: {link}"),
    )
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
    if ended.proof.is_some() || root.is_machine() {
        writeln!(out)?;
    }
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
