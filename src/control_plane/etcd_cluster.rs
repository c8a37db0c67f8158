//! The other nodes, as far as this one knows them: by etcd's manifest.

use crate::inventory::Layout;
use crate::kubernetes::{Component, EtcdMember, EtcdMembers, quorum};

/// etcd's default for `--name`.
const NAME: &str = "default";

/// The cluster of this node's etcd, as its manifest names it: the members of the moment when this one joined, and so at least those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdCluster {
    /// What this node's member is called.
    pub own: String,
    /// The members that are not this one, in the order of the manifest.
    pub others: Vec<EtcdMember>,
}

impl EtcdCluster {
    /// `None` where no etcd runs on this node, or its manifest names nobody.
    pub(super) fn of(layout: &Layout) -> Option<Self> {
        let named = layout.flag(Component::Etcd, "initial-cluster")?;
        let members: EtcdMembers = named.parse().ok()?;
        let own = layout.flag(Component::Etcd, "name").unwrap_or(NAME);
        let others = members.members().iter();
        Some(Self {
            others: others
                .filter(|member| member.name != own)
                .cloned()
                .collect(),
            own: own.to_owned(),
        })
    }

    /// How many members there are at least.
    pub fn known(&self) -> usize {
        self.others.len() + 1
    }

    /// How many of those must be up for etcd to answer.
    pub fn quorum(&self) -> usize {
        quorum(self.known())
    }

    /// Whether there are others for certain.
    pub fn has_others(&self) -> bool {
        !self.others.is_empty()
    }
}
