//! A folder of keys that was copied from another control plane: its certificates are those of another node.

use super::situation::{NODE, Situation};
use crate::support::node::{Node, names};
use crate::support::program::rekindle;

/// Signs the public key of a pair of etcd's, or of the API server's, for other names: as a copy from there has it.
fn sign(stem: &str, authority: &str, subject: &str, names: &str, usages: &str) -> String {
    format!(
        "cd etc/kubernetes/pki
         printf 'basicConstraints=critical,CA:FALSE\\nkeyUsage=critical,digitalSignature,keyEncipherment\\nextendedKeyUsage={usages}\\nsubjectAltName={names}\\n' >../extensions
         openssl req -new -key {stem}.key -subj '{subject}' -out ../request
         openssl x509 -req -in ../request -CA {authority}.crt -CAkey {authority}.key -set_serial 7 -days 1 -extfile ../extensions -out ../new 2>../words
         cat ../new >{stem}.crt
         rm ../extensions ../request ../new ../words"
    )
}

fn etcd(stem: &str, node: &str, address: &str) -> String {
    sign(
        &format!("etcd/{stem}"),
        "etcd/ca",
        &format!("/CN={node}"),
        &format!("DNS:{node},DNS:localhost,IP:{address},IP:127.0.0.1,IP:::1"),
        "serverAuth,clientAuth",
    )
}

fn server(node: &str, address: &str) -> String {
    sign(
        "apiserver",
        "ca",
        "/CN=kube-apiserver",
        &format!(
            "DNS:{node},DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:10.96.0.1,IP:{address}"
        ),
        "serverAuth",
    )
}

#[test]
fn keys_from_another_control_plane() {
    let script = [
        etcd("server", "cp-2", "192.0.2.11"),
        "cd ../../..".to_owned(),
        etcd("peer", "cp-2", "192.0.2.11"),
        "cd ../../..".to_owned(),
        server("cp-2", "192.0.2.11"),
    ];
    let refused = Situation::by_shell("another-nodes-certificate", &script.join("\n")).judge();
    // By name, and only by name, it is done all the same.
    let node = refused.into_node();
    let all = "apiserver,etcd-server,etcd-peer";
    rekindle(node.path(), &["plan", "--only", all]).expect(3);
    // What it lacks of this node's names is left to a person.
    rekindle(node.path(), &["plan", "--only", all, "--force"]).expect(1);
    rekindle(node.path(), &["plan", "--only", "scheduler.conf"]).expect(0);
}

#[test]
fn a_kubelet_with_the_credential_of_another() {
    let situation = Situation::new("another-nodes-certificate.kubelet");
    situation.node.shell(
        "pem=$(ls var/lib/kubelet/pki/kubelet-client-2*.pem)
         printf 'basicConstraints=critical,CA:FALSE\\nkeyUsage=critical,digitalSignature\\nextendedKeyUsage=clientAuth\\n' >extensions
         openssl req -new -key $pem -subj /O=system:nodes/CN=system:node:cp-2 -out request
         openssl pkey -in $pem -out key
         openssl x509 -req -in request -CA etc/kubernetes/pki/ca.crt -CAkey etc/kubernetes/pki/ca.key -set_serial 7 -days 1 -extfile extensions -out new 2>words
         cat new key >$pem
         rm extensions request new key words",
    );
    situation.judge();
}

fn is_refused(node: &Node) -> bool {
    let plan = rekindle(node.path(), &["plan"]);
    plan.stderr.contains("another-nodes-certificate")
}

/// A guard that cries at good nodes would be turned off.
#[test]
fn no_node_that_is_its_own_is_taken_for_another() {
    for name in names() {
        assert!(!is_refused(&Node::materialize(&name)), "{name}");
    }
    // Only the address changed, or only the name: a node that moved.
    for script in [
        etcd("server", "cp-1", "198.51.100.7"),
        etcd("peer", "cp-1.example.test", "198.51.100.7"),
        etcd("server", "renamed", "192.0.2.10"),
        server("cp-1", "198.51.100.7"),
        server("renamed", "192.0.2.10"),
        // Somebody's own certificate, of no node at all.
        sign(
            "apiserver",
            "ca",
            "/CN=kube-apiserver",
            "DNS:api.example.test",
            "serverAuth",
        ),
        sign(
            "etcd/server",
            "etcd/ca",
            "/CN=etcd",
            "DNS:*.etcd.example.test,IP:127.0.0.1",
            "serverAuth,clientAuth",
        ),
        "sed -i 's/hostname-override=cp-1/hostname-override=other/' var/lib/kubelet/kubeadm-flags.env"
            .to_owned(),
        "echo other >etc/hostname; sed -i s/--hostname-override=cp-1// var/lib/kubelet/kubeadm-flags.env"
            .to_owned(),
    ] {
        let node = Node::materialize(NODE);
        node.shell(&script);
        assert!(!is_refused(&node), "{script}");
    }
}
