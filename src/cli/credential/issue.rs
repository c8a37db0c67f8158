//! `rekindle credential issue`: a break-glass kubeconfig.

use std::io::Write;

use super::super::arguments::CredentialIssue;
use super::super::exit::Exit;
use super::super::failure::Failure;
use crate::node::Root;

/// Makes it.
pub fn issue(
    _root: &Root,
    _arguments: &CredentialIssue,
    _out: &mut dyn Write,
) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Refused, "not built yet"))
}
