//! Something is wrong with an authority.

use std::fs;

use super::situation::{Situation, openssl};
use crate::support::authority::{MAY_SIGN, PRINTABLE, VALID, sign_itself};
use crate::support::node::Node;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

#[test]
fn expired() {
    let situation = Situation::new("ca-expired");
    let dates = ("20160101000000Z", "20260101000000Z");
    sign_itself(&situation.node, dates, MAY_SIGN, PRINTABLE);
    situation.judge();
}

#[test]
fn not_yet_valid() {
    let situation = Situation::new("ca-not-yet-valid");
    let dates = ("20350101000000Z", "20360101000000Z");
    sign_itself(&situation.node, dates, MAY_SIGN, PRINTABLE);
    situation.judge();
}

#[test]
fn no_authority() {
    let situation = Situation::new("ca-cannot-sign");
    let extensions = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign";
    sign_itself(&situation.node, VALID, extensions, PRINTABLE);
    situation.judge();
}

#[test]
fn without_the_usage() {
    let situation = Situation::new("ca-cannot-sign.key-usage");
    let extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature";
    sign_itself(&situation.node, VALID, extensions, PRINTABLE);
    situation.judge();
}

/// The control: made in the same way, and nothing wrong with it.
#[test]
fn an_authority_made_by_openssl_will_do() {
    let node = Situation::new("ca-expired").node;
    sign_itself(&node, VALID, MAY_SIGN, PRINTABLE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    rekindle(node.path(), &["check"]).expect(0);
}

#[test]
fn another_key() {
    let situation = Situation::new("ca-key-mismatch");
    openssl(
        &situation.node.file("/etc/kubernetes/pki"),
        "ecparam -name prime256v1 -genkey -noout -out ca.key",
    );
    situation.judge();
}

#[test]
fn key_missing() {
    let situation = Situation::by_shell("ca-key-missing", "mv etc/kubernetes/pki/ca.key ../ca.key");
    situation.judge().hint_mends_with("ca.key ", "../ca.key ");
}

/// The key of the cluster's authority signs the journal, too: without it nothing can be done, for nobody.
#[test]
fn key_missing_where_another_authority_signs() {
    let node = Situation::by_shell("ca-key-missing", "rm etc/kubernetes/pki/ca.key").node;
    let before = Tree::read(node.path());
    for verb in ["plan", "recover --yes"] {
        let arguments: Vec<&str> = verb
            .split(' ')
            .chain(["--only", "front-proxy-client"])
            .collect();
        let run = rekindle(node.path(), &arguments).expect(3);
        assert!(
            run.stderr.contains("refused (ca-key-missing)"),
            "{verb}\n{}",
            run.stderr
        );
    }
    assert_eq!(Tree::read(node.path()), before);
}

#[test]
fn certificate_missing() {
    Situation::by_shell(
        "ca-missing",
        "rm etc/kubernetes/pki/ca.crt etc/kubernetes/pki/ca.key",
    )
    .judge();
}

#[test]
fn certificate_of_etcd_missing() {
    Situation::by_shell("ca-missing.etcd", "rm etc/kubernetes/pki/etcd/ca.crt").judge();
}

#[test]
fn key_encrypted() {
    let situation = Situation::new("key-encrypted");
    let folder = situation.node.file("/etc/kubernetes/pki");
    openssl(
        &folder,
        "pkcs8 -topk8 -in ca.key -out ca.new -passout pass:secret",
    );
    replace(&situation.node, "ca.new");
    situation
        .judge()
        .hint_mends_with("openssl pkey", "openssl pkey -passin pass:secret");
}

#[test]
fn key_encrypted_in_the_old_form() {
    let situation = Situation::new("key-encrypted.proc-type");
    let folder = situation.node.file("/etc/kubernetes/pki");
    openssl(
        &folder,
        "ec -in ca.key -aes256 -passout pass:secret -out ca.new",
    );
    assert!(
        fs::read_to_string(folder.join("ca.new"))
            .unwrap()
            .contains("Proc-Type: 4,ENCRYPTED")
    );
    replace(&situation.node, "ca.new");
    situation
        .judge()
        .hint_mends_with("openssl pkey", "openssl pkey -passin pass:secret");
}

#[test]
fn key_of_another_kind() {
    let situation = Situation::new("key-unsupported");
    openssl(
        &situation.node.file("/etc/kubernetes/pki"),
        "ecparam -name secp521r1 -genkey -noout -out ca.key",
    );
    situation.judge();
}

/// Somebody replaced the authority by one of the same name with a new key.
#[test]
fn signed_by_a_namesake() {
    let situation = Situation::new("wrong-issuer.namesake");
    openssl(
        &situation.node.file("/etc/kubernetes/pki"),
        "ecparam -name prime256v1 -genkey -noout -out ca.key",
    );
    sign_itself(&situation.node, VALID, MAY_SIGN, PRINTABLE);
    situation.judge();
}

/// The same key and the same name, but not to Go, which compares bytes.
#[test]
fn signed_under_the_same_name_in_another_encoding() {
    let situation = Situation::new("wrong-issuer.encoding");
    sign_itself(&situation.node, VALID, MAY_SIGN, "utf8only");
    situation.judge();
}

#[test]
fn signed_by_somebody_else() {
    let situation = Situation::new("wrong-issuer");
    let folder = situation.node.file("/etc/kubernetes/pki");
    let outside = situation.node.path().with_file_name("outside");
    fs::create_dir(&outside).unwrap();
    let (key, certificate) = (outside.join("ca.key"), outside.join("ca.crt"));
    let (key, certificate) = (key.display(), certificate.display());
    openssl(
        &folder,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=elsewhere -keyout {key} -out {certificate}"
        ),
    );
    openssl(
        &folder,
        "req -new -key apiserver.key -subj /CN=kube-apiserver -out ../request
         -addext subjectAltName=IP:192.0.2.10,IP:10.96.0.1,DNS:api.example.test",
    );
    openssl(
        &folder,
        &format!(
            "x509 -req -in ../request -CA {certificate} -CAkey {key} -set_serial 7 -days 1 -copy_extensions copy -out apiserver.crt"
        ),
    );
    fs::remove_file(folder.join("../request")).unwrap();
    situation
        .judge()
        .flags_mend(&["--only", "apiserver", "--force"]);
}

fn replace(node: &Node, new: &str) {
    node.shell(&format!(
        "cd etc/kubernetes/pki; cat {new} >ca.key; rm {new}"
    ));
}
