//! What this node is called: by its kubelet, and by what else on it bears the name.

use std::path::Path;

use super::{CredentialEntry, Layout};
use crate::kubernetes::{Component, node_name, node_of_user};
use crate::node::{self, MACHINE_ID, Root, Secrecy};

/// Where a node in a folder keeps its host name (hostname(5)).
const HOST_NAME: &str = "/etc/hostname";

/// The names that were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeNames {
    /// The one that the kubelet takes when it starts.
    pub taken: Named,
    /// What else on the node bears its name.
    pub witnesses: Vec<Named>,
}

/// A name, and what it was found in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As a node's name; `None` where nothing is there that could be one.
    pub name: Option<String>,
    /// What says so, in words.
    pub source: String,
}

/// The host, by machine-id(5).
pub(super) fn machine_id(root: &Root) -> Option<String> {
    let file = root.read(Path::new(MACHINE_ID), Secrecy::Public).ok()?;
    let text = std::str::from_utf8(&file.bytes).ok()?.trim();
    let is_one = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| text.to_owned())
}

impl NodeNames {
    pub(super) fn observe(root: &Root, layout: &Layout, credentials: &[CredentialEntry]) -> Self {
        let certificate = |name: &str| {
            let entry = credentials
                .iter()
                .find(|entry| entry.catalog.name == name)?;
            entry.certificate()
        };
        let member = layout.flag(Component::Etcd, "name");
        let serving = certificate("kubelet-serving").and_then(|one| one.common_name());
        let etcd = certificate("etcd-server").and_then(|one| one.common_name());
        let found = [
            (member, "--name in the manifest of etcd"),
            // `HOST@SECONDS` where the kubelet made it, `system:node:NODE` where the cluster signed it.
            (
                serving.and_then(|name| match name.split_once('@') {
                    Some((host, _)) => Some(host),
                    None => node_of_user(name),
                }),
                "the kubelet's serving certificate",
            ),
            (etcd, "the serving certificate of etcd"),
        ];
        let witnesses = found.into_iter().filter_map(|(name, source)| {
            Some(Named {
                name: Some(node_name(name?)?),
                source: source.to_owned(),
            })
        });
        Self {
            taken: taken(root, layout),
            witnesses: witnesses.collect(),
        }
    }
}

/// As the kubelet takes it: from its flag, else from the machine.
fn taken(root: &Root, layout: &Layout) -> Named {
    let (host, source) = match &layout.hostname_override {
        Some((name, file)) => (Some(name.clone()), format!("--hostname-override in {file}")),
        None if root.is_machine() => (Some(node::machine().name), "the host name".to_owned()),
        // This machine's name is not that of a node in a folder.
        None => (host_name(root), HOST_NAME.to_owned()),
    };
    Named {
        name: host.as_deref().and_then(node_name),
        source,
    }
}

fn host_name(root: &Root) -> Option<String> {
    let file = root.read(Path::new(HOST_NAME), Secrecy::Public).ok()?;
    let text = std::str::from_utf8(&file.bytes).ok()?;
    let mut lines = text.lines().map(str::trim);
    let name = lines.find(|line| !line.is_empty() && !line.starts_with('#'))?;
    Some(name.to_owned())
}
