//! A certificate request that was made of a certificate asks for what that has, as Go's crypto/x509 reads it; openssl's
//! word is in the unit tests.
#![allow(
    clippy::disallowed_methods,
    reason = "tests start other programs and keep their files in a temporary folder"
)]
#![allow(clippy::unwrap_used, reason = "a test may panic, its functions too")]

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use rekindle::pki::{
    CertificateRequest, KeyAlgorithm, PrivateKey, encode_certificate, generate, read_certificates,
};

/// Subjects and extensions of the models, in openssl's words.
const MODELS: [(&str, &str); 4] = [
    (
        "/O=system:masters+O=other/CN=kubernetes-admin",
        "-addext keyUsage=critical,digitalSignature,keyEncipherment -addext extendedKeyUsage=clientAuth -addext basicConstraints=critical,CA:FALSE",
    ),
    (
        "/CN=kube-apiserver",
        "-addext extendedKeyUsage=serverAuth -addext subjectAltName=DNS:cp-1,DNS:kubernetes.default.svc,IP:10.96.0.1,IP:2001:db8::1",
    ),
    ("/", "-addext subjectAltName=critical,DNS:cp-1"),
    ("/DC=test/DC=example/OU=a/OU=b/CN=bare", ""),
];

fn openssl(folder: &Path, arguments: &str) {
    let arguments = arguments.split(' ').filter(|argument| !argument.is_empty());
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
}

#[test]
fn go_accepts_a_request_and_finds_in_it_what_the_model_has() {
    if Command::new("go").arg("version").output().is_err() {
        println!("skipped: go is not on the PATH, so crypto/x509 could not be asked");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let keys = [
        (generate(KeyAlgorithm::Rsa2048), "SHA256-RSA"),
        (generate(KeyAlgorithm::EcdsaP256), "ECDSA-SHA256"),
        (generate(KeyAlgorithm::EcdsaP384), "ECDSA-SHA384"),
    ];
    let mut keys: Vec<(PrivateKey, &str)> = keys
        .into_iter()
        .map(|(key, algorithm)| (key.unwrap().private_key, algorithm))
        .collect();
    keys.push((PrivateKey::generate_ed25519().unwrap(), "Ed25519"));
    let (mut pairs, mut expected) = (String::new(), String::new());
    for (subject, extensions) in MODELS {
        openssl(
            folder.path(),
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj {subject} {extensions} -keyout a.key -out a.crt"
            ),
        );
        let text = std::fs::read(folder.path().join("a.crt")).unwrap();
        let model = &read_certificates(&text).unwrap()[0];
        for (key, algorithm) in &keys {
            let request = CertificateRequest::for_model(model, key).unwrap();
            pairs.push_str(&encode_certificate(model));
            pairs.push_str(&request.pem());
            writeln!(expected, "accepted {algorithm}").unwrap();
        }
    }
    let file = folder.path().join("pairs.pem");
    std::fs::write(&file, pairs).unwrap();
    let output = Command::new("go")
        .args(["run", "."])
        .arg(&file)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/request_judge"))
        .env("GOFLAGS", "-mod=mod")
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
