//! `rekindle journal export`: everything that an auditor needs about one run, in one file.

use std::io::{self, Write};

use super::super::arguments::JournalExport;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::operand::known_run;
use crate::journal::{BrokenChain, Chain};
use crate::node::{Root, Secrecy, create_operand};
use crate::recovery::{History, RunFiles};

/// What an auditor does with it, without this program and with it.
const HOW_TO_VERIFY: &str = "\
RUN.jsonl       the journal: one signed record a line
RUN.checkpoint  the note that pins all of its lines; compare it with the one in the ticket
RUN.torn-*      lines that a crash had cut short, as they were found
ca.crt          the CA certificate of the cluster, as the journal names it; compare it with the cluster's own

rekindle journal verify ./RUN.jsonl --ca ca.crt --expect RUN.checkpoint
scripts/verify-journal RUN.jsonl ca.crt     (the same with openssl and jq alone, from rekindle's repository)
";

/// Writes the archive.
pub fn export(
    root: &Root,
    arguments: &JournalExport,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let run = known_run(root, arguments.run.as_deref())?;
    let archive = Archive::of(root, &run)?;
    let path = &arguments.out;
    let file = create_operand(path).map_err(|error| {
        Failure::of(Exit::Usage, &error).hint("name a file that does not exist yet")
    })?;
    archive
        .write(file)
        .map_err(|error| Failure::new(Exit::Failed, format!("{}: {error}", path.display())))?;
    writeln!(out, "Exported  {}", path.display())?;
    for (name, bytes) in &archive.files {
        writeln!(out, "  {name}  {} bytes", bytes.len())?;
    }
    match archive.broken {
        None => Ok(Exit::Done),
        Some(error) => Err(Failure::of(Exit::JournalInvalid, &error)
            .hint("it was exported as it is: keep it as evidence")
            .runbook("runbooks/exit-codes.md")),
    }
}

struct Archive {
    run: String,
    /// Seconds since 1970: when the journal was written last.
    modified: u64,
    files: Vec<(String, Vec<u8>)>,
    broken: Option<BrokenChain>,
}

impl Archive {
    fn of(root: &Root, run: &str) -> Result<Self, Failure> {
        let unreadable = |error| Failure::of_file("journal", &error);
        let journal = RunFiles::of(run).journal;
        let bytes = root.read_log(&journal).map_err(unreadable)?;
        let mut archive = Self {
            run: run.to_owned(),
            modified: 0,
            files: Vec::new(),
            broken: None,
        };
        match Chain::read(&bytes) {
            Ok(Some(chain)) => archive.describe(&chain),
            Ok(None) => {}
            Err(error) => archive.broken = Some(error),
        }
        archive.add(&format!("{run}.jsonl"), bytes);
        for path in History::torn(root, run).map_err(unreadable)? {
            let torn = root.read(&path, Secrecy::Public).map_err(unreadable)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            archive.add(&name, torn.bytes.to_vec());
        }
        let text = HOW_TO_VERIFY.replace("RUN", run);
        archive.add("VERIFY.txt", text.into_bytes());
        Ok(archive)
    }

    /// What follows from the journal itself, so that it can be had where nothing else on the node is in order.
    fn describe(&mut self, chain: &Chain) {
        if let Some(checkpoint) = chain.checkpoint() {
            let name = format!("{}.checkpoint", self.run);
            self.add(&name, checkpoint.to_string().into_bytes());
        }
        let genesis = chain.genesis();
        if let Some(authority) = &genesis.authority {
            self.add("ca.crt", authority.certificate.clone().into_bytes());
        }
        let wall = genesis.circumstances.setting.clocks.wall;
        self.modified = u64::try_from(wall.unix_timestamp()).unwrap_or(0);
    }

    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.push((name.to_owned(), bytes));
    }

    /// The same archive whenever it is written.
    fn write(&self, file: impl Write) -> io::Result<()> {
        let mut tar = tar::Builder::new(file);
        for (name, bytes) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            header.set_mtime(self.modified);
            tar.append_data(
                &mut header,
                format!("{}/{name}", self.run),
                bytes.as_slice(),
            )?;
        }
        tar.into_inner()?.flush()
    }
}
