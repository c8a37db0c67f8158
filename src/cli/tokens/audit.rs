//! `rekindle tokens audit`: service account tokens that never end.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::super::arguments::{Output, TokensAudit};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::observed::observe_control_plane;
use super::report::write_report;
use super::report_json::write_json;
use crate::control_plane::{ControlPlane, Etcd};
use crate::inventory::Layout;
use crate::kubernetes::Component;
use crate::node::{OperandFile, Root, is_root, now};
use crate::proof::ApiServer;
use crate::shell::quote;
use crate::token_audit::{ApiError, SnapshotError, TokenAudit, audit_api, audit_snapshot};

const RUNBOOK: &str = "bound-tokens";

/// Finds them, by way of the API server or in a snapshot of etcd. 0 where there is none, 1 where there are some, or where not all
/// could be looked at.
pub fn audit(root: Root, arguments: &TokensAudit, out: &mut dyn Write) -> Result<Exit, Failure> {
    let root = Arc::new(root);
    let audit = match &arguments.snapshot {
        Some(file) => in_snapshot(&root, file)?,
        None => by_api(&root)?,
    };
    match arguments.output {
        Output::Table => write_report(&root, &audit, now(), out)?,
        Output::Json => write_json(&audit, now(), out)?,
    }
    Ok(if audit.is_clean() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

fn by_api(root: &Arc<Root>) -> Result<TokenAudit, Failure> {
    let inventory = observe_control_plane(root)?;
    let plane = ControlPlane::of(&inventory);
    let api = ApiServer::of(root, &plane);
    audit_api(&api).map_err(|error| silent(root, &plane, &error))
}

/// The API server does not tell: what else there is to be asked.
fn silent(root: &Root, plane: &ControlPlane, error: &ApiError) -> Failure {
    let failure = Failure::because(
        Exit::Refused,
        "the API server of this node does not tell which tokens there are",
        error,
    );
    let advice = match error {
        ApiError::Silent {
            hint: Some(advice), ..
        } => format!("{advice}; "),
        _ => String::new(),
    };
    let database = match &plane.etcd {
        Etcd::Local { data, .. } => root.outside(&data.join("member/snap/db")),
        Etcd::External => Path::new("member/snap/db").to_owned(),
    };
    let command = root.command("tokens audit --snapshot FILE");
    failure
        .hint(format!(
            "{advice}bring the control plane back first ({}); or look into etcd's data: {command}, with FILE a snapshot (etcdctl snapshot save FILE) or the database of an etcd that is stopped ({})",
            root.command("recover"),
            quote(&database),
        ))
        .runbook(RUNBOOK)
}

fn in_snapshot(root: &Root, path: &Path) -> Result<TokenAudit, Failure> {
    let file = OperandFile::open(path).map_err(|error| {
        let failure = Failure::of(Exit::Usage, &error);
        failure.hint("name a snapshot (etcdctl snapshot save FILE), or the database of an etcd that is stopped (member/snap/db)")
    })?;
    // Where this is no node, or not to be read, it is found in the snapshot itself.
    let layout = (!root.is_machine() || is_root()).then(|| Layout::observe(root));
    let prefix = layout
        .as_ref()
        .and_then(|layout| layout.flag(Component::ApiServer, "etcd-prefix"));
    audit_snapshot(&file, prefix, file.modified()).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &SnapshotError) -> Failure {
    let message = format!("{} tells nothing of tokens", path.display());
    Failure::because(Exit::Refused, message, error)
        .hint("take it once more: etcdctl snapshot save FILE; the file of an etcd that runs must not be copied, for it changes meanwhile")
        .runbook(RUNBOOK)
}
