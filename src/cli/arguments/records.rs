//! The command line of the verbs about what earlier runs left: `journal`, `report`, `backups`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::digest::Sha256Digest;

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
pub struct JournalShow {
    /// A run of this node (its name or a part of it), the file of a journal, or an archive of `journal export`; the latest run where
    /// none is named.
    #[arg(value_name = "RUN|FILE")]
    pub journal: Option<String>,
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

#[derive(Debug, Subcommand)]
pub enum BackupsVerb {
    /// Lists the backups of this node, and what they hold.
    List,
    /// Removes old backups; the journals stay.
    Prune(Prune),
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
