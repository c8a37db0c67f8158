//! `rekindle --version`: which program this is, so that it can be found in a release's list of digests.

use std::io::{self, Write};

use crate::node;

/// The first lines of the long form; the digest is taken when it is asked for, and not at every start.
pub const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("REKINDLE_COMMIT"),
    "\ntarget: ",
    env!("REKINDLE_TARGET")
);

/// The last line: SHA-256 of the running program's own file.
pub fn print_digest(out: &mut impl Write) -> io::Result<()> {
    match node::binary_digest() {
        Some(digest) => writeln!(out, "sha256: {digest}"),
        None => writeln!(
            out,
            "sha256: unknown: /proc/self/exe cannot be read: sha256sum of the file tells"
        ),
    }
}
