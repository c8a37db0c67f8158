//! The command line of `node`: kubelets of other nodes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{KUBELET_UNIT, Telling, Words};
use crate::cli::node::NodeOperand;

#[derive(Debug, Subcommand)]
pub enum NodeVerb {
    /// Makes kubelets' client credentials for other nodes, on a control plane with the CA's key: a sealed file for each.
    ///
    /// Shows what it would make, and asks. Each is good on its own host alone, and on the record here.
    Issue(NodeIssue),
    /// Installs such a file on the host that it is for, restarts the kubelet, and proves that it runs.
    ///
    /// Trusts the CA that is on this node already, and nothing that the file brings. May be resumed and rolled back as any run.
    #[command(visible_alias = "import")]
    Install(NodeInstall),
}

#[derive(Debug, Args)]
pub struct NodeIssue {
    /// The nodes, each with what is in its /etc/machine-id: `cat /etc/machine-id` there.
    #[arg(value_name = "NAME=MACHINE-ID", required = true)]
    pub nodes: Vec<NodeOperand>,
    /// The folder for the files, NAME.rekindle-node each, which must not exist yet.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// How long they live, and the certificates in them: the kubelet gets its next one itself once it is back.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = humantime::parse_duration)]
    pub validity: Duration,
    /// The clock is right, whatever else on the node says. Goes into the journal.
    #[arg(long)]
    pub accept_clock: bool,
    /// Go on without asking.
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub words: Words,
}

#[derive(Debug, Args)]
pub struct NodeInstall {
    /// The file that `node issue` made for this host.
    #[arg(value_name = "FILE")]
    pub bundle: PathBuf,
    /// Whether the kubelet is restarted [default: kubelet; none for a node in a folder].
    #[arg(long, value_name = "WHAT")]
    pub restart: Option<KubeletRestart>,
    /// Stops the kubelet where there is no systemd, and returns when it has stopped. Run by /bin/sh.
    #[arg(long, value_name = "COMMAND")]
    pub kubelet_stop: Option<String>,
    /// Starts it, and returns. Needed together with --kubelet-stop.
    #[arg(long, value_name = "COMMAND")]
    pub kubelet_start: Option<String>,
    /// The kubelet's unit in systemd.
    #[arg(long, value_name = "UNIT", default_value = KUBELET_UNIT)]
    pub kubelet_unit: String,
    /// How long to wait for the proof that the kubelet is back; then exit 7.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    /// Go on without asking.
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub telling: Telling,
    #[command(flatten)]
    pub words: Words,
}

/// `--restart` of `node install`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KubeletRestart {
    /// Stop the kubelet before the file is there, and start it after.
    Kubelet,
    /// Leave it alone.
    None,
}
