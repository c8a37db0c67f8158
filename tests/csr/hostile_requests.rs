//! Requests that ask for more than what was signed before, each sealed well by whoever made it: nothing at all is signed.

use std::fs;

use serde_json::{Value, json};

use crate::elsewhere::Elsewhere;
use crate::envelope::{Sealer, document};
use crate::support::golden;

const NODE: &str = "ecdsa-p256-stacked";

/// A node's own requests, and somebody who makes others of them.
struct Forger {
    place: Elsewhere,
    own: Value,
    sealer: Sealer,
}

impl Forger {
    fn new() -> Self {
        let place = Elsewhere::new(NODE);
        place.export();
        // Whoever sits on the node has all of its keys.
        place.shell(&format!(
            "cp '{0}'/etc/kubernetes/pki/apiserver.* .; cp '{0}'/etc/kubernetes/pki/apiserver-kubelet-client.* .",
            place.node.path().display()
        ));
        let own = document(&place.requests());
        Self {
            place,
            own,
            sealer: Sealer::new(),
        }
    }

    /// The place of a certificate among the requests.
    fn at(&self, name: &str) -> usize {
        let requests = self.own["requests"].as_array().unwrap();
        requests.iter().position(|one| one["name"] == name).unwrap()
    }

    /// Makes a request with openssl, from the key in a file.
    fn request(&self, key: &str, subject: &str, extensions: &str) -> String {
        fs::write(
            self.place.file("request.cnf"),
            format!(
                "[req]\ndistinguished_name=dn\nstring_mask=default\n[dn]\n[ext]\n{extensions}\n"
            ),
        )
        .unwrap();
        let extensions = if extensions.is_empty() {
            ""
        } else {
            "-reqexts ext"
        };
        self.place.shell(&format!("openssl req -new -key {key} -subj '{subject}' -config request.cnf {extensions} -out made.csr"));
        fs::read_to_string(self.place.file("made.csr")).unwrap()
    }

    /// A certificate for the key in `key`, signed with the authority's key in `signer`.
    fn certificate(
        &self,
        key: &str,
        subject: &str,
        (authority, signer): (&str, &str),
        extensions: &str,
    ) -> String {
        fs::write(self.place.file("ext.cnf"), extensions).unwrap();
        self.place.shell(&format!(
            "printf '[req]\\ndistinguished_name=dn\\nstring_mask=default\\n[dn]\\n' >model.cnf
             openssl req -new -key {key} -subj '{subject}' -config model.cnf -out model.csr
             openssl x509 -req -in model.csr -CA {authority} -CAkey {signer} -set_serial 77 -days 3 -extfile ext.cnf -out model.crt"
        ));
        fs::read_to_string(self.place.file("model.crt")).unwrap()
    }

    /// Nothing is signed of the node's requests with that one changed, be it alone or among good ones.
    #[track_caller]
    fn nothing_is_signed(&self, name: &str, change: impl Fn(&mut Value), word: &str) {
        let mut among = self.own.clone();
        change(&mut among["requests"][self.at(name)]);
        let mut alone = self.own.clone();
        alone["requests"] = json!([among["requests"][self.at(name)].clone()]);
        for hostile in [alone, among] {
            let (bundle, fingerprint) = self.sealer.requests(hostile);
            let run = self
                .place
                .refuses_to_sign(&bundle, &fingerprint, "requests-unusable");
            assert!(run.stderr.contains(word), "{word}: {run:?}");
        }
    }
}

/// The control: sealed by somebody else, and nothing changed.
#[test]
fn what_the_forger_seals_unchanged_is_signed() {
    let forger = Forger::new();
    let (bundle, fingerprint) = forger.sealer.requests(forger.own.clone());
    forger.place.sign(&bundle, &fingerprint).0.expect(0);
}

/// Whoever takes the first of them, and whoever takes the last, would speak of different ones.
#[test]
fn several_certificates_in_the_place_of_one() {
    let forger = Forger::new();
    let of = |name| {
        let text = &forger.own["requests"][forger.at(name)]["certificate"];
        text.as_str().unwrap()
    };
    let both = of("apiserver").to_owned() + of("apiserver-kubelet-client");
    forger.nothing_is_signed(
        "apiserver",
        |one| one["certificate"] = json!(both),
        "of apiserver it holds 2 certificates, and not one",
    );
}

#[test]
fn a_request_for_another_key() {
    let forger = Forger::new();
    forger
        .place
        .shell("openssl ecparam -name prime256v1 -genkey -noout -out other.key");
    let request = forger.request("other.key", "/CN=kube-apiserver", "");
    forger.nothing_is_signed(
        "apiserver",
        |one| one["request"] = json!(request),
        "for another key",
    );
}

