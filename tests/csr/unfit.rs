//! Certificates that were signed for a request, and are not what was asked for: nothing is installed.

use crate::elsewhere::Elsewhere;
use crate::foreign::authority;
use crate::support::golden;
use crate::support::program::rekindle;
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";
const COPY: &str = "-copy_extensions copyall -days 90";

/// A node that has asked, and a certificate that openssl makes for `name` with these options.
struct Unfit(Elsewhere);

impl Unfit {
    fn new() -> Self {
        let place = Elsewhere::new(NODE);
        place.export();
        Self(place)
    }

    /// `before` goes before openssl: a clock.
    fn make(&self, name: &str, before: &str, signer: &str, options: &str) -> String {
        self.0.shell(&format!(
            "{before} openssl x509 -req -in requests/{name}.csr -CA {signer}.crt -CAkey {signer}.key {options} -out made.crt"
        ));
        format!("{name}={}", self.0.file("made.crt").display())
    }

    #[track_caller]
    fn is_refused(&self, operand: &str, word: &str) -> String {
        let run = self
            .0
            .refuses(&["--certificate", operand], "certificate-unfit");
        assert!(run.stderr.contains(word), "{word}: {run:?}");
        run.stderr
    }

    /// With extensions of its own, and not those of the request.
    #[track_caller]
    fn has_extensions(&self, extensions: &str, word: &str) {
        std::fs::write(self.0.file("ext.cnf"), extensions).unwrap();
        let operand = self.make("apiserver", "", "ca/ca", "-days 90 -extfile ext.cnf");
        self.is_refused(&operand, word);
    }
}

const NAMES: &str = "DNS:api.example.test,DNS:cp-1,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:10.96.0.1,IP:192.0.2.10,IP:127.0.0.1";

/// The control: the very same with the right extensions is installed.
#[test]
fn made_in_the_same_way_with_what_was_asked_for_it_is_installed() {
    let unfit = Unfit::new();
    for extensions in [
        format!(
            "keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\nsubjectAltName={NAMES}"
        ),
        // More than was asked for, in what is no harm: as other authorities' software does.
        format!(
            "keyUsage=critical,digitalSignature,keyEncipherment,keyAgreement\nextendedKeyUsage=serverAuth\nsubjectAltName=critical,{NAMES}\ncrlDistributionPoints=URI:http://crl.example/ca.crl"
        ),
        format!("extendedKeyUsage=serverAuth\nsubjectAltName={NAMES}"),
    ] {
        let copy = Elsewhere {
            node: unfit.0.node.copy(),
            away: tempfile::tempdir().unwrap(),
            whole: Tree::read(unfit.0.node.path()),
        };
        std::fs::write(unfit.0.file("ext.cnf"), &extensions).unwrap();
        let operand = unfit.make("apiserver", "", "ca/ca", "-days 90 -extfile ext.cnf");
        let run = copy.import_with(&["--certificate", &operand]).expect(1);
        assert!(run.stdout.contains("apiserver"), "{run:?}");
        // What nobody brought is as it was, and named; only the kubelet's own needs nobody.
        let check = rekindle(copy.node.path(), &["check"]).expect(1);
        assert!(check.stdout.contains("expired"), "{check:?}");
    }
}

#[test]
fn for_another_key() {
    let unfit = Unfit::new();
    unfit.0.shell(
        "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -subj /CN=kube-apiserver -out requests/other.csr",
    );
    let operand = unfit
        .make("other", "", "ca/ca", COPY)
        .replace("other=", "apiserver=");
    let said = unfit.is_refused(&operand, "for another key");
    let said = said.replace(unfit.0.node.path().to_str().unwrap(), "[ROOT]");
    golden::compare(
        "tests/refusals/certificate-unfit.stderr",
        &said,
        unfit.0.away.path(),
    );
}

#[test]
fn at_another_time() {
    let unfit = Unfit::new();
    let past = unfit.make(
        "apiserver",
        "faketime -f -20d",
        "ca/ca",
        "-copy_extensions copyall -days 5",
    );
    unfit.is_refused(&past, "it is valid from");
    let future = unfit.make("apiserver", "faketime -f +20d", "ca/ca", COPY);
    unfit.is_refused(&future, "it is valid from");
}

