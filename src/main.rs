//! The `rekindle` program: parses, dispatches, ends with an exit code. Everything else is the library's.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes every piece of the heap when it is freed: libraries that see a key copy it, and wipe nothing.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    rekindle::cli::run()
}
