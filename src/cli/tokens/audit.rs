//! `rekindle tokens audit`: service account tokens that never end.

use std::io::Write;

use super::super::arguments::TokensAudit;
use super::super::exit::Exit;
use super::super::failure::Failure;
use crate::node::Root;

/// Finds them.
pub fn audit(
    _root: &Root,
    _arguments: &TokensAudit,
    _out: &mut dyn Write,
) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Refused, "not built yet"))
}
