//! `rekindle whoami`: who a credential is, and what the API server would answer.

use std::io::Write;

use super::arguments::Whoami;
use super::exit::Exit;
use super::failure::Failure;
use crate::node::Root;

/// Says it.
pub fn whoami(_root: &Root, _arguments: &Whoami, _out: &mut dyn Write) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Refused, "not built yet"))
}