#[test]
fn a_request_for_another_subject() {
    let forger = Forger::new();
    for subject in [
        "/O=system:masters/CN=kube-apiserver",
        "/CN=kubernetes-super-admin",
        "/CN=kube-apiserver/CN=x",
    ] {
        let request = forger.request("apiserver.key", subject, "");
        forger.nothing_is_signed(
            "apiserver",
            |one| one["request"] = json!(request),
            "and the certificate for",
        );
    }
}

#[test]
fn a_request_for_more_names_or_extensions() {
    let forger = Forger::new();
    for extensions in [
        "subjectAltName=DNS:kubernetes,DNS:evil.example",
        "basicConstraints=critical,CA:TRUE",
        "basicConstraints=CA:FALSE",
        "nsComment=more",
        "extendedKeyUsage=clientAuth",
        "keyUsage=critical,keyCertSign",
        "1.2.3.4=critical,DER:0500",
    ] {
        let request = forger.request("apiserver.key", "/CN=kube-apiserver", extensions);
        forger.nothing_is_signed(
            "apiserver",
            |one| one["request"] = json!(request),
            "extensions that the certificate has not",
        );
    }
}

#[test]
fn a_request_that_is_not_signed_with_its_key() {
    let forger = Forger::new();
    let at = forger.at("apiserver");
    let request = forger.own["requests"][at]["request"].as_str().unwrap();
    fs::write(forger.place.file("in.csr"), request).unwrap();
    forger
        .place
        .shell("openssl req -in in.csr -outform DER -out in.der");
    let mut der = fs::read(forger.place.file("in.der")).unwrap();
    *der.last_mut().unwrap() ^= 1;
    fs::write(forger.place.file("in.der"), der).unwrap();
    forger
        .place
        .shell("openssl req -inform DER -in in.der -out bad.csr");
    let bad = fs::read_to_string(forger.place.file("bad.csr")).unwrap();
    forger.nothing_is_signed(
        "apiserver",
        |one| one["request"] = json!(bad),
        "requests-unusable",
    );
    // And that of another certificate.
    let other = forger.own["requests"][forger.at("etcd-peer")]["request"].clone();
    forger.nothing_is_signed(
        "apiserver",
        |one| one["request"] = other.clone(),
        "for another key",
    );
}

#[test]
fn the_certificate_of_an_authority() {
    let forger = Forger::new();
    forger
        .place
        .shell("openssl ecparam -name prime256v1 -genkey -noout -out sub.key");
    let model = forger.certificate(
        "sub.key",
        "/CN=sub",
        ("ca/ca.crt", "ca/ca.key"),
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign",
    );
    let request = forger.request("sub.key", "/CN=sub", "");
    let change = |one: &mut Value| {
        one["certificate"] = json!(model);
        one["request"] = json!(request);
    };
    forger.nothing_is_signed("apiserver", change, "of an authority");
}

#[test]
fn a_certificate_that_the_authority_never_signed() {
    let forger = Forger::new();
    // Of the same name, with all that can be copied of it.
    forger.place.shell(
        "openssl ecparam -name prime256v1 -genkey -noout -out evil.key
         openssl ecparam -name prime256v1 -genkey -noout -out mine.key
         openssl req -x509 -new -key evil.key -subj /CN=kubernetes -days 3 -out evil.crt",
    );
    let request = forger.request("mine.key", "/O=system:masters/CN=me", "");
    let evil = ("evil.crt", "evil.key");
    let model = forger.certificate(
        "mine.key",
        "/O=system:masters/CN=me",
        evil,
        "extendedKeyUsage=clientAuth",
    );
    let change = |one: &mut Value| {
        one["certificate"] = json!(model);
        one["request"] = json!(request);
    };
    forger.nothing_is_signed("apiserver", change, "has not");
    // Signed by itself under the authority's name.
    let request = forger.request("mine.key", "/CN=kubernetes", "");
    forger.place.shell("openssl req -x509 -new -key mine.key -subj /CN=kubernetes -addext basicConstraints=CA:FALSE -days 3 -out self.crt");
    let model = fs::read_to_string(forger.place.file("self.crt")).unwrap();
    let change = |one: &mut Value| {
        one["certificate"] = json!(model);
        one["request"] = json!(request);
    };
    forger.nothing_is_signed("apiserver", change, "requests-unusable");
}

