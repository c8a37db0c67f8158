//! The `rekindle` program: parses, dispatches, ends with an exit code. Everything else is the library's.

use std::process::ExitCode;

fn main() -> ExitCode {
    rekindle::cli::run()
}
