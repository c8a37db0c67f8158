//! The command line.

mod csr;
mod mistakes;
mod nodes;
mod records;
mod runs;
mod ways_in;
mod wishes;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use super::failure::Failure;
use super::version;
use crate::node::Root;
use crate::pki::KeyAlgorithm;

pub use csr::{CsrExport, CsrImport, CsrSign, CsrVerb};
pub use nodes::{KubeletRestart, NodeInstall, NodeIssue, NodeVerb};
pub use records::{
    BackupsVerb, JournalExport, JournalShow, JournalVerb, JournalVerify, Prune, Report, ReportForm,
};
pub(super) use runs::one_line;
pub use runs::{CaReissue, CaVerb, Recover, Resume, Rollback, Telling, Way, Words};
pub use ways_in::{
    Auth, CredentialIssue, CredentialList, CredentialVerb, TokensAudit, TokensVerb, Whoami,
};
pub use wishes::{EtcdCopyChoice, RestartArguments, RestartName, Wishes};

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
