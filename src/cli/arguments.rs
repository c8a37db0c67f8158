//! The command line.

mod mistakes;
mod ways_in;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::failure::Failure;
use super::node::NodeOperand;
use super::version;
use crate::digest::Sha256Digest;
use crate::kubernetes::{AUTHORITIES, AuthorityName, KubernetesVersion};
use crate::node::Root;
use crate::pki::{InvalidAlternativeName, KeyAlgorithm};
use crate::plan::{AdditionalName, Request, Restart};

pub use ways_in::{
    Auth, CredentialIssue, CredentialList, CredentialVerb, TokensAudit, TokensVerb, Whoami,
};

/// Brings a kubeadm control-plane node back after every certificate has expired.
///
/// Offline, as root, on the node itself: re-signs what has expired with the CA that is there, keeps every
/// key, restarts the control plane, proves that it is back, and leaves a signed journal. Try it without a
/// cluster: `rekindle drill`.
#[derive(Debug, Parser)]
#[command(name = "rekindle", version, long_version = version::LONG, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,
    /// The node: the machine itself, or a folder laid out like one.
    #[arg(long, global = true, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// When to use colour. `NO_COLOR` is honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// The kubelet's unit, as its packages name it.
pub(super) const KUBELET_UNIT: &str = "kubelet.service";

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or nothing to do
  1  action is needed from a person
  2  the command line cannot be understood
  3  refused: nothing was changed
  4  failed and rolled back: nothing was changed in the end
  5  stopped half-way: `rekindle resume`, or `rekindle rollback`
  6  a journal does not verify
  7  repaired on disk, but not proven to be running
130  ended by Ctrl-C, while it read or asked: nothing was changed";

/// Of the Monitoring Plugins Development Guidelines.
const PLUGIN_EXIT_CODES: &str = "\
Exit codes with -o nagios, and with nothing else:
  0  OK
  1  WARNING: action is needed from a person
  2  CRITICAL: something has expired or is faulty, or a run is unfinished
  3  UNKNOWN: the node cannot be looked at, or the command line cannot be understood";

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Shows every certificate with its expiry and its state; exit 1 when one needs something.
    #[command(after_help = PLUGIN_EXIT_CODES)]
    Check(Check),
    /// Shows what `recover` would do, and why; changes nothing.
    Plan(Plan),
    /// Re-signs what has expired, restarts what needs it, and proves that the control plane is back.
    ///
    /// Shows what it would do, and asks. Whatever interrupts it, each file is the old one or the new one: `rekindle resume`
    /// finishes it, `rekindle rollback` takes it back. Leaves a backup and a signed journal.
    Recover(Recover),
    /// Renews certificates whose authority's key is kept elsewhere: asks here, signs there, installs here.
    #[command(subcommand)]
    Csr(CsrVerb),
    /// Cares for the certificate authorities themselves.
    #[command(subcommand)]
    Ca(CaVerb),
    /// Takes an interrupted run to its end: every file becomes the new one.
    ///
    /// Shows how far each file has come, and asks. Nothing is signed again: the new files lie ready. It may be interrupted
    /// itself, and called again. Of an interrupted `rollback RUN` the new files are the old ones: this goes back to before RUN.
    Resume(Resume),
    /// Takes a run back: every file becomes the old one again, from its backup.
    ///
    /// Without RUN it is the interrupted one; with RUN one that came to its end, by the names of `rekindle journal list`.
    /// Shows what it would do, and asks. It may be interrupted itself, and called again in the same words: `rollback RUN` then goes
    /// on, and `rollback` alone would bring back the files of RUN. Restarts nothing unless asked.
    Rollback(Rollback),
    /// Proves that the control plane runs on the certificates on its disk; changes nothing.
    ///
    /// Looks at each process, each served certificate, the API server's health, the Leases and etcd, until all is proven or
    /// the time is up. Exit 1 when something is not, and at once for a node in a folder, of which nothing runs.
    Verify(Verify),
    /// Reads the journals of earlier runs.
    #[command(subcommand)]
    Journal(JournalVerb),
    /// Writes what happened in a run as one HTML page, for the post-mortem and the auditor; of several journals, a fleet's.
    ///
    /// Judges each journal as `journal verify` does, with the same exit codes; the page is written whatever the verdict.
    Report(Report),
    /// Lists and removes the copies that earlier runs made of replaced files.
    #[command(subcommand)]
    Backups(BackupsVerb),
    /// Brings kubelets of other nodes back: makes their credentials on a control plane, and installs them there.
    #[command(subcommand)]
    Node(NodeVerb),
    /// Says who a credential is, and what this node's API server would answer to it today; changes nothing.
    ///
    /// Exit 0 where the server would know its bearer, and 1 where it would not, or somebody else decides; of a kubeconfig its current
    /// context counts.
    Whoami(Whoami),
    /// Shows the ways in that this node's API server has, and what becomes of each when certificates expire; changes nothing.
    ///
    /// Exit 1 where one is broken, or where not all could be looked at.
    Auth(Auth),
    /// Makes short-lived break-glass credentials, and lists them.
    #[command(subcommand)]
    Credential(CredentialVerb),
    /// Looks for tokens that never end.
    #[command(subcommand)]
    Tokens(TokensVerb),
    /// Prints a runbook, offline: which there are, where none is named.
    Runbook(Runbook),
    /// Makes an expired node in a folder, and recovers it before your eyes.
    Drill(Drill),
    /// Back-dates the certificates of a node in a folder, with that node's own CA: for rehearsals.
    Expire,
}

