//! `rekindle credential list`: what was issued, and is still alive.

use std::io::Write;

use super::super::arguments::CredentialList;
use super::super::exit::Exit;
use super::super::failure::Failure;
use crate::node::Root;

/// Lists them.
pub fn list(
    _root: &Root,
    _arguments: &CredentialList,
    _out: &mut dyn Write,
) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Refused, "not built yet"))
}
