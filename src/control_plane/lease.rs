//! The Leases that show whether a component authenticates. Plain data.

use std::fmt;

/// A `coordination.k8s.io/v1` Lease.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl LeaseName {
    /// The Lease that a node's kubelet renews (`k8s.io/api/core/v1`, `NamespaceNodeLease`).
    pub fn of_node(node: &str) -> Self {
        Self {
            namespace: "kube-node-lease".to_owned(),
            name: node.to_owned(),
        }
    }

    /// Where the API serves it.
    pub fn path(&self) -> String {
        format!(
            "/apis/coordination.k8s.io/v1/namespaces/{}/leases/{}",
            self.namespace, self.name
        )
    }
}

impl fmt::Display for LeaseName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}
