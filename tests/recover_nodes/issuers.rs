//! Who signed what: only the CA files of the node are trusted, and only what they signed is signed again.

use crate::support::node::Node;
use crate::support::openssl;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";
const LEAF: &str = "etc/kubernetes/pki/apiserver.crt";
const KEY: &str = "etc/kubernetes/pki/apiserver.key";

/// Makes a CA and has it sign a request; expired like everything else on the node.
const SIGN: &str = "
authority() {
    openssl ecparam -name prime256v1 -genkey -noout -out $1.key
    openssl req -x509 -new -key $1.key -subj \"$2\" -days 3650 -out $1.crt \\
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
}
sign() {
    openssl req -new -key $2 -subj \"$3\" -out request.csr
    openssl x509 -req -in request.csr -CA $1.crt -CAkey $1.key -days ${4:-3650} -out signed.crt -extfile extensions
    rm request.csr
}
printf 'extendedKeyUsage=serverAuth\n' >extensions
";

fn leaf_by_a_stranger(node: &Node) {
    node.shell(&format!(
        "{SIGN}
        authority stranger /CN=stranger
        sign stranger {KEY} /CN=kube-apiserver
        cat signed.crt stranger.crt >{LEAF}
        rm stranger.* signed.crt extensions"
    ));
}

#[test]
fn a_stranger_is_not_trusted_because_his_certificate_lies_behind_the_leaf() {
    let node = Node::materialize(NODE);
    leaf_by_a_stranger(&node);
    let before = Tree::read(node.path());
    let refused = rekindle(node.path(), &["recover", "--yes"]);
    refused.expect(3);
    let after = Tree::read(node.path());
    assert!(before.differences(&after).is_empty());
}

/// With a key that is lost the certificate is no less a stranger's, and no model for a new one.
#[test]
fn a_strangers_certificate_is_no_model_where_its_key_is_lost() {
    for lost in [
        "rm",
        "truncate -s 0",
        "cp etc/kubernetes/pki/front-proxy-client.key",
    ] {
        let node = Node::materialize(NODE);
        leaf_by_a_stranger(&node);
        node.shell(&format!("{lost} {KEY}"));
        let before = Tree::read(node.path());
        let run = rekindle(node.path(), &["recover", "--yes"]).expect(3);
        assert!(run.stderr.contains("refused (wrong-issuer)"), "{run:?}");
        assert_eq!(Tree::read(node.path()), before);
        let asked = [
            "recover",
            "--yes",
            "--only",
            "apiserver",
            "--force",
            "--fix-sans",
        ];
        rekindle(node.path(), &asked).expect(0);
        let authority = node.file("etc/kubernetes/pki/ca.crt");
        openssl::verify(&node.file(LEAF), &authority, "sslserver").unwrap();
    }
}

#[test]
fn an_intermediate_that_leads_to_the_ca_is_followed() {
    let node = Node::materialize(NODE);
    node.shell(&format!(
        "{SIGN}
        cp etc/kubernetes/pki/ca.crt root.crt; cp etc/kubernetes/pki/ca.key root.key
        openssl ecparam -name prime256v1 -genkey -noout -out middle.key
        printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n' >extensions
        sign root middle.key /CN=middle
        mv signed.crt middle.crt
        printf 'extendedKeyUsage=serverAuth\nsubjectAltName=IP:192.0.2.10,IP:10.96.0.1,DNS:api.example.test\n' >extensions
        sign middle {KEY} /CN=kube-apiserver 1
        cat signed.crt middle.crt >{LEAF}
        rm root.* middle.* signed.crt extensions"
    ));
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    let authority = node.file("etc/kubernetes/pki/ca.crt");
    openssl::verify(&node.file(LEAF), &authority, "sslserver").unwrap();
}

#[test]
fn a_serving_pair_of_somebody_elses_making_is_left_to_him() {
    let node = Node::materialize(NODE);
    let folder = "var/lib/kubelet/pki";
    node.shell(&format!(
        "{SIGN}
        authority corporate /CN=corporate
        openssl ecparam -name prime256v1 -genkey -noout -out {folder}/own.key
        sign corporate {folder}/own.key /CN=cp-1.example.test 1
        mv signed.crt {folder}/own.crt
        chmod 600 {folder}/own.key; chmod 644 {folder}/own.crt
        rm corporate.* extensions
        printf 'tlsCertFile: /%s\ntlsPrivateKeyFile: /%s\n' {folder}/own.crt {folder}/own.key >>var/lib/kubelet/config.yaml"
    ));
    let before = node.read(&format!("{folder}/own.crt"));
    rekindle(node.path(), &["recover", "--yes"]).expect(1);
    assert_eq!(node.read(&format!("{folder}/own.crt")), before);
}

#[test]
fn a_ca_renewed_with_the_same_key_signs_though_the_expired_one_is_still_in_the_bundle() {
    let node = Node::materialize(NODE);
    node.shell(
        "cd etc/kubernetes/pki
        openssl x509 -in ca.crt -signkey ca.key -days -1 -out old.pem
        cat old.pem ca.crt >bundle.pem; cat bundle.pem >ca.crt; rm old.pem bundle.pem",
    );
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn what_is_asked_for_and_not_there_is_no_success() {
    let node = Node::materialize("joined-control-plane");
    let asked = ["recover", "--yes", "--only", "super-admin.conf"];
    rekindle(node.path(), &asked).expect(1);
}
