//! `rekindle journal export`: everything that an auditor needs about one run, in one file.

use std::io::{self, Write};

use super::super::arguments::JournalExport;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::render::{count, printable};
use super::instructions::{AUTHORITY, instructions};
use super::operand::known_run;
use crate::journal::{BrokenChain, Chain};
use crate::node::{FileError, Root, Secrecy, create_operand_with};
use crate::plan::Refusal;
use crate::recovery::{History, RunFiles};

/// Writes the archive.
pub fn export(
    root: &Root,
    arguments: &JournalExport,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let run = known_run(root, arguments.run.as_deref())?;
    let archive = Archive::of(root, &run)?;
    let path = &arguments.out;
    let bytes = archive.bytes().map_err(|error| {
        let message = format!("{}: {error}", path.display());
        Failure::new(Exit::Failed, message).hint("the journal cannot be packed: copy it as it is")
    })?;
    create_operand_with(path, &bytes).map_err(|error| not_created(&error))?;
    let text = printable(&path.display().to_string());
    writeln!(out, "Exported the run {} to {text}:", printable(&run))?;
    for (name, bytes) in &archive.files {
        writeln!(out, "  {}  {}", printable(name), count(bytes.len(), "byte"))?;
    }
    match archive.broken {
        None => Ok(Exit::Done),
        Some(error) => Err(Failure::of(Exit::JournalInvalid, &error)
            .hint("it was exported as it is: keep it as evidence")
            .runbook("exit-codes")),
    }
}

/// A name that cannot be meant, or a disk that takes no file.
pub(in crate::cli) fn not_created(error: &FileError) -> Failure {
    match error {
        FileError::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
            Failure::of(Exit::Usage, error).hint("name a file that does not exist yet")
        }
        FileError::NotFound { .. } | FileError::NotAFolder { .. } => {
            Failure::of(Exit::Usage, error).hint("name a file in a folder that is there")
        }
        other => {
            let remedy = Refusal::of_file("archive", other).remedy;
            Failure::of(Exit::Failed, other).hint(remedy)
        }
    }
}

struct Archive {
    run: String,
    /// Seconds since 1970: when the run began.
    modified: u64,
    files: Vec<(String, Vec<u8>)>,
    broken: Option<BrokenChain>,
}

impl Archive {
    fn of(root: &Root, run: &str) -> Result<Self, Failure> {
        let unreadable = |error| Failure::of_file("journal", &error);
        let journal = root
            .read_log(&RunFiles::of(run).journal)
            .map_err(unreadable)?;
        let (chain, broken) = match Chain::read(&journal) {
            Ok(chain) => (chain, None),
            Err(error) => (None, Some(error)),
        };
        let mut archive = Self {
            run: run.to_owned(),
            modified: 0,
            files: Vec::new(),
            broken,
        };
        archive.add(format!("{run}.jsonl"), journal);
        if let Some(chain) = &chain {
            archive.describe(chain);
        }
        for path in History::torn(root, run).map_err(unreadable)? {
            let torn = root.read(&path, Secrecy::Public).map_err(unreadable)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            archive.add(name.into_owned(), torn.bytes.to_vec());
        }
        let names: Vec<String> = archive.files.iter().map(|(name, _)| name.clone()).collect();
        let text = instructions(run, &names, chain.as_ref());
        archive.add("VERIFY.txt".to_owned(), text.into_bytes());
        Ok(archive)
    }

    /// What follows from the journal itself, so that it can be had where nothing else on the node is in order.
    fn describe(&mut self, chain: &Chain) {
        if let Some(checkpoint) = chain.checkpoint() {
            let name = format!("{}.checkpoint", self.run);
            self.add(name, checkpoint.to_string().into_bytes());
        }
        let mut authorities: Vec<&str> = chain
            .authorities()
            .map(|authority| authority.certificate.as_str())
            .collect();
        // One after the other, where the CA was changed between two attempts.
        authorities.dedup();
        if !authorities.is_empty() {
            self.add(AUTHORITY.to_owned(), authorities.concat().into_bytes());
        }
        let wall = chain.genesis().circumstances.setting.clocks.wall;
        self.modified = u64::try_from(wall.unix_timestamp()).unwrap_or(0);
    }

    fn add(&mut self, name: String, bytes: Vec<u8>) {
        self.files.push((name, bytes));
    }

    /// The same archive whenever it is made.
    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, bytes) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            header.set_mtime(self.modified);
            let path = format!("{}/{name}", self.run);
            tar.append_data(&mut header, path, bytes.as_slice())?;
        }
        tar.into_inner()
    }
}
