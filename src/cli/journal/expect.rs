//! The checkpoints that were kept elsewhere, for `journal verify --expect`.

use std::path::Path;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::standard_input::standard_input;
use crate::journal::Checkpoint;
use crate::node::{LARGEST_OPERAND, read_operand};

/// The longest text in which checkpoints are looked for, in bytes.
const MAXIMUM_TEXT: usize = 1024 * 1024;

/// The checkpoints in a file, a ticket's text around them perhaps; `-` is standard input.
pub(in crate::cli) fn expected(path: &Path) -> Result<Vec<Checkpoint>, Failure> {
    let (name, bytes) = if path == Path::new("-") {
        ("standard input".to_owned(), standard_input(MAXIMUM_TEXT)?)
    } else {
        let bytes = read_operand(path, LARGEST_OPERAND).map_err(|error| {
            Failure::of(Exit::Usage, &error).hint("name the file with the checkpoint")
        })?;
        (path.display().to_string(), bytes)
    };
    if bytes.len() > MAXIMUM_TEXT {
        let message = format!("{name} is longer than {MAXIMUM_TEXT} bytes");
        return Err(Failure::new(Exit::Usage, message).hint("cut out the checkpoint: five lines"));
    }
    Checkpoint::find_all(&String::from_utf8_lossy(&bytes)).map_err(|error| {
        Failure::new(Exit::Usage, format!("{name}: {error}")).hint(
            "it is the five lines that the run printed at its end, from `rekindle.dev/journal/` on",
        )
    })
}
