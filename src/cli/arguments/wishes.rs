//! What a plan has to meet, and how what runs is brought to use it.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::KUBELET_UNIT;
use crate::cli::failure::Failure;
use crate::kubernetes::KubernetesVersion;
use crate::pki::InvalidAlternativeName;
use crate::plan::{AdditionalName, Request, Restart};

/// What a plan has to meet.
#[derive(Debug, Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub struct Wishes {
    /// Only these, by the names of `check`.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub only: Option<Vec<String>>,
    /// Renew what ends within this time, too.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = humantime::parse_duration)]
    pub within: Duration,
    /// How long a renewed certificate lives; never longer than its CA.
    #[arg(long, value_name = "DURATION", default_value = "8760h", value_parser = humantime::parse_duration)]
    pub validity: Duration,
    /// Renew also what is still valid, or was signed by another CA.
    #[arg(long)]
    pub force: bool,
    /// Put the new certificates into root's and `$SUDO_USER`'s ~/.kube/config too, where those are copies of admin.conf or
    /// super-admin.conf: with the same key. Their servers, contexts, owners, and every other byte stay.
    #[arg(long)]
    pub refresh_kubeconfigs: bool,
    /// The name of this node, for a credential of the kubelet's that is missing and made anew: where what is on the node
    /// does not agree on it.
    #[arg(long, value_name = "NAME")]
    pub node_name: Option<String>,
    /// Give every credential a new key of the same type and size, as `kubeadm certs renew` does.
    #[arg(long)]
    pub rekey: bool,
    /// Add to the certificates of the API server and etcd what the manifests and kubeconfigs call them and they lack.
    #[arg(long)]
    pub fix_sans: bool,
    /// A DNS name or address that a certificate gets besides its own: `lb.example`, `etcd-server=192.0.2.20`; the API server's
    /// where none is named. Once for each, or with commas.
    #[arg(long, visible_alias = "san", value_name = "[CERTIFICATE=]NAME", value_delimiter = ',', value_parser = additional_name)]
    pub add_san: Vec<AdditionalName>,
    /// The version of Kubernetes, for what is made anew as kubeadm makes it: where the image in kube-apiserver.yaml does not
    /// tell it.
    #[arg(long, value_name = "VERSION")]
    pub kubernetes_version: Option<KubernetesVersion>,
    /// The clock is right, whatever else on the node says. Goes into the journal.
    #[arg(long)]
    pub accept_clock: bool,
    #[command(flatten)]
    pub restart: RestartArguments,
}

impl Wishes {
    /// The request, or why it cannot be met.
    pub(in crate::cli) fn request(&self) -> Result<Request, Failure> {
        let restart = match self.restart.restart {
            Some(RestartName::None) => Restart::None,
            _ => Restart::Touch,
        };
        let request = Request {
            only: self.only.clone(),
            within: self.within,
            validity: self.validity,
            force: self.force,
            restart,
            refresh_kubeconfigs: self.refresh_kubeconfigs,
            node_name: self.node_name.clone(),
            rekey: self.rekey,
            fix_names: self.fix_sans,
            additional_names: self.add_san.clone(),
            kubernetes_version: self.kubernetes_version,
            reissue: None,
            certificates: Vec::new(),
            accept_clock: self.accept_clock,
        };
        request
            .validate()
            .map_err(|error| Failure::usage(error.to_string()))?;
        Ok(request)
    }
}

/// `CERTIFICATE=NAME`, or the name alone for the API server's certificate.
fn additional_name(text: &str) -> Result<AdditionalName, String> {
    let (certificate, name) = text.split_once('=').unwrap_or(("apiserver", text));
    Ok(AdditionalName {
        certificate: certificate.to_owned(),
        name: name
            .parse()
            .map_err(|error: InvalidAlternativeName| error.to_string())?,
    })
}

/// How what runs is brought to use what was renewed.
#[derive(Debug, Args)]
pub struct RestartArguments {
    /// How the components are restarted [default: auto; of `rollback`: none].
    #[arg(long, value_name = "HOW")]
    pub restart: Option<RestartName>,
    /// Stops the kubelet where there is no systemd, and returns when it has stopped. Run by /bin/sh.
    #[arg(long, value_name = "COMMAND")]
    pub kubelet_stop: Option<String>,
    /// Starts it, and returns. Needed together with --kubelet-stop.
    #[arg(long, value_name = "COMMAND")]
    pub kubelet_start: Option<String>,
    /// The kubelet's unit in systemd.
    #[arg(long, value_name = "UNIT", default_value = KUBELET_UNIT)]
    pub kubelet_unit: String,
    /// Copy etcd's data to /var/lib/rekindle/etcd while etcd is stopped.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub etcd_copy: EtcdCopyChoice,
    /// How long to wait for the proof that the control plane is back; then exit 7.
    #[arg(long, value_name = "DURATION", default_value = "3m", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
}

/// `--restart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RestartName {
    /// `stale` while the API is alive, `all` in an outage; `touch` where neither is possible.
    Auto,
    /// Stop the kubelet, end every component (etcd last and cleanly), start the kubelet.
    All,
    /// The same, but end only what holds an old credential in memory: the API stays up.
    Stale,
    /// Give each manifest an annotation, one component at a time: the kubelet runs on and replaces the pods.
    Stamp,
    /// Move each manifest away and back, one component at a time: the last resort.
    Move,
    /// Set the times of the manifests to now: restarts nothing, proves nothing.
    Touch,
    /// Leave processes and manifests alone.
    None,
}

/// `--etcd-copy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EtcdCopyChoice {
    /// If etcd is stopped and there is room.
    Auto,
    /// Or refuse, and do nothing at all.
    Always,
    /// No copy.
    Never,
}
