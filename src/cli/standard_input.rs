//! Standard input, where a verb takes it for a file.

use std::io::{self, Read};

/// All of it, or one byte more than `limit`, which tells that there is more. In bytes.
pub(super) fn standard_input(limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
