//! Copies elsewhere: in files that only flags name, in bundles, behind leaves, and in people's folders.

use crate::expired::{REISSUE, blocks, holders, node};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const CLUSTER: &str = "/etc/kubernetes/pki/ca.crt";

/// A root of another time, of no concern to anybody.
fn old_root() -> String {
    let node = Node::materialize("ca-bundle");
    let bundle = String::from_utf8(node.read(CLUSTER)).unwrap();
    blocks(&bundle).remove(0)
}

#[test]
fn what_only_a_flag_or_the_kubelets_configuration_names_is_exchanged_and_what_lies_beside_it_stays()
{
    let (node, expired) = node("ecdsa-p256-stacked");
    let old = &expired[0].certificate;
    let root = old_root();
    let bundle = format!("# an older root\n{root}# ours\n{old}# the end\n");
    node.shell("mkdir -p etc/ssl/kube; chmod 755 etc/ssl etc/ssl/kube");
    for file in ["/etc/ssl/kube/root-bundle", "/etc/ssl/kube/clients"] {
        node.write(file, &bundle);
    }
    node.shell("chmod 640 etc/ssl/kube/root-bundle");
    node.edit(
        "/etc/kubernetes/manifests/kube-controller-manager.yaml",
        |text| {
            text.replace(
                "--root-ca-file=/etc/kubernetes/pki/ca.crt",
                "--root-ca-file=/etc/ssl/kube/root-bundle",
            )
        },
    );
    node.edit("/var/lib/kubelet/config.yaml", |text| {
        text.replace(
            "clientCAFile: /etc/kubernetes/pki/ca.crt",
            "clientCAFile: /etc/ssl/kube/clients",
        )
    });
    // Behind a leaf in its own file, and in a file that nothing names.
    let leaf = "/etc/kubernetes/pki/apiserver.crt";
    let chain = format!("{}{old}", String::from_utf8(node.read(leaf)).unwrap());
    node.write(leaf, &chain);
    node.write("/etc/kubernetes/pki/spare.pem", old);
    // Elsewhere: nothing on the node says that it is the node's.
    node.write("/etc/ssl/kube/unrelated.crt", old);
    let before = Tree::read(node.path());
    rekindle(node.path(), &REISSUE).expect(0);
    let after = Tree::read(node.path());
    assert_eq!(holders(&after, old), ["/etc/ssl/kube/unrelated.crt"]);
    let new = String::from_utf8(node.read(CLUSTER)).unwrap();
    for file in ["/etc/ssl/kube/root-bundle", "/etc/ssl/kube/clients"] {
        assert_eq!(
            after.entry(file).text(),
            bundle.replace(old.as_str(), &new),
            "{file}"
        );
        assert_eq!(
            after.entry(file).label(),
            before.entry(file).label(),
            "{file}"
        );
    }
    assert_eq!(after.entry("/etc/kubernetes/pki/spare.pem").text(), new);
    let chain = blocks(after.entry(leaf).text());
    assert_eq!((chain.len(), &chain[1]), (2, &new));
}

#[test]
fn the_authority_of_a_kubeconfig_that_is_no_components_is_exchanged_too() {
    let (node, expired) = node("ecdsa-p256-stacked");
    node.shell("cp -p etc/kubernetes/admin.conf etc/kubernetes/spare.conf");
    let before = String::from_utf8(node.read("/etc/kubernetes/spare.conf")).unwrap();
    rekindle(node.path(), &REISSUE).expect(0);
    let after = String::from_utf8(node.read("/etc/kubernetes/spare.conf")).unwrap();
    assert_eq!(
        holders(&Tree::read(node.path()), &expired[0].certificate),
        Vec::<String>::new()
    );
    let others = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter(|line| !line.contains("certificate-authority-data"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(others(&before), others(&after));
    assert_ne!(before, after);
}

#[test]
fn peoples_copies_are_exchanged_only_where_it_was_asked_for() {
    let (node, expired) = node("ecdsa-p256-stacked");
    node.shell("mkdir -p root/.kube; chmod 700 root root/.kube; cp -p etc/kubernetes/admin.conf root/.kube/config");
    let personal = "/root/.kube/config";
    let spare = node.copy();
    rekindle(node.path(), &REISSUE).expect(1);
    assert_eq!(
        holders(&Tree::read(node.path()), &expired[0].certificate),
        [personal]
    );
    let asked: Vec<&str> = REISSUE
        .into_iter()
        .chain(["--refresh-kubeconfigs"])
        .collect();
    rekindle(spare.path(), &asked).expect(0);
    assert_eq!(
        holders(&Tree::read(spare.path()), &expired[0].certificate),
        Vec::<String>::new()
    );
    assert_eq!(
        spare.read(personal),
        spare.read("/etc/kubernetes/admin.conf")
    );
}
