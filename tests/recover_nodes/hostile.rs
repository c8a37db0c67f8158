//! Nodes that people laid out in ways that kubeadm never would, some of them to do harm.

use std::process::Command;

use crate::support::node::Node;
use crate::support::program::rekindle;

const NODE: &str = "ecdsa-p256-stacked";
const API_SERVER: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";

#[test]
fn a_key_behind_a_certificate_that_signs_itself_survives() {
    let node = Node::materialize(NODE);
    node.shell(
        "cd var/lib/kubelet
        cat pki/kubelet.crt pki/kubelet.key >pki/both.pem
        chmod 0600 pki/both.pem
        rm pki/kubelet.crt
        for field in tlsCertFile tlsPrivateKeyFile; do
            echo \"$field: /var/lib/kubelet/pki/both.pem\" >>config.yaml
        done",
    );
    rekindle(node.path(), &["recover", "--yes", "--force"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
    let key = String::from_utf8(node.read("/var/lib/kubelet/pki/kubelet.key")).unwrap();
    let both = String::from_utf8(node.read("/var/lib/kubelet/pki/both.pem")).unwrap();
    assert!(both.ends_with(&key));
    assert_eq!(both.matches("BEGIN CERTIFICATE").count(), 1);
}

#[test]
fn no_name_on_the_node_commands_the_terminal() {
    let node = Node::materialize(NODE);
    node.edit(API_SERVER, |manifest| {
        let flag = "--tls-cert-file=/etc/kubernetes/pki/";
        let at = manifest.find(flag).unwrap();
        let (before, line) = manifest.split_at(at);
        let (line, behind) = line.split_once('\n').unwrap();
        let name = line.strip_prefix(flag).unwrap();
        format!("{before}\"{flag}\\e]0;title\\a\\e[2J{name}\"\n{behind}")
    });
    node.edit("/etc/kubernetes/scheduler.conf", |kubeconfig| {
        kubeconfig.replace(
            "client-certificate-data:",
            "client-certificate: \"a\\e[2Jb\" #",
        )
    });
    for verb in [
        &["check"][..],
        &["plan"],
        &["recover", "--yes"],
        &["journal", "show"],
        &["journal", "verify"],
    ] {
        let mut arguments = vec!["--color", "always"];
        arguments.extend(verb);
        let run = rekindle(node.path(), &arguments);
        let shown = run.stdout + &run.stderr;
        assert!(!shown.contains("\u{1b}]0;"), "{verb:?}: {shown:?}");
        assert!(!shown.contains("\u{1b}[2J"), "{verb:?}: {shown:?}");
        assert!(!shown.contains('\u{7}'), "{verb:?}: {shown:?}");
    }
}

#[test]
fn the_machine_is_not_expired_under_another_name() {
    let node = Node::materialize(NODE);
    let root = node.file("root");
    std::os::unix::fs::symlink("/", &root).unwrap();
    for spelling in ["/..", "/etc/..", "/proc/self/root", root.to_str().unwrap()] {
        let output = Command::new(env!("CARGO_BIN_EXE_rekindle"))
            .args(["--root", spelling, "expire"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{spelling}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            stderr.contains("refused (node-is-live)"),
            "{spelling}: {stderr}"
        );
    }
}
