//! `rekindle auth`: the ways in of this API server.

use std::io::Write;

use super::arguments::Auth;
use super::exit::Exit;
use super::failure::Failure;
use crate::node::Root;

/// Shows them.
pub fn auth(_root: &Root, _arguments: &Auth, _out: &mut dyn Write) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Refused, "not built yet"))
}
