//! What is asked for on the command line, looked at before the node is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::arguments::CredentialIssue;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::out_folder::demand_folder_for_keys;
use super::super::render::span;
use super::names::{NameError, check_groups, check_user};
use crate::age::Recipient;
use crate::kubernetes::endpoint;
use crate::kubernetes::{MASTERS_GROUP, is_above_rbac};
use crate::node::{Root, look_at_operand};

/// What is longer must be asked for twice.
const LONG: Duration = Duration::from_hours(24);
/// What is shorter has ended before anybody has typed a command.
const SHORTEST: Duration = Duration::from_mins(1);
/// More than enough for people and vaults, and little enough to be listed.
const MOST_RECIPIENTS: usize = 16;
/// The runbook of all this.
pub(super) const RUNBOOK: &str = "break-glass";

/// What the words alone say, where nothing is wrong with them.
#[derive(Debug)]
pub(super) struct Request {
    /// To whom it is encrypted; nobody where it lies open.
    pub(super) recipients: Vec<Recipient>,
    /// The folder of the file.
    pub(super) folder: PathBuf,
}

impl Request {
    /// Everything that can be refused by the words alone, and by the place that they name.
    pub(super) fn of(root: &Root, arguments: &CredentialIssue) -> Result<Self, Failure> {
        check_user(&arguments.user).map_err(|error| of_name(root, &error))?;
        check_groups(&arguments.group).map_err(|error| of_name(root, &error))?;
        if is_above_rbac(&arguments.group) && !arguments.i_know_this_bypasses_rbac {
            let message = format!(
                "{MASTERS_GROUP} is above RBAC: the certificate can do everything until it ends, and nothing that is deleted takes that away"
            );
            return Err(usage(message).hint(
                "a group that RBAC is bound to can be taken back: --group kubeadm:cluster-admins; if it must be this one: --i-know-this-bypasses-rbac",
            ));
        }
        demand_reason(arguments)?;
        demand_lifetime(arguments)?;
        if let Some(server) = &arguments.server {
            check_server(server)
                .map_err(|why| usage(format!("--server: {why}")).hint(SERVER_HINT))?;
        }
        Ok(Self {
            recipients: recipients(arguments)?,
            folder: folder(root, &arguments.out)?,
        })
    }
}

const SERVER_HINT: &str = "such as --server https://192.0.2.10:6443";

/// Whether it lives for longer than a day.
pub(super) fn is_long(arguments: &CredentialIssue) -> bool {
    arguments.ttl > LONG
}

/// The server that is named, else `known`, that of admin.conf.
pub(super) fn server(arguments: &CredentialIssue, known: Option<&str>) -> Result<String, Failure> {
    if let Some(named) = &arguments.server {
        return Ok(named.clone());
    }
    let Some(known) = known else {
        let message = "admin.conf names no API server, and --server is not there";
        return Err(of_node(message));
    };
    check_server(known).map_err(|why| of_node(format!("admin.conf: {why}")))?;
    Ok(known.to_owned())
}

/// Whether kubectl can bring a certificate there.
fn check_server(server: &str) -> Result<(), String> {
    // What stands there may be a password, and is not shown.
    if server.contains(['@', '?', '#']) {
        return Err(
            "the URL of an API server has no user and no password in it, and nothing behind ? or #"
                .to_owned(),
        );
    }
    let quoted = server.escape_debug();
    let is_plain = server.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain || endpoint(server).is_none() {
        return Err(format!("{quoted} is not the URL of an API server"));
    }
    if !server.starts_with("https://") {
        return Err(format!(
            "{quoted} does not begin with https://, and without TLS there are no certificates"
        ));
    }
    Ok(())
}

fn demand_reason(arguments: &CredentialIssue) -> Result<(), Failure> {
    if arguments.reason.trim().is_empty() {
        return Err(usage("a break-glass credential needs its --reason")
            .hint("say why, for whoever reads the journal: --reason \"…\" --ticket …"));
    }
    Ok(())
}

fn demand_lifetime(arguments: &CredentialIssue) -> Result<(), Failure> {
    let ttl = arguments.ttl;
    if ttl < SHORTEST {
        let message = format!(
            "a --ttl of {} is too short to be of use: the shortest is {}",
            span(ttl),
            span(SHORTEST)
        );
        return Err(usage(message).hint("ask for as long as the work takes: --ttl 1h"));
    }
    if is_long(arguments) && !arguments.long_lived {
        let message = format!(
            "a --ttl of {} is longer than 24h, and so must be asked for twice",
            span(ttl)
        );
        return Err(usage(message).hint(
            "it cannot be taken back: ask for less, and again when that has ended; if it is meant: --long-lived",
        ));
    }
    Ok(())
}

fn recipients(arguments: &CredentialIssue) -> Result<Vec<Recipient>, Failure> {
    let named = &arguments.recipient;
    if named.len() > MOST_RECIPIENTS {
        let message = format!(
            "there are {} recipients, and may be {MOST_RECIPIENTS}",
            named.len()
        );
        return Err(usage(message)
            .hint("seal it to fewer, or to a key that they share; or issue one for each of them"));
    }
    let mut recipients: Vec<Recipient> = Vec::new();
    for (number, text) in named.iter().enumerate() {
        // The text is not shown: it may be a secret.
        let recipient: Recipient = text.parse().map_err(|error| {
            usage(format!("--recipient number {}: {error}", number + 1))
                .hint("its public half, which `age-keygen -y IDENTITY-FILE` prints: age1…")
        })?;
        if recipients.contains(&recipient) {
            let message = format!("the recipient {recipient} is named twice");
            return Err(usage(message).hint("once is enough, unless another one was meant"));
        }
        recipients.push(recipient);
    }
    Ok(recipients)
}

/// Where the file goes, in which there is nothing of that name yet.
fn folder(root: &Root, out: &Path) -> Result<PathBuf, Failure> {
    if out == Path::new("-") {
        return Err(usage("a key is written to no terminal and no pipe")
            .hint("name a file, which nobody but its owner will be able to read: --out FILE"));
    }
    let parent = out.parent().filter(|path| !path.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new(".")).to_owned();
    demand_folder_for_keys(root, &folder)?;
    if let (_, true) = look_at_operand(out) {
        let message = format!("{} is there already", out.display());
        return Err(usage(message).hint("no file is overwritten: remove it, or name another one"));
    }
    Ok(folder)
}

/// What the words leave to the node, and the node does not have.
fn of_node(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Refused, message)
        .hint(format!("name it, {SERVER_HINT}"))
        .runbook(RUNBOOK)
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message).runbook(RUNBOOK)
}

fn of_name(root: &Root, error: &NameError) -> Failure {
    usage(error.to_string()).hint(root.addressed(error.hint()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_over_tls_or_not_at_all() {
        for good in [
            "https://192.0.2.10:6443",
            "https://[2001:db8::1]:6443",
            "https://api.example.test/k8s",
        ] {
            assert_eq!(check_server(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "192.0.2.10:6443",
            "http://192.0.2.10:6443",
            "https://",
            "https://a b",
            "https://a:b@c",
            "https://a/?b",
            "https://a\u{1b}[31m",
            "https://a:0",
        ] {
            assert!(check_server(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_password_is_quoted() {
        for bad in [
            "https://me:hunter2@192.0.2.10",
            "http://me:hunter2@192.0.2.10",
            "https://me:hun/hunter2@192.0.2.10",
            "https://192.0.2.10/?token=hunter2",
            "me:hunter2@192.0.2.10",
        ] {
            let why = check_server(bad).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
