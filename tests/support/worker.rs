//! A control plane and a worker of the same cluster, each in a folder, whose kubelets' certificates have run out.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::node::{Node, project, temporary_folder};
use super::program::{Run, rekindle};

/// The worker's name.
pub const WORKER: &str = "w-1";
/// The content of its `/etc/machine-id`.
pub const MACHINE_ID: &str = "5d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2c";
/// Where its kubelet's credential is.
pub const LINK: &str = "/var/lib/kubelet/pki/kubelet-client-current.pem";

/// Both, and a folder for what is carried from the one to the other.
pub struct Cluster {
    pub plane: Node,
    pub worker: Node,
    folder: TempDir,
}

impl Cluster {
    /// Of a node of `testdata/nodes`.
    pub fn of(name: &str) -> Self {
        let plane = Node::materialize(name);
        let worker = lay_out(&plane);
        Self {
            plane,
            worker,
            folder: temporary_folder(),
        }
    }

    /// The folder for bundles, as an argument.
    pub fn out(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    /// Makes the worker's bundle.
    pub fn issue(&self) -> PathBuf {
        let node = format!("{WORKER}={MACHINE_ID}");
        let arguments = ["node", "issue", &node, "--out", self.out(), "--yes"];
        rekindle(self.plane.path(), &arguments).expect(0);
        self.folder.path().join(format!("{WORKER}.rekindle-node"))
    }

    /// Another file in that folder.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Installs a file on the worker.
    pub fn install(&self, bundle: &std::path::Path) -> Run {
        install(&self.worker, bundle)
    }
}

/// `node install` of a file on a node.
pub fn install(node: &Node, bundle: &std::path::Path) -> Run {
    let bundle = bundle.to_str().unwrap();
    rekindle(node.path(), &["node", "install", bundle, "--yes"])
}

/// A worker of the cluster of that control plane.
pub fn lay_out(plane: &Node) -> Node {
    let worker = Node::empty();
    let status = Command::new(project().join("scripts/materialize-worker"))
        .args([plane.path(), worker.path()])
        .args([WORKER, MACHINE_ID])
        .status()
        .unwrap();
    assert!(status.success(), "materialize-worker");
    worker
}
