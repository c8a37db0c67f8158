//! The content of a file is not what it should be.

use super::situation::{NODE, Situation, openssl};
use super::taken_up::{follow, is_settled, refuses, ways_out};
use crate::support::node::Node;

const PKI: &str = "/etc/kubernetes/pki";

#[test]
fn byte_order_mark() {
    Situation::by_shell(
        "byte-order-mark",
        "cd etc/kubernetes/pki; { printf '\\357\\273\\277'; cat apiserver.crt; } >../new; cat ../new >apiserver.crt; rm ../new",
    )
    .judge()
    .hint_mends();
}

#[test]
fn two_bytes_for_each_character() {
    Situation::by_shell(
        "byte-order-mark.utf-16",
        "cd etc/kubernetes/pki; iconv -f UTF-8 -t UTF-16 apiserver.key >../new; cat ../new >apiserver.key; rm ../new",
    )
    .judge()
    .hint_mends();
}

#[test]
fn byte_order_mark_of_a_kubeconfig() {
    let situation = Situation::new("byte-order-mark.kubeconfig");
    let path = "/etc/kubernetes/scheduler.conf";
    situation.node.edit(path, |text| format!("\u{feff}{text}"));
    situation.judge();
}

#[test]
fn certificate_of_noise() {
    let situation = Situation::new("certificate-damaged");
    situation
        .node
        .write(&format!("{PKI}/etcd/ca.crt"), "This is no certificate.\n");
    situation.judge();
}

#[test]
fn certificate_with_a_flipped_bit() {
    let situation = Situation::new("certificate-damaged.der");
    situation
        .node
        .edit(&format!("{PKI}/front-proxy-ca.crt"), |text| {
            text.replacen("MII", "MJI", 1)
        });
    situation.judge();
}

#[test]
fn der() {
    let situation = Situation::new("der-instead-of-pem");
    let folder = situation.node.file(PKI);
    openssl(
        &folder,
        "x509 -in apiserver.crt -outform DER -out apiserver.new",
    );
    situation
        .node
        .shell("cd etc/kubernetes/pki; cat apiserver.new >apiserver.crt; rm apiserver.new");
    situation.judge().hint_mends();
}

#[test]
fn der_of_a_key() {
    let situation = Situation::new("der-instead-of-pem.key");
    let folder = situation.node.file(PKI);
    openssl(
        &folder,
        "pkey -in apiserver.key -outform DER -out apiserver.new",
    );
    situation
        .node
        .shell("cd etc/kubernetes/pki; cat apiserver.new >apiserver.key; rm apiserver.new");
    situation.judge().hint_mends();
}

#[test]
fn empty_certificate() {
    Situation::by_shell("file-empty", ": >etc/kubernetes/pki/etcd/ca.crt").judge();
}

/// Where the kubelet has a link, and would have a credential made anew behind it: somebody put a file there.
#[test]
fn empty_file_in_place_of_the_kubelets_link() {
    Situation::by_shell(
        "file-empty.kubelet",
        "cd var/lib/kubelet/pki; rm kubelet-client-*; umask 077; : >kubelet-client-current.pem",
    )
    .judge();
}

#[test]
fn empty_manifest() {
    Situation::by_shell(
        "file-empty.manifest",
        ": >etc/kubernetes/manifests/etcd.yaml",
    )
    .judge();
}

#[test]
fn two_mebibytes() {
    Situation::by_shell(
        "file-too-large",
        "head -c 2097152 /dev/zero >etc/kubernetes/pki/apiserver.crt",
    )
    .judge();
}

