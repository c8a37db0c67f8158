//! Something is wrong with a private key.

use super::{broken, broken_with_backup, ends_well, is_refused};
use crate::page::{Page, Reason};
use crate::programs;
use crate::support::authority::{MAY_SIGN, PRINTABLE, VALID, sign_itself};

const PKI: &str = "/etc/kubernetes/pki";

#[test]
fn damaged() {
    let mut page = Page::open("refused/key-damaged");
    let foreign =
        "openssl ecparam -name prime256v1 -genkey -noout | openssl ec -no_public 2>/dev/null";
    for (damage, is_readable) in [
        ("sed -i '2s/^..../AAAA/' etcd/ca.key".to_owned(), false),
        ("cat etcd/ca.crt >etcd/ca.key".to_owned(), false),
        (format!("{foreign} >etcd/ca.key"), true),
    ] {
        let node = broken_with_backup(&format!("cd etc/kubernetes/pki; {damage}"));
        let Some(mut story) = page.begin(node) else {
            return;
        };
        is_refused(&story, "key-damaged");
        story.put("FILE", &format!("{PKI}/etcd/ca.key"));
        story.code(
            "openssl pkey -in FILE -noout -check",
            i32::from(!is_readable),
        );
        story.run("grep -n");
        story.run("openssl pkey -in FILE -noout");
        story.run("ls -l");
        if is_readable {
            let found = story.run("openssl pkey -in FILE -pubout");
            let own = "openssl pkey -in /etc/backup/pki/etcd/ca.key -pubout | openssl sha256 -r | cut -c1-16";
            assert_ne!(found.trim(), story.machine().shell(own).trim());
            assert!(!found.starts_with("e3b0c44298fc1c14"), "{found}");
        }
        // From another control plane, as the page on a missing key says.
        story.machine().shell(&format!(
            "install -m 0600 /etc/backup/pki/etcd/ca.key {PKI}/etcd/ca.key"
        ));
        ends_well(story);
    }
    page.end();
}

#[test]
fn encrypted() {
    let mut page = Page::open("refused/key-encrypted");
    for form in [
        "pkcs8 -topk8 -in ca.key -passout pass:secret",
        "ec -in ca.key -aes256 -passout pass:secret",
    ] {
        let node = broken(&format!(
            "cd etc/kubernetes/pki; openssl {form} -out new; cat new >ca.key; rm new"
        ));
        let Some(mut story) = page.begin(node) else {
            return;
        };
        is_refused(&story, "key-encrypted");
        // Nobody is there whom openssl could ask.
        story.put(
            "openssl pkey -in FILE",
            "openssl pkey -passin pass:secret -in FILE",
        );
        story.put("FILE", &format!("{PKI}/ca.key"));
        let found = story.run("grep");
        assert!(found.contains("ENCRYPTED"), "{found}");
        story.run("install -d");
        story.run("(umask 077");
        let key = story.run("openssl pkey -in /root/aside/plain.key");
        assert_eq!(story.run("openssl x509"), key);
        story.run("install -m");
        story.run("rekindle plan");
        story.is_mended();
        story.run("cp -a --remove-destination");
        story.run("shred");
        let found = story.run("grep");
        assert!(found.contains("ENCRYPTED"), "{found}");
    }
    page.end();
}

#[test]
fn of_another_certificate() {
    let mut page = Page::open("refused/key-mismatch");
    let node = broken(
        "cd etc/kubernetes; cp -p pki/front-proxy-client.key admin.key
         sed -i 's/client-key-data: .*/client-key: admin.key/' admin.conf",
    );
    let Some(mut story) = page.begin(node) else {
        return;
    };
    is_refused(&story, "key-mismatch");
    let keys = story.run("for f in $(find /etc/kubernetes -name '*.key')");
    let digest = |name: &str| {
        let line = keys.lines().find(|line| line.ends_with(name));
        line.unwrap_or_else(|| panic!("{name}: {keys}"))[..16].to_owned()
    };
    assert_eq!(digest("/admin.key"), digest("/front-proxy-client.key"));
    let certificates = story.run("for f in $(find /etc/kubernetes -name '*.crt')");
    assert!(
        certificates.contains(&digest("/apiserver.key")),
        "{certificates}"
    );
    story.run("F=/etc/kubernetes/admin.conf");
    let found = story.run("sed -n");
    assert_ne!(found.trim(), digest("/admin.key"));
    story.run("install -d");
    ends_well(story);

    let node = broken(
        "cd var/lib/kubelet
         (umask 077; cat pki/kubelet.crt ../../../etc/kubernetes/pki/apiserver.key >pki/both.pem)
         for field in tlsCertFile tlsPrivateKeyFile; do echo \"$field: /var/lib/kubelet/pki/both.pem\" >>config.yaml; done",
    );
    let mut story = page.begin(node).unwrap();
    is_refused(&story, "key-mismatch");
    story.run("F=/var/lib/kubelet/pki/both.pem");
    let certificate = story.run("openssl x509 -in $F");
    assert_ne!(story.run("openssl pkey -in $F"), certificate);
    story
        .machine()
        .shell("cd /var/lib/kubelet/pki; cat kubelet.crt kubelet.key >both.pem");
    assert_eq!(story.run("openssl pkey -in $F"), certificate);
    ends_well(story);
    page.end();
}

