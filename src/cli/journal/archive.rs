//! Archives as `journal export` writes them.

use std::io::{self, Read};
use std::path::Path;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::operand::Journal;
use crate::node::LARGEST_OPERAND;

/// Whether these are the bytes of an archive: the magic of its first header (POSIX.1-1988, and GNU's).
pub(in crate::cli) fn is_archive(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(b"ustar")
}

/// Each journal in an archive, with where it is. The certificate beside it there is not believed: whoever made the archive chose it.
pub(in crate::cli) fn journals_in(
    source: &str,
    archive: &[u8],
) -> Result<Vec<(String, Journal)>, Failure> {
    let broken = |error: io::Error| {
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
        return Err(broken(io::Error::other("there is no journal in it")));
    }
    Ok(found)
}
