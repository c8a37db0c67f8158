//! The checkpoints that were kept elsewhere, for `journal verify --expect`.

use std::io::{self, Read};
use std::path::Path;

use super::super::exit::Exit;
use super::super::failure::Failure;
use crate::journal::Checkpoint;
use crate::node::read_operand;

/// The longest text in which checkpoints are looked for, in bytes.
const MAXIMUM_TEXT: usize = 1024 * 1024;

/// The checkpoints in a file, a ticket's text around them perhaps; `-` is standard input.
pub(super) fn expected(path: &Path) -> Result<Vec<Checkpoint>, Failure> {
    let (name, bytes) = if path == Path::new("-") {
        ("standard input".to_owned(), standard_input()?)
    } else {
        let bytes = read_operand(path).map_err(|error| {
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

fn standard_input() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let more_than_enough = MAXIMUM_TEXT as u64 + 1;
    io::stdin()
        .lock()
        .take(more_than_enough)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