/// Another authority's, of another name: that one is left, and nothing is said to be signed that was not.
#[test]
fn a_certificate_of_another_authority_is_left_and_alone_refused() {
    let forger = Forger::new();
    forger.place.shell("openssl ecparam -name prime256v1 -genkey -noout -out evil.key; openssl req -x509 -new -key evil.key -subj /CN=evil -days 3 -out evil.crt");
    let model = forger.certificate(
        "apiserver.key",
        "/CN=kube-apiserver",
        ("evil.crt", "evil.key"),
        "",
    );
    let request = forger.request("apiserver.key", "/CN=kube-apiserver", "");
    let mut among = forger.own.clone();
    let at = forger.at("apiserver");
    among["requests"][at]["certificate"] = json!(model);
    among["requests"][at]["request"] = json!(request);
    let mut alone = forger.own.clone();
    alone["requests"] = json!([among["requests"][at].clone()]);
    let (bundle, fingerprint) = forger.sealer.requests(alone);
    forger
        .place
        .refuses_to_sign(&bundle, &fingerprint, "no authority here has ever signed");
    let (bundle, fingerprint) = forger.sealer.requests(among);
    let (run, answer) = forger.place.sign(&bundle, &fingerprint);
    let run = run.expect(1);
    assert!(run.stdout.contains("left apiserver"), "{run:?}");
    let signed = document(&answer.unwrap());
    let signed = signed["certificates"].as_array().unwrap();
    assert!(signed.iter().all(|one| one["name"] != "apiserver"));
}

#[test]
fn names_twice_and_nothing_at_all() {
    let forger = Forger::new();
    let mut twice = forger.own.clone();
    let first = twice["requests"][0].clone();
    twice["requests"].as_array_mut().unwrap().push(first);
    let mut nothing = forger.own.clone();
    nothing["requests"] = json!([]);
    let mut other = forger.own.clone();
    other["schema"] = json!("rekindle.certificate-requests/v2");
    let mut more = forger.own.clone();
    more["more"] = json!(1);
    for hostile in [twice, nothing, other, more] {
        let (bundle, fingerprint) = forger.sealer.requests(hostile);
        forger
            .place
            .refuses_to_sign(&bundle, &fingerprint, "requests-unusable");
    }
}

/// What is said may not look like something else on a terminal.
#[test]
fn control_characters_in_names_are_not_printed() {
    let forger = Forger::new();
    let mut hostile = forger.own.clone();
    hostile["createdBy"] = json!("cp-1\u{1b}[2J\u{1b}[H\r\nSealed by sha256:00");
    hostile["requests"][0]["name"] = json!("admin\u{1b}[31m\nconf");
    let (bundle, fingerprint) = forger.sealer.requests(hostile);
    let (run, _) = forger.place.sign(&bundle, &fingerprint);
    assert!(
        !run.stdout.contains('\u{1b}') && !run.stdout.contains('\r'),
        "{run:?}"
    );
    assert!(
        !run.stdout.contains("\nconf") && !run.stdout.contains("\nSealed by"),
        "{run:?}"
    );
}

#[test]
fn a_life_of_no_length_and_one_without_end() {
    let forger = Forger::new();
    let mut hostile = forger.own.clone();
    hostile["validitySeconds"] = json!(u64::MAX);
    let (bundle, fingerprint) = forger.sealer.requests(hostile.clone());
    let (run, answer) = forger.place.sign(&bundle, &fingerprint);
    run.expect(0);
    let one = document(&answer.unwrap())["certificates"][0]["certificate"].clone();
    let file = forger.place.file("one.crt");
    fs::write(&file, one.as_str().unwrap()).unwrap();
    let left = crate::support::openssl::read(&file).validity.1 - time::OffsetDateTime::now_utc();
    assert!(left.whole_days() <= 366, "{left}");
    fs::remove_file(file).unwrap();
    hostile["validitySeconds"] = json!(0);
    let (bundle, fingerprint) = forger.sealer.requests(hostile);
    forger
        .place
        .refuses_to_sign(&bundle, &fingerprint, "requests-unusable");
}

#[test]
fn another_fingerprint_than_was_expected_or_none() {
    let forger = Forger::new();
    let own = forger.place.requests();
    let run = forger
        .place
        .refuses_to_sign(&own, &forger.sealer.fingerprint(), "was expected");
    golden::compare(
        "tests/refusals/requests-unusable.stderr",
        &run.stderr,
        forger.place.away.path(),
    );
    let (bundle, _) = forger.sealer.requests(forger.own.clone());
    let (run, answer) = forger.place.sign_with(&bundle, &["--yes"]);
    let run = run.expect(2);
    assert!(
        answer.is_none() && run.stderr.contains("--expect"),
        "{run:?}"
    );
    // Nobody is there to be asked.
    let (run, answer) = forger.place.sign_with(&bundle, &[]);
    run.expect(2);
    assert!(answer.is_none());
    let (run, answer) = forger
        .place
        .sign_with(&bundle, &["--yes", "--expect", "abc"]);
    run.expect(2);
    assert!(answer.is_none());
}
