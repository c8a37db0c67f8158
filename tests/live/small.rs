//! A control plane of which everything can be proven without an API server: a scheduler that elects no leader, the kubelet,
//! and the certificate that the kubelet serves, by openssl.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::support::machine::Machine;
use crate::support::node::Node;
use crate::support::program::rekindle;

/// Where the scheduler's manifest lies.
pub const SCHEDULER: &str = "/etc/kubernetes/manifests/kube-scheduler.yaml";
/// The kubelet's port, and the pair that it serves.
pub const KUBELET: (&str, &str) = ("127.0.0.1:10250", "/var/lib/kubelet/pki/kubelet");

/// With renewed certificates, and without a journal that tells so; nothing runs.
pub fn machine() -> Option<Machine> {
    let node = Node::materialize(crate::NODE);
    // Not for as long as usual: who renews it again within the same second has something to renew.
    rekindle(node.path(), &["recover", "--yes", "--validity", "4000h"]).expect(0);
    node.edit(SCHEDULER, |text| {
        text.replace("--leader-elect=true", "--leader-elect=false")
    });
    node.shell(
        "rm -r var/lib/rekindle\n\
         cd etc/kubernetes/manifests && rm etcd.yaml kube-apiserver.yaml kube-controller-manager.yaml",
    );
    Machine::boot(node)
}

/// `openssl s_server` in the machine.
pub struct Server {
    nsenter: Child,
    /// As the machine numbers it.
    pub pid: u32,
}

impl Server {
    /// Serves the pair at PATH.crt and PATH.key; waits until it listens.
    pub fn start(machine: &Machine, address: &str, pair: &str, options: &[&str]) -> Self {
        let (certificate, key) = (format!("{pair}.crt"), format!("{pair}.key"));
        let mut arguments = vec!["-c", "echo \"$$\"; exec openssl s_server \"$@\"", "openssl"];
        arguments.extend([
            "-accept",
            address,
            "-cert",
            &certificate,
            "-key",
            &key,
            "-www",
        ]);
        arguments.extend(options);
        let mut nsenter = machine.command(Path::new("bash"), &arguments);
        nsenter.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut nsenter = nsenter.spawn().unwrap();
        let mut lines = BufReader::new(nsenter.stdout.take().unwrap()).lines();
        let pid = lines.next().unwrap().unwrap().parse().unwrap();
        let is_up = lines.any(|line| line.is_ok_and(|line| line.starts_with("ACCEPT")));
        assert!(is_up, "{address} {pair}: openssl does not serve");
        std::thread::spawn(move || lines.for_each(drop));
        Self { nsenter, pid }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server itself ends with its machine.
        let _ = self.nsenter.kill();
        let _ = self.nsenter.wait();
    }
}