impl Verb {
    /// The words by which it was called.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Check(_) => "check",
            Self::Plan(_) => "plan",
            Self::Recover(_) => "recover",
            Self::Csr(CsrVerb::Export(_)) => "csr export",
            Self::Csr(CsrVerb::Sign(_)) => "csr sign",
            Self::Csr(CsrVerb::Import(_)) => "csr import",
            Self::Ca(CaVerb::Reissue(_)) => "ca reissue",
            Self::Resume(_) => "resume",
            Self::Rollback(_) => "rollback",
            Self::Verify(_) => "verify",
            Self::Journal(JournalVerb::Verify(_)) => "journal verify",
            Self::Journal(JournalVerb::Show(_)) => "journal show",
            Self::Journal(JournalVerb::List) => "journal list",
            Self::Journal(JournalVerb::Export(_)) => "journal export",
            Self::Report(_) => "report",
            Self::Backups(BackupsVerb::List) => "backups list",
            Self::Backups(BackupsVerb::Prune(_)) => "backups prune",
            Self::Node(NodeVerb::Issue(_)) => "node issue",
            Self::Node(NodeVerb::Install(_)) => "node install",
            Self::Whoami(_) => "whoami",
            Self::Auth(_) => "auth",
            Self::Credential(CredentialVerb::Issue(_)) => "credential issue",
            Self::Credential(CredentialVerb::List(_)) => "credential list",
            Self::Tokens(TokensVerb::Audit(_)) => "tokens audit",
            Self::Runbook(_) => "runbook",
            Self::Drill(_) => "drill",
            Self::Expire => "expire",
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum CsrVerb {
    /// Writes requests for what needs something and whose authority's key is not here, and a sealed bundle of them.
    Export(CsrExport),
    /// Signs such a bundle where the key is: what that authority has signed before, for the same key, with new dates.
    ///
    /// Shows what it would sign, and asks. All of it is signed or nothing: one request that is not what it says spoils the rest.
    Sign(CsrSign),
    /// Installs what was signed elsewhere, and does all that `recover` does.
    ///
    /// Each certificate must be for the key that is here, with the same subject, names and usages, by an authority that this node
    /// trusts.
    Import(Box<CsrImport>),
}

#[derive(Debug, Args)]
pub struct CsrExport {
    /// The folder for the requests, NAME.csr each, and for requests.rekindle.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Only these, by the names of `check`.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub only: Option<Vec<String>>,
    /// Ask also for what ends within this time.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = humantime::parse_duration)]
    pub within: Duration,
    /// How long the certificates are to live.
    #[arg(long, value_name = "DURATION", default_value = "8760h", value_parser = humantime::parse_duration)]
    pub validity: Duration,
    /// Ask also for what is still valid.
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct CsrSign {
    /// The bundle that `csr export` made.
    #[arg(value_name = "FILE")]
    pub requests: PathBuf,
    /// The file for the answer, which must not exist yet.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The fingerprint that `csr export` printed; needed with --yes.
    #[arg(long, value_name = "SHA256")]
    pub expect: Option<Sha256Digest>,
    /// A folder laid out as kubeadm's pki, with ca.crt and ca.key, etcd/ca.crt and etcd/ca.key, front-proxy-ca.crt and
    /// front-proxy-ca.key, as far as they are there; this node's own authorities where none is named.
    #[arg(long, value_name = "DIR")]
    pub ca_dir: Option<PathBuf>,
    /// No certificate lives longer than this, whatever is asked for.
    #[arg(long, value_name = "DURATION", default_value = "8760h", value_parser = humantime::parse_duration)]
    pub validity: Duration,
    /// Go on without asking.
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct CsrImport {
    /// The answer that `csr sign` made.
    #[arg(value_name = "FILE")]
    pub answer: Option<PathBuf>,
    /// A certificate that another authority signed, for the request of that name; once for each.
    #[arg(long, value_name = "NAME=FILE", value_parser = named_file)]
    pub certificate: Vec<NamedFile>,
    #[command(flatten)]
    pub recover: Recover,
}

/// A file for a certificate of that name.
#[derive(Debug, Clone)]
pub struct NamedFile {
    pub name: String,
    pub path: PathBuf,
}

fn named_file(text: &str) -> Result<NamedFile, String> {
    let named = text.split_once('=').map(|(name, path)| NamedFile {
        name: name.to_owned(),
        path: path.into(),
    });
    named.ok_or_else(|| "it is written NAME=FILE".to_owned())
}

impl CsrExport {
    /// The request, or why it cannot be met.
    pub(super) fn request(&self) -> Result<Request, Failure> {
        let request = Request {
            only: self.only.clone(),
            within: self.within,
            validity: self.validity,
            force: self.force,
            ..Request::default()
        };
        request
            .validate()
            .map_err(|error| Failure::usage(error.to_string()))?;
        Ok(request)
    }
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

#[derive(Debug, Subcommand)]
pub enum JournalVerb {
    /// Verifies a journal: every signature, the chain, and that the cluster's CA vouches for its key.
    Verify(JournalVerify),
    /// Shows what a journal says.
    Show(JournalShow),
    /// Lists the runs of this node, and how each ended.
    List,
    /// Packs a journal, its checkpoint and its CA certificate into one archive, for auditors.
    Export(JournalExport),
}

#[derive(Debug, Subcommand)]
pub enum BackupsVerb {
    /// Lists the backups of this node, and what they hold.
    List,
    /// Removes old backups; the journals stay.
    Prune(Prune),
}

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

#[derive(Debug, Args)]
pub struct Check {
    /// What ends within this time counts as expiring.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = humantime::parse_duration)]
    pub within: Duration,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: CheckOutput,
    /// Several nodes in folders: each is a node, or a folder with a node in each of its folders. One line for each that needs something;
    /// with `-o json` a document a line. A folder without a node is named too.
    #[arg(long, value_name = "DIR", num_args = 1..)]
    pub roots: Vec<PathBuf>,
}

/// `-o` of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckOutput {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For the textfile collector of Prometheus' node exporter.
    Prometheus,
    /// One line for Nagios, Icinga and their like, with their exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
    Nagios,
}

#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub wishes: Wishes,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// How long to wait for what is not proven yet: a kubelet renews its Lease every ten seconds.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    pub timeout: Duration,
    /// The form of the output.
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub output: Output,
    /// Print nothing: the exit code says it.
    #[arg(short, long)]
    pub quiet: bool,
}

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
pub(super) fn one_line(text: &str) -> Result<String, &'static str> {
    if text
        .chars()
        .any(|letter| letter.is_control() || ['\u{2028}', '\u{2029}'].contains(&letter))
    {
        return Err("there are line breaks or other control characters in it");
    }
    Ok(text.to_owned())
}

#[derive(Debug, Args)]
pub struct Prune {
    /// How many stay: the latest of those whose runs can still be rolled back.
    #[arg(long, value_name = "N")]
    pub keep: usize,
    /// Go on without asking.
    #[arg(short, long)]
    pub yes: bool,
}

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

#[derive(Debug, Args)]
pub struct JournalVerify {
    /// A run of this node (its name or a part of it), the file of a journal, or an archive of `journal export`; the latest run where
    /// none is named.
    #[arg(value_name = "RUN|FILE")]
    pub journal: Option<String>,
    /// The cluster's CA certificate; the node's own where neither this nor a key is named.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// SHA-256 of a key that signed the journal, as the run printed it, instead of a CA or beside it; once for each attempt.
    #[arg(long, value_name = "SHA256")]
    pub key: Vec<Sha256Digest>,
    /// The checkpoint that was kept elsewhere, for instance in the ticket: text in which it stands, `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct JournalExport {
    /// A run of this node, by its name or a part of it that no other has; the latest one where none is named.
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// The archive (tar), which must not exist yet.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct Report {
    /// Runs of this node, files of journals, archives of `journal export` (NAME.tar), or folders of those (DIR/); the latest run where
    /// none is named.
    #[arg(value_name = "RUN|FILE|DIR/")]
    pub journals: Vec<String>,
    /// The file, which must not exist yet; `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The form of the report.
    #[arg(short, long, value_name = "FORM", default_value = "html")]
    pub output: ReportForm,
    /// The cluster's CA certificate, or several in one file; the node's own where neither this nor a key is named.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// SHA-256 of a key that signed a journal, as its run printed it, instead of a CA or beside it.
    #[arg(long, value_name = "SHA256")]
    pub key: Vec<Sha256Digest>,
    /// The checkpoints that were kept elsewhere, for instance in the ticket: text in which they stand, `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// One page without any outside reference.
    Html,
    /// For the ticket; to standard output where no file is named.
    Markdown,
}

#[derive(Debug, Args)]
pub struct JournalShow {
    /// A run of this node (its name or a part of it), the file of a journal, or an archive of `journal export`; the latest run where
    /// none is named.
    #[arg(value_name = "RUN|FILE")]
    pub journal: Option<String>,
}

#[derive(Debug, Args)]
pub struct Runbook {
    /// Its name or the code of a refusal, with `#SECTION` for a part alone: `full-expiry`, `ca-expired`, `full-expiry#by-hand`.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub struct Drill {
    /// The kind of keys: RSA-2048, RSA-3072, RSA-4096, ECDSA-P256 or ECDSA-P384.
    #[arg(long, value_name = "ALGORITHM", default_value = "RSA-2048")]
    pub algorithm: KeyAlgorithm,
    /// Make the node in this folder, which must be new or empty, and keep it.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Only make the node, and leave it expired, to be recovered by hand.
    #[arg(long, requires = "keep")]
    pub expired: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
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

/// Who reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Somebody at a terminal, perhaps.
    Person,
    /// Whoever asked for a form that programs read.
    Program,
}

impl Reader {
    /// Of the verb that was called, whose `--output` says it.
    fn of(matches: &ArgMatches) -> Self {
        if let Some((_, matches)) = matches.subcommand() {
            return Self::of(matches);
        }
        let form = matches.try_get_raw("output").ok().flatten();
        match form.and_then(|mut forms| forms.next()) {
            Some(form) if form != "table" => Self::Program,
            _ => Self::Person,
        }
    }
}

impl Arguments {
    /// What a command line says, and who reads the answer.
    pub(super) fn read(
        words: impl IntoIterator<Item = OsString>,
    ) -> Result<(Self, Reader), clap::Error> {
        let mut command = Self::command();
        let matches = command
            .try_get_matches_from_mut(words)
            .map_err(mistakes::with_way_out)?;
        let arguments =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        Ok((arguments, Reader::of(&matches)))
    }

    /// For a verb that works on no node of the operator's.
    pub(super) fn refuse_root(&self, hint: &str) -> Result<(), Failure> {
        if self.root == Path::new("/") {
            return Ok(());
        }
        Err(Failure::usage("--root has no meaning here").hint(hint))
    }

    pub(super) fn root(&self) -> Result<Root, Failure> {
        Root::open(&self.root).map_err(|error| Failure::of_file("root", &error))
    }
}

impl Wishes {
    /// The request, or why it cannot be met.
    pub(super) fn request(&self) -> Result<Request, Failure> {
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

impl Color {
    /// What `--color` asks for, as far as that can be told before the rest is understood.
    pub(super) fn of_command_line(words: impl IntoIterator<Item = OsString>) -> Self {
        let mut words = words.into_iter().map_while(|word| word.into_string().ok());
        let mut asked = Self::Auto;
        while let Some(word) = words.next() {
            let value = match word.as_str() {
                "--" => break,
                "--color" => words.next(),
                _ => word.strip_prefix("--color=").map(str::to_owned),
            };
            if let Some(color) = value.and_then(|value| Self::from_str(&value, false).ok()) {
                asked = color;
            }
        }
        asked
    }

    pub(super) fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}
