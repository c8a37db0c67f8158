//! The command line of the verbs about ways in: `whoami`, `auth`, `credential`, `tokens`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Output, one_line};
use crate::authentication::AuthenticatorName;
use crate::pki::KeyAlgorithm;

#[derive(Debug, Args)]
pub struct Whoami {
    /// A kubeconfig, a certificate in PEM, or a token: a file, as a shell names it; `-` for standard input.
    #[arg(value_name = "CREDENTIAL")]
    pub credential: PathBuf,
    /// The private key of a certificate in PEM; that of NAME.crt is looked for in NAME.key where none is named.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Auth {
    /// Those that are shown in full: what each rests on, what becomes of it when certificates expire, its risk, and what is better.
    #[arg(value_name = "NAME", value_parser = AuthenticatorName::ALL.map(AuthenticatorName::identifier))]
    pub names: Vec<String>,
    /// Shows each that is on in full.
    #[arg(long)]
    pub long: bool,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Output,
}

#[derive(Debug, Subcommand)]
pub enum CredentialVerb {
    /// Makes a break-glass kubeconfig: a client certificate that lives for an hour, on the record.
    ///
    /// Shows what it would make, and asks. It needs the key of the cluster's CA, and no API server. What was handed out cannot be
    /// taken back: it ends by itself; only what RBAC binds to its user and groups can be removed. So --reason is needed, and names that
    /// begin with system: are not to be had, but for the groups system:masters and system:monitoring.
    Issue(CredentialIssue),
    /// Lists the credentials that were issued on this node and are still alive.
    ///
    /// Each journal in which one is, is verified; exit 6 where one does not hold. Every control plane has its own record.
    List(CredentialList),
}

#[derive(Debug, Args)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub struct CredentialIssue {
    /// Who it says the bearer is, a person: the user of the API's audit log and of its RBAC.
    #[arg(long, value_name = "NAME")]
    pub user: String,
    /// A group of that user's, for RBAC; once for each.
    #[arg(long, value_name = "NAME")]
    pub group: Vec<String>,
    /// How long it lives, a minute at least; more than 24h must be asked for twice: with --long-lived, too.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = humantime::parse_duration)]
    pub ttl: Duration,
    /// More than 24 hours are meant.
    #[arg(long)]
    pub long_lived: bool,
    /// The API server's URL; that of admin.conf where none is named.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// The kubeconfig, which must not exist yet; for its owner alone.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Encrypt it to this age recipient (`age1…`), so that only the vault can read it; once for each.
    ///
    /// FILE is an armored age file then, and each recipient can decrypt it alone.
    #[arg(long, value_name = "AGE1…")]
    pub recipient: Vec<String>,
    /// The kind of its key: RSA-2048, RSA-3072, RSA-4096, ECDSA-P256 or ECDSA-P384.
    #[arg(long, value_name = "ALGORITHM", default_value = "ECDSA-P256")]
    pub algorithm: KeyAlgorithm,
    /// Needed for the group system:masters, which no RBAC rule and no revocation can stop.
    #[arg(long)]
    pub i_know_this_bypasses_rbac: bool,
    /// The clock is right, whatever else on the node says. Goes into the journal.
    #[arg(long)]
    pub accept_clock: bool,
    /// Go on without asking.
    #[arg(short, long)]
    pub yes: bool,
    /// Why: goes into the journal.
    #[arg(long, value_name = "TEXT", value_parser = one_line)]
    pub reason: String,
    /// The ticket of the incident: goes into the journal.
    #[arg(long, value_name = "TEXT", value_parser = one_line)]
    pub ticket: Option<String>,
}

#[derive(Debug, Args)]
pub struct CredentialList {
    /// Those that have ended, too.
    #[arg(long)]
    pub all: bool,
    /// A CA certificate that the cluster had earlier: it vouches for the journals of then, besides the one that it has now.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Output,
}

#[derive(Debug, Subcommand)]
pub enum TokensVerb {
    /// Finds service account tokens without an end: Secrets of type kubernetes.io/service-account-token.
    ///
    /// Asks this node's API server with the node's own administrator, of Secrets for the metadata alone: no token ever leaves the
    /// server. Where it does not answer: a snapshot of etcd. Exit 1 where there is such a token, or where not all could be looked at.
    Audit(TokensAudit),
}

#[derive(Debug, Args)]
pub struct TokensAudit {
    /// A snapshot of etcd (`etcdctl snapshot save`), or the database of an etcd that is stopped (member/snap/db), instead of the API.
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Output,
}