/// The file is one that is read, and what the journal would have to say of it is more than a line takes.
#[test]
fn nine_thousand_names() {
    let node = Node::materialize(NODE);
    node.shell(
        "cd etc/kubernetes/pki
        { echo 'extendedKeyUsage=serverAuth'; echo 'subjectAltName=@names'; echo '[names]'
          seq 9000 | sed 's/.*/DNS.&=a-name-that-somebody-generated-&.kube-system.svc.cluster.example/'; } >../../../../names
        openssl req -new -key apiserver.key -subj /CN=kube-apiserver |
            openssl x509 -req -days 1 -CA ca.crt -CAkey ca.key -extfile ../../../../names -out new.crt
        cat new.crt >apiserver.crt; rm new.crt",
    );
    let run = refuses(&node, &["recover", "--yes"], "file-too-large.journal");
    let ways = ways_out(&run);
    let [others] = &ways[..] else {
        panic!("{run:?}");
    };
    assert!(!others.contains("apiserver,"), "{others}");
    follow(&node, others, 0);
    is_settled(&node);
}

#[test]
fn truncated_certificate() {
    Situation::by_shell(
        "file-truncated",
        "truncate -s 300 etc/kubernetes/pki/etcd/ca.crt",
    )
    .judge();
}

#[test]
fn truncated_key() {
    Situation::by_shell(
        "file-truncated.key",
        "truncate -s 90 etc/kubernetes/pki/ca.key",
    )
    .judge();
}

#[test]
fn key_of_noise() {
    let situation = Situation::new("key-damaged");
    situation.node.edit(&format!("{PKI}/etcd/ca.key"), |text| {
        let (begin, rest) = text.split_once('\n').unwrap();
        format!("{begin}\nAAAA{}", &rest[4..])
    });
    situation.judge();
}

/// A pair of files gets a new key. Here somebody laid a credential out as kubeadm never does.
#[test]
fn key_of_another_certificate() {
    Situation::by_shell(
        "key-mismatch",
        "cd etc/kubernetes; cp -p pki/front-proxy-client.key admin.key
         sed -i 's/client-key-data: .*/client-key: admin.key/' admin.conf",
    )
    .judge();
}

#[test]
fn key_of_another_certificate_in_the_same_file() {
    Situation::by_shell(
        "key-mismatch.one-file",
        "cd var/lib/kubelet
         (umask 077; cat pki/kubelet.crt ../../../etc/kubernetes/pki/apiserver.key >pki/both.pem)
         for field in tlsCertFile tlsPrivateKeyFile; do echo \"$field: /var/lib/kubelet/pki/both.pem\" >>config.yaml; done",
    )
    .judge();
}

#[test]
fn key_of_another_kind() {
    let situation = Situation::new("key-unsupported.leaf");
    let command = "ecparam -name secp521r1 -genkey -noout -out apiserver.key";
    openssl(&situation.node.file(PKI), command);
    situation.judge();
}

/// A new key there would be none for the authority: the node could never be recovered again.
#[test]
fn key_that_is_an_authoritys_too() {
    let situation = Situation::new("key-shared");
    situation
        .node
        .shell("cd etc/kubernetes/pki; ln -sf ca.key apiserver.key");
    situation.judge();
}

/// The certificate of somebody mightier beside another's key: to make it a new key would make the scheduler that one.
#[test]
fn certificate_of_another_user_with_the_old_key() {
    let situation = Situation::new("key-mismatch.another-user");
    situation.node.shell(
        "cd etc/kubernetes
        mighty=$(grep client-certificate-data super-admin.conf)
        sed -i \"s|.*client-certificate-data.*|$mighty|\" scheduler.conf",
    );
    situation.judge();
}

#[test]
fn manifest_of_noise() {
    let situation = Situation::new("manifest-invalid");
    let path = "/etc/kubernetes/manifests/kube-apiserver.yaml";
    situation.node.write(path, "spec: [containers\n");
    situation.judge();
}

#[test]
fn configuration_of_something_else() {
    let situation = Situation::new("kubelet-config-invalid");
    situation.node.edit("/var/lib/kubelet/config.yaml", |text| {
        text.replace("kind: KubeletConfiguration", "kind: KubeProxyConfiguration")
    });
    situation.judge();
}
