//! The journals that an operand of `report` names.

use std::io::Read;
use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::journal::Journal;
use crate::node::{LARGEST_OPERAND, Root, files_in, look_at_operand};

/// A journal, and where it was read.
pub(super) type Sourced = (String, Journal);

/// What the operand names, each file by a name of its own: a run of the node, a journal, an archive, or a folder with such files.
pub(super) fn operands(named: &[String]) -> Result<Vec<Option<String>>, Failure> {
    if named.is_empty() {
        return Ok(vec![None]);
    }
    let mut operands = Vec::new();
    for one in named {
        let path = Path::new(one);
        // A run's name is never that of a folder by chance: a folder here is named with a slash.
        if !one.contains('/') || !look_at_operand(path).0 {
            operands.push(Some(one.clone()));
            continue;
        }
        let files = files_in(path).map_err(|error| Failure::of(Exit::Usage, &error))?;
        let before = operands.len();
        let files = files.iter().filter(|file| {
            let extension = file.extension();
            extension.is_some_and(|extension| extension == "jsonl" || extension == "tar")
        });
        operands.extend(files.map(|file| Some(file.display().to_string())));
        if operands.len() == before {
            let message = format!("there is no journal in {one}");
            return Err(Failure::new(Exit::Usage, message)
                .hint("name a folder with .jsonl files or archives (.tar) of `journal export`"));
        }
    }
    Ok(operands)
}

/// The journal of a run or a file; of an archive, as `journal export` writes it, each that is in it. The certificate beside it there
/// is not believed: whoever made the archive chose it.
pub(super) fn journals(root: &Root, named: Option<&str>) -> Result<Vec<Sourced>, Failure> {
    let journal = Journal::read_any(root, named)?;
    let source = journal
        .run
        .clone()
        .or(named.map(str::to_owned))
        .unwrap_or_default();
    // The magic of a tar archive's first header (POSIX.1-1988, and GNU's).
    if journal.bytes.get(257..262) == Some(b"ustar") {
        return in_archive(&source, &journal.bytes);
    }
    Ok(vec![(source, journal)])
}

fn in_archive(source: &str, archive: &[u8]) -> Result<Vec<Sourced>, Failure> {
    let broken = |error: std::io::Error| {
        Failure::new(Exit::Usage, format!("{source}: {error}"))
            .hint("name a journal, or an archive that `rekindle journal export` wrote")
    };
    let mut found = Vec::new();
    for entry in tar::Archive::new(archive).entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        let is_journal = path
            .extension()
            .is_some_and(|extension| extension == "jsonl");
        if !is_journal || !entry.header().entry_type().is_file() {
            continue;
        }
        let mut bytes = Vec::new();
        entry
            .by_ref()
            .take(LARGEST_OPERAND as u64)
            .read_to_end(&mut bytes)
            .map_err(broken)?;
        let run = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let within = Path::new(source).join(path).display().to_string();
        found.push((within, Journal { run, bytes }));
    }
    if found.is_empty() {
        return Err(broken(std::io::Error::other("there is no journal in it")));
    }
    Ok(found)
}
