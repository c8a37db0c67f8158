//! A control plane that runs: stopped, renewed, started and proven, with real processes in a machine of its own.
//!
//! etcd is Debian's, and serves and stores what a kubeadm cluster's would. The kubelet's place is taken by a script that keeps
//! running what the manifests say; the place of a component of which only the process matters, by one that sleeps. Nothing
//! imitates an API server: what one answers (`/livez`, `/readyz`, the three Leases, and that a leader's is given up) is
//! tested by the rehearsals, `scripts/rehearse`, with real ones. Here those conditions stay open, and say so.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, read and write files in temporary folders, compare names as Linux does, and end at the \
              first surprise"
)]

mod boots;
mod by_manifest;
mod etcd;
mod foreign;
mod journal;
mod killed;
mod moment;
mod namesake;
mod nothing;
mod outage;
mod promises;
mod quorum;
mod refused;
mod reread;
mod served;
mod small;
mod stale;
mod stubborn;
mod timing;
mod worker;

#[path = "../support/mod.rs"]
mod support;

use support::machine::{Machine, stand_in};
use support::node::Node;
use support::program::Run;
use support::tree::Tree;

/// Its certificates have all expired; twelve files and a link are replaced.
const NODE: &str = "ecdsa-p256-stacked";

/// A component of which the process is enough.
const SLEEPERS: [&str; 2] = ["kube-controller-manager", "kube-scheduler"];

/// A machine with that node, and without any process; `None`, with a line that says so, where there can be none.
fn machine() -> Option<Machine> {
    Machine::boot(Node::materialize(NODE))
}

/// `ARGUMENTS` and the commands that stop and start what takes the kubelet's place.
fn with_commands(arguments: &[&str]) -> Vec<String> {
    let named = |verb| format!("'{}'", stand_in(&format!("kubelet-{verb}")).display());
    let mut all: Vec<String> = arguments.iter().map(|&argument| argument.into()).collect();
    for verb in ["stop", "start"] {
        all.extend([format!("--kubelet-{verb}"), named(verb)]);
    }
    all
}

/// Runs `rekindle ARGUMENTS` for the machine, with these commands.
fn run(machine: &Machine, arguments: &[&str]) -> Run {
    let all = with_commands(arguments);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    machine.rekindle(&all)
}

/// What lies on the node and is not the program's own, nor what runs there writes.
fn files(machine: &Machine) -> Tree {
    Tree::read(machine.node().path())
        .without_state()
        .without_data()
}

/// What stands above its conditions in a proof.
const COMPONENTS: [&str; 5] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
];

/// The subjects and conditions of the lines of a report that begin with `mark`.
fn conditions(report: &str, mark: &str) -> Vec<String> {
    let mut component = "";
    let mut found = Vec::new();
    for line in report.lines() {
        if COMPONENTS.contains(&line) {
            component = line;
        } else if let Some(rest) = line.trim_start().strip_prefix(mark) {
            let condition = rest.split_whitespace().next().unwrap_or_default();
            found.push(format!("{component} {condition}"));
        }
    }
    found
}