#[test]
fn with_other_names_or_usages() {
    let unfit = Unfit::new();
    let usage = "keyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth";
    unfit.has_extensions(usage, "its names are");
    unfit.has_extensions(
        &format!("{usage}\nsubjectAltName={NAMES},DNS:evil.example"),
        "its names are",
    );
    unfit.has_extensions(
        &format!("keyUsage=critical,digitalSignature,keyEncipherment\nsubjectAltName={NAMES}"),
        "extended key usages are",
    );
    unfit.has_extensions(
        &format!("{usage},clientAuth\nsubjectAltName={NAMES}"),
        "extended key usages are",
    );
    unfit.has_extensions(
        &format!(
            "keyUsage=critical,keyAgreement\nextendedKeyUsage=serverAuth\nsubjectAltName={NAMES}"
        ),
        "key usages leave out",
    );
    unfit.has_extensions(
        &format!("{usage}\nsubjectAltName={NAMES}\nbasicConstraints=critical,CA:TRUE"),
        "of an authority",
    );
    unfit.has_extensions(
        &format!("{usage}\nsubjectAltName={NAMES}\n1.2.3.4=critical,DER:0500"),
        "the critical extension 1.2.3.4",
    );
    unfit.has_extensions(
        &format!("{usage}\nsubjectAltName={NAMES}\nnameConstraints=critical,permitted;DNS:a"),
        "the critical extension 2.5.29.30",
    );
}

#[test]
fn for_another_subject() {
    let unfit = Unfit::new();
    let key = unfit.0.node.file("/etc/kubernetes/pki/apiserver.key");
    for subject in ["/O=system:masters/CN=kube-apiserver", "/CN=other"] {
        unfit.0.shell(&format!(
            "openssl req -new -key '{}' -subj {subject} -out requests/other.csr",
            key.display()
        ));
        let operand = unfit
            .make("other", "", "ca/ca", COPY)
            .replace("other=", "apiserver=");
        unfit.is_refused(&operand, "its subject is");
    }
    // The same words in another string type, openssl's own choice.
    unfit.0.shell(&format!(
        "openssl req -new -key '{}' -subj /CN=kube-apiserver -out requests/other.csr",
        key.display()
    ));
    let operand = unfit
        .make("other", "", "ca/ca", COPY)
        .replace("other=", "apiserver=");
    unfit.is_refused(&operand, "in another encoding");
}

#[test]
fn of_another_authority() {
    let unfit = Unfit::new();
    for signer in ["ca/etcd/ca", "ca/front-proxy-ca"] {
        let operand = unfit.make("apiserver", "", signer, COPY);
        unfit.is_refused(&operand, "whom this node does not trust for it");
    }
    let operand = unfit.make("etcd-server", "", "ca/ca", COPY);
    unfit.is_refused(&operand, "whom this node does not trust for it");
    // Of the same name.
    unfit.0.shell("openssl ecparam -name prime256v1 -genkey -noout -out evil.key; openssl req -x509 -new -key evil.key -subj /CN=kubernetes -days 300 -out evil.crt");
    let operand = unfit.make("apiserver", "", "evil", COPY);
    unfit.is_refused(&operand, "whom this node does not trust for it");
    assert_eq!(authority("apiserver"), "ca/ca");
}

#[test]
fn for_nothing_here_or_for_something_twice_or_nothing_at_all() {
    let unfit = Unfit::new();
    let good = unfit.make("apiserver", "", "ca/ca", COPY);
    let stranger = good.replace("apiserver=", "apiservr=");
    unfit.is_refused(&stranger, "nothing on this node has that name");
    let before = Tree::read(unfit.0.node.path());
    let twice = unfit
        .0
        .import_with(&["--certificate", &good, "--certificate", &good])
        .expect(2);
    assert!(
        twice.stderr.contains("two certificates for apiserver"),
        "{twice:?}"
    );
    unfit.0.import_with(&[]).expect(2);
    assert_eq!(Tree::read(unfit.0.node.path()), before);
    // One that is good does not make up for one that is not.
    let bad = unfit.make("apiserver", "", "ca/etcd/ca", COPY);
    unfit.0.shell("cp made.crt bad.crt");
    let good = unfit.make("etcd-server", "", "ca/etcd/ca", COPY);
    let bad = bad.replace("made.crt", "bad.crt");
    unfit.0.refuses(
        &["--certificate", &good, "--certificate", &bad],
        "certificate-unfit",
    );
}

#[test]
fn files_that_are_no_certificate() {
    let unfit = Unfit::new();
    unfit.0.shell(": >empty; echo garbage >garbage; head -c 300 ca/ca.crt >cut; openssl x509 -in ca/ca.crt -outform DER -out der");
    for file in [
        "empty",
        "garbage",
        "cut",
        "der",
        "ca/ca.key",
        "requests/apiserver.csr",
    ] {
        let operand = format!("apiserver={}", unfit.0.file(file).display());
        let run = unfit.0.refuses(&["--certificate", &operand], file);
        let key = std::fs::read_to_string(unfit.0.file("ca/ca.key")).unwrap();
        let line = key.lines().nth(1).unwrap();
        assert!(!run.stderr.contains(line), "{run:?}");
    }
}
