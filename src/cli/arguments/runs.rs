//! The command line of the verbs that change a node: `recover`, `ca reissue`, `resume`, `rollback`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Output, RestartArguments, Wishes};
use crate::digest::Sha256Digest;
use crate::kubernetes::{AUTHORITIES, AuthorityName};

#[derive(Debug, Args)]
pub struct Recover {
    #[command(flatten)]
    pub wishes: Wishes,
    /// Go on only if the node is still the one that `plan` showed: the digest that it printed.
    #[arg(long, value_name = "SHA256")]
    pub inventory: Option<Sha256Digest>,
    /// For timers: one control plane at a time. Takes the Lease kube-system/rekindle first, and gives it up once the node is
    /// proven to be back. While another node has it, nothing is done. Never ends the API server or etcd. Needs --yes.
    #[arg(long, requires = "yes")]
    pub in_turn: bool,
    /// Go on without asking.
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub telling: Telling,
    #[command(flatten)]
    pub words: Words,
}

#[derive(Debug, Subcommand)]
pub enum CaVerb {
    /// Gives expired authorities new dates, wherever on the node they are trusted, and then does all that `recover` does.
    ///
    /// Same key, subject and key identifier, so that all that they signed stays good. What lies outside the node (other control
    /// planes, workers, objects in the cluster, people's kubeconfigs) has the old certificate still: what to do about that is written to
    /// /var/lib/rekindle/ca, with the new one. Asks for the names of the authorities to be typed.
    Reissue(CaReissue),
}

#[derive(Debug, Args)]
pub struct CaReissue {
    /// Which authorities: ca, etcd-ca, front-proxy-ca; those that have expired or will within `--within`, where none is named.
    #[arg(value_name = "CA", value_parser = authority)]
    pub authorities: Vec<AuthorityName>,
    /// How long they live from now on.
    #[arg(long, value_name = "DURATION", default_value = "87600h", value_parser = humantime::parse_duration)]
    pub ca_validity: Duration,
    /// The names of the authorities that get new dates, with commas: what is to be typed otherwise. Needed with --yes.
    #[arg(long, value_name = "CA,…")]
    pub confirm: Option<String>,
    #[command(flatten)]
    pub recover: Recover,
}

/// An authority by kubeadm's name.
fn authority(text: &str) -> Result<AuthorityName, String> {
    let mut known = AUTHORITIES.iter().map(|entry| entry.name);
    known
        .find(|name| name.as_str() == text)
        .ok_or_else(|| "known are ca, etcd-ca and front-proxy-ca".to_owned())
}

#[derive(Debug, Args)]
pub struct Resume {
    #[command(flatten)]
    pub way: Way,
}

#[derive(Debug, Args)]
pub struct Rollback {
    /// A run that came to its end, by its name or a part of it that no other has, to be undone as a run of its own; the interrupted
    /// one where none is named.
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    #[command(flatten)]
    pub way: Way,
}

/// How an earlier run is taken up.
#[derive(Debug, Args)]
pub struct Way {
    /// Leave alone each file that somebody else changed meanwhile, or of which the copy is gone, and do the rest.
    #[arg(long)]
    pub skip_foreign: bool,
    /// SHA-256 of a key that signed the journal and that you vouch for, as the run printed it; once for each. Needed only where
    /// the node's CA does not vouch for it.
    #[arg(long, value_name = "SHA256")]
    pub key: Vec<Sha256Digest>,
    /// Go on without asking.
    #[arg(short, long)]
    pub yes: bool,
    #[command(flatten)]
    pub restart: RestartArguments,
    #[command(flatten)]
    pub telling: Telling,
    #[command(flatten)]
    pub words: Words,
}

/// How a verb that changes the node tells what it does.
#[derive(Debug, Args)]
pub struct Telling {
    /// The form of the output; `json` is one event a line, as it happens, the last one with the exit code. Needs --yes.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Output,
    /// Print errors alone: the exit code says the rest. Needs --yes.
    #[arg(short, long, conflicts_with = "output")]
    pub quiet: bool,
}

/// What the operator has to say for the journal.
#[derive(Debug, Args)]
pub struct Words {
    /// Why: goes into the journal.
    #[arg(long, value_name = "TEXT", value_parser = one_line)]
    pub reason: Option<String>,
    /// The ticket of the incident: goes into the journal.
    #[arg(long, value_name = "TEXT", value_parser = one_line)]
    pub ticket: Option<String>,
}

/// Words for the journal: whoever reads it later must not take one line of them for several, nor for orders to the terminal.
pub(in crate::cli) fn one_line(text: &str) -> Result<String, &'static str> {
    if text
        .chars()
        .any(|letter| letter.is_control() || ['\u{2028}', '\u{2029}'].contains(&letter))
    {
        return Err("there are line breaks or other control characters in it");
    }
    Ok(text.to_owned())
}
