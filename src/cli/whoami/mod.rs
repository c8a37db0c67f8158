//! `rekindle whoami`: who a credential is, and what the API server would answer to it.

mod document;
mod facts;
mod kubeconfig;
mod look;
mod presented;
mod report;

use std::io::Write;
use std::path::Path;

use super::arguments::{Output, Whoami};
use super::auth::no_manifest;
use super::exit::Exit;
use super::failure::Failure;
use super::observed::{demand_root, no_node};
use crate::authentication::ApiServerAuthentication;
use crate::inventory::Layout;
use crate::node::{self, Root};

use document::write_json;
use facts::Way;
use look::Look;
use presented::Presented;
use report::write_report;

/// Says it. Exit 0 when the server would know the bearer and the client comes so far; of a kubeconfig the current context decides.
pub fn whoami(root: &Root, arguments: &Whoami, out: &mut dyn Write) -> Result<Exit, Failure> {
    demand_root(root)?;
    let presented = Presented::read(root, arguments)?;
    let server = api_server(root)?;
    let is_standard_input = arguments.credential == Path::new("-");
    let look = Look {
        root,
        server: &server,
        place: if is_standard_input {
            "from standard input"
        } else {
            "in the file"
        },
        folder: arguments.credential.parent().filter(|_| !is_standard_input),
        now: node::now(),
    };
    let (is_kubeconfig, context) = presented.current_context();
    let ways = look.ways(presented);
    let shown = Shown {
        current: ways.iter().find(|way| way.is_current),
        is_kubeconfig,
        context,
        ways: &ways,
    };
    match arguments.output {
        Output::Table => write_report(&look, &shown, out)?,
        Output::Json => write_json(&look, &shown, out)?,
    }
    Ok(match shown.current {
        Some(way) if way.is_let_in() => Exit::Done,
        _ => Exit::ActionNeeded,
    })
}

/// What is shown.
struct Shown<'a> {
    /// The way that counts; none where a kubeconfig has no such context.
    current: Option<&'a Way>,
    is_kubeconfig: bool,
    /// Of a kubeconfig `current-context`, as it is written.
    context: Option<String>,
    ways: &'a [Way],
}

/// The API server of this node: by its manifest, or as kubeadm sets it up where there is none.
fn api_server(root: &Root) -> Result<ApiServerAuthentication, Failure> {
    let layout = Layout::observe(root);
    if let Some(server) = ApiServerAuthentication::observe(root, &layout) {
        return Ok(server);
    }
    if !layout.obstacles.is_empty() {
        return Err(no_manifest(root, &layout, "whoami"));
    }
    let server = ApiServerAuthentication::of_kubeadm(root, &layout);
    let authorities = server.client_authorities.as_ref();
    if authorities.is_some_and(|file| file.content.is_ok()) {
        return Ok(server);
    }
    Err(no_node(root))
}