#[test]
fn shared() {
    let mut page = Page::open("refused/key-shared");
    let node = broken("cd etc/kubernetes/pki; ln -sf ca.key apiserver.key");
    let Some(mut story) = page.begin(node) else {
        return;
    };
    is_refused(&story, "key-shared");
    let found = story.run("ls -l");
    assert!(found.contains("apiserver.key -> ca.key"), "{found}");
    let found = story.run("grep -rn");
    assert!(found.contains("apiserver.key"), "{found}");
    story.run("rm ");
    ends_well(story);

    // On purpose: no new keys, and nothing is refused.
    let node = broken(
        "cd etc/kubernetes/pki
         openssl req -new -key apiserver.key -subj /O=kubeadm:cluster-admins/CN=kube-apiserver-kubelet-client -out request
         printf 'keyUsage=critical,digitalSignature\\nextendedKeyUsage=clientAuth\\n' >extensions
         openssl x509 -req -in request -CA ca.crt -CAkey ca.key -set_serial 7 -days 1 -extfile extensions -out new 2>/dev/null
         cat new >apiserver-kubelet-client.crt; rm new request extensions
         ln -sf apiserver.key apiserver-kubelet-client.key",
    );
    let story = page.begin(node).unwrap();
    let run = story.machine().rekindle(&["plan", "--rekey"]).expect(3);
    assert!(run.stderr.contains("runbook key-shared"), "{}", run.stderr);
    ends_well(story);
    page.end();
}

#[test]
fn unsupported() {
    let mut page = Page::open("refused/key-unsupported");
    let fresh = "cd etc/kubernetes/pki; openssl ecparam -name secp521r1 -genkey -noout -out";
    let Some(mut story) = page.begin(broken(&format!("{fresh} apiserver.key"))) else {
        return;
    };
    is_refused(&story, "key-unsupported");
    story.put("FILE", &format!("{PKI}/apiserver.key"));
    story.run("install -d");
    let found = story.run("openssl pkey -in FILE");
    assert!(found.contains("P-521"), "{found}");
    story.run("mv FILE");
    assert_eq!(story.machine().rekindle(&["plan"]).code, Some(0));
    story.is_mended();
    drop(story);

    let has_kubeadm = programs::find("kubeadm").is_some();
    if !has_kubeadm {
        page.skip("kubeadm", Reason::Distribution);
    }
    let node = broken(&format!("{fresh} ca.key"));
    sign_itself(&node, VALID, MAY_SIGN, PRINTABLE);
    let mut story = page.begin(node).unwrap();
    is_refused(&story, "key-unsupported");
    story.run("install -d");
    story.put("rekindle recover", "rekindle recover --restart touch");
    story.code("rekindle recover", 7);
    story.follow();
    // Of the authority, whose key cannot be used.
    story.code("rekindle check", 1);
    let said = story.run("rekindle check");
    let is_rest_renewed = said.contains("1 of 16 certificates need");
    assert!(is_rest_renewed || !has_kubeadm, "{said}");
    let verified = story.machine().shell(
        "cd /etc/kubernetes/pki; openssl verify -CAfile ca.crt /var/lib/kubelet/pki/kubelet-client-current.pem
         openssl x509 -in /var/lib/kubelet/pki/kubelet-client-current.pem -noout -subject",
    );
    assert!(
        verified.replace(" = ", "=").contains("CN=system:node:cp-1"),
        "{verified}"
    );
    drop(story);
    page.end();
}
