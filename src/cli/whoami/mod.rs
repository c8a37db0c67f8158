//! `rekindle whoami`: who a credential is, and what the API server would answer to it.

mod document;
mod facts;
mod kubeconfig;
mod look;
mod presented;
mod report;

use std::io::Write;

use super::arguments::{Output, Whoami};
use super::exit::Exit;
use super::failure::Failure;
use super::observed::demand_root;
use crate::authentication::{Answer, ApiServer};
use crate::inventory::Layout;
use crate::node::{self, Root};

use document::write_json;
use look::Look;
use presented::Presented;
use report::write_report;

/// Says it. Exit 0 when the server would know the bearer; of a kubeconfig the context that counts decides.
pub fn whoami(root: &Root, arguments: &Whoami, out: &mut dyn Write) -> Result<Exit, Failure> {
    demand_root(root)?;
    let presented = Presented::read(arguments)?;
    let layout = Layout::observe(root);
    let server = ApiServer::observe(root, &layout);
    let server = server.unwrap_or_else(|| ApiServer::of_kubeadm(root, &layout));
    let look = Look {
        root,
        server: &server,
        folder: arguments.credential.parent(),
        now: node::now(),
    };
    let ways = look.ways(presented);
    match arguments.output {
        Output::Table => write_report(&look, &ways, out)?,
        Output::Json => write_json(&look, &ways, out)?,
    }
    let current = ways.iter().find(|way| way.is_current).or(ways.first());
    Ok(match current.map(|way| &way.answer) {
        Some(Answer::Known(_)) => Exit::Done,
        _ => Exit::ActionNeeded,
    })
}
