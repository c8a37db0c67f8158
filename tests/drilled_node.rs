//! The node of a drill is held against one that kubeadm made, and judged by openssl.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests read files and run openssl"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rekindle::diagnosis::{State, diagnose};
use rekindle::drill::{NodeSpecification, lay_out};
use rekindle::inventory::Inventory;
use rekindle::kubernetes::{AUTHORITIES, CATALOG};
use rekindle::node::{Root, ScratchFolder, now};
use rekindle::pki::KeyAlgorithm;
use time::Duration;

/// Leaf, authority, and what it has to be good for; paths below `etc/kubernetes`.
const LEAVES: [(&str, &str, &[&str]); 12] = [
    ("pki/apiserver.crt", "pki/ca.crt", &["sslserver"]),
    (
        "pki/apiserver-kubelet-client.crt",
        "pki/ca.crt",
        &["sslclient"],
    ),
    (
        "pki/apiserver-etcd-client.crt",
        "pki/etcd/ca.crt",
        &["sslclient"],
    ),
    (
        "pki/front-proxy-client.crt",
        "pki/front-proxy-ca.crt",
        &["sslclient"],
    ),
    (
        "pki/etcd/server.crt",
        "pki/etcd/ca.crt",
        &["sslserver", "sslclient"],
    ),
    (
        "pki/etcd/peer.crt",
        "pki/etcd/ca.crt",
        &["sslserver", "sslclient"],
    ),
    (
        "pki/etcd/healthcheck-client.crt",
        "pki/etcd/ca.crt",
        &["sslclient"],
    ),
    ("admin.conf", "pki/ca.crt", &["sslclient"]),
    ("super-admin.conf", "pki/ca.crt", &["sslclient"]),
    ("controller-manager.conf", "pki/ca.crt", &["sslclient"]),
    ("scheduler.conf", "pki/ca.crt", &["sslclient"]),
    ("kubelet.pem", "pki/ca.crt", &["sslclient"]),
];

#[test]
fn an_rsa_node_is_what_kubeadm_lays_out() {
    let node = drilled(KeyAlgorithm::Rsa2048);
    let real = materialized("rsa2048-stacked");
    compare(node.path(), real.path());
    openssl_judges(
        node.path(),
        "-----BEGIN RSA PRIVATE KEY-----",
        "Public-Key: (2048 bit)",
    );
    rekindle_judges(node.path());
}

#[test]
fn an_ecdsa_node_is_what_kubeadm_lays_out() {
    let node = drilled(KeyAlgorithm::EcdsaP384);
    let real = materialized("ecdsa-p256-stacked");
    compare(node.path(), real.path());
    openssl_judges(
        node.path(),
        "-----BEGIN EC PRIVATE KEY-----",
        "NIST CURVE: P-384",
    );
    rekindle_judges(node.path());
}

#[test]
fn names_and_addresses_are_those_of_the_specification() {
    let specification = NodeSpecification {
        algorithm: KeyAlgorithm::EcdsaP256,
        node_name: "node-7".to_owned(),
        advertise_address: "198.51.100.7".parse().unwrap(),
        control_plane_endpoint: "203.0.113.1:8443".to_owned(),
        additional_names: Vec::new(),
    };
    let mut folder = ScratchFolder::create_temporary().unwrap();
    lay_out(&mut folder, &specification, now()).unwrap();
    for entry in walk(folder.path()).keys() {
        let text = fs::read_to_string(folder.path().join(entry)).unwrap_or_default();
        for word in ["cp-1", "192.0.2.10", "api.example.test", "{{"] {
            assert!(!text.contains(word), "{word} in {}", entry.display());
        }
    }
    let names = x509(
        &certificate(folder.path(), "pki/apiserver.crt"),
        &["-ext", "subjectAltName"],
    );
    assert!(
        names.ends_with(
            "DNS:kubernetes, DNS:kubernetes.default, DNS:kubernetes.default.svc, \
             DNS:kubernetes.default.svc.cluster.local, DNS:node-7, IP Address:10.96.0.1, \
             IP Address:198.51.100.7, IP Address:203.0.113.1\n"
        ),
        "{names}"
    );
}

/// The recovery in it confines itself: that must not keep the drill from clearing up.
#[test]
fn a_drill_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rekindle"))
        .args(["drill", "--algorithm", "ECDSA-P256"])
        .env("TMPDIR", temporary.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("The folder is removed"));
    let left: Vec<_> = fs::read_dir(temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Whenever it is interrupted: there are the keys of three authorities in it.
#[test]
fn an_interrupted_drill_leaves_nothing_behind() {
    for delay in ["0.02", "0.1", "0.3", "0.6", "1"] {
        let temporary = tempfile::tempdir().unwrap();
        let output = Command::new("timeout")
            .args(["--signal", "INT", delay, env!("CARGO_BIN_EXE_rekindle")])
            .args(["drill", "--algorithm", "RSA-2048"])
            .env("TMPDIR", temporary.path())
            .output()
            .unwrap();
        let left: Vec<_> = fs::read_dir(temporary.path()).unwrap().collect();
        assert!(left.is_empty(), "{delay}: {left:?} {output:?}");
    }
}

fn drilled(algorithm: KeyAlgorithm) -> ScratchFolder {
    let mut folder = ScratchFolder::create_temporary().unwrap();
    let specification = NodeSpecification {
        algorithm,
        ..NodeSpecification::default()
    };
    lay_out(&mut folder, &specification, now()).unwrap();
    folder
}

/// A node of testdata with the modes that git does not keep.
fn materialized(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/materialize-node");
    let status = Command::new(script)
        .arg(name)
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    folder
}

/// Same paths, same modes, same texts, same certificates but for keys, dates and serial numbers.
fn compare(node: &Path, real: &Path) {
    assert_eq!(without_dates(&walk(node)), without_dates(&walk(real)));
    for path in walk(real).keys().filter(|path| is_text(path)) {
        let ours = fs::read_to_string(node.join(path)).unwrap();
        let theirs = fs::read_to_string(real.join(path)).unwrap();
        assert_eq!(
            without_data(&ours),
            without_data(&theirs),
            "{}",
            path.display()
        );
    }
    let authorities = ["pki/ca.crt", "pki/etcd/ca.crt", "pki/front-proxy-ca.crt"];
    for name in LEAVES.map(|(leaf, ..)| leaf).into_iter().chain(authorities) {
        let describe = |root| {
            let extensions = "keyUsage,extendedKeyUsage,basicConstraints,subjectAltName";
            let options = ["-subject", "-issuer", "-nameopt", "multiline,show_type"];
            let options = [&options[..], &["-ext", extensions]].concat();
            let text = x509(&certificate(root, name), &options);
            // The order of extensions in a certificate says nothing.
            let mut parts: Vec<String> = text.split("X509v3 ").map(str::to_owned).collect();
            parts.sort();
            parts.concat()
        };
        let ours = describe(node);
        assert_eq!(ours, describe(real), "{name}");
        assert!(ours.contains("PRINTABLESTRING"), "{ours}");
    }
}

fn openssl_judges(node: &Path, key_header: &str, key_size: &str) {
    let folder = node.join("etc/kubernetes");
    for (leaf, authority, purposes) in LEAVES {
        let pem = certificate(node, leaf);
        for purpose in purposes {
            let verify = |time: &[&str]| {
                let mut arguments = vec!["verify", "-x509_strict", "-purpose", purpose];
                arguments.extend(time);
                let authority = folder.join(authority);
                arguments.extend(["-CAfile", authority.to_str().unwrap()]);
                openssl(&arguments, &pem)
            };
            let output = verify(&["-no_check_time"]);
            assert!(output.status.success(), "{leaf} as {purpose}: {output:?}");
            let output = verify(&[]);
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                complaint.contains("certificate has expired"),
                "{leaf}: {complaint}"
            );
        }
        let key = key(node, leaf);
        let public = openssl(&["pkey", "-pubout"], &key).stdout;
        assert_eq!(
            String::from_utf8(public).unwrap(),
            x509(&pem, &["-pubkey"]),
            "{leaf}"
        );
        assert!(key.contains(key_header), "{leaf}: {key}");
        let text = x509(&pem, &["-text"]);
        assert!(text.contains(key_size), "{leaf}: {text}");
    }
    for authority in ["pki/ca", "pki/etcd/ca", "pki/front-proxy-ca"] {
        let path = folder.join(format!("{authority}.crt"));
        let arguments = ["verify", "-x509_strict", "-CAfile", path.to_str().unwrap()];
        let output = openssl(&arguments, &fs::read_to_string(&path).unwrap());
        assert!(output.status.success(), "{authority}: {output:?}");
    }
    service_account_keys_fit(&folder);
    kubelet_serving_is_its_own(node);
}

fn service_account_keys_fit(folder: &Path) {
    let key = fs::read_to_string(folder.join("pki/sa.key")).unwrap();
    let public = openssl(&["pkey", "-pubout"], &key).stdout;
    assert_eq!(fs::read(folder.join("pki/sa.pub")).unwrap(), public);
}

/// The leaf comes first, and the authority behind it in the same file signed it.
fn kubelet_serving_is_its_own(node: &Path) {
    let folder = node.join("var/lib/kubelet/pki");
    let path = folder.join("kubelet.crt");
    let chain = fs::read_to_string(&path).unwrap();
    assert_eq!(chain.matches("BEGIN CERTIFICATE").count(), 2);
    let arguments = [
        "verify",
        "-no_check_time",
        "-purpose",
        "sslserver",
        "-CAfile",
    ];
    let arguments = [&arguments[..], &[path.to_str().unwrap()]].concat();
    let output = openssl(&arguments, &chain);
    assert!(output.status.success(), "{output:?}");
    let text = x509(
        &chain,
        &["-subject", "-issuer", "-dates", "-ext", "subjectAltName"],
    );
    let issued = unix_of(&text, "notBefore=");
    assert!(
        text.contains(&format!("subject=CN = cp-1@{issued}\n")),
        "{text}"
    );
    assert!(
        text.contains(&format!("issuer=CN = cp-1-ca@{issued}\n")),
        "{text}"
    );
    assert!(text.ends_with("DNS:cp-1\n"), "{text}");
    let key = fs::read_to_string(folder.join("kubelet.key")).unwrap();
    assert!(key.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    let public = openssl(&["pkey", "-pubout"], &key).stdout;
    assert_eq!(
        String::from_utf8(public).unwrap(),
        x509(&chain, &["-pubkey"])
    );
}

fn unix_of(text: &str, field: &str) -> i64 {
    let date = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap();
    let output = Command::new("date")
        .args(["-d", date, "+%s"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

/// Everything of the catalog is there and expired a day ago; the authorities are valid; nothing is in the way.
fn rekindle_judges(node: &Path) {
    let inventory = Inventory::observe(&Root::open(node).unwrap());
    let moment = now();
    let diagnosis = diagnose(&inventory, moment, Duration::days(30));
    let names = |findings: &[rekindle::diagnosis::Finding], state| -> Vec<&str> {
        let wanted = findings.iter().filter(|finding| finding.state == state);
        wanted.map(|finding| finding.name).collect()
    };
    let catalog: Vec<&str> = CATALOG.iter().map(|entry| entry.name).collect();
    assert_eq!(names(&diagnosis.certificates, State::Expired), catalog);
    let authorities: Vec<&str> = AUTHORITIES
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(names(&diagnosis.authorities, State::Valid), authorities);
    assert_eq!(diagnosis.obstacles, [""; 0]);
    for finding in &diagnosis.certificates {
        let (not_before, not_after) = finding.validity.unwrap();
        assert_eq!(
            not_after - not_before,
            Duration::days(365),
            "{}",
            finding.name
        );
        let since = moment - not_after;
        assert!(
            (Duration::DAY..Duration::hours(25)).contains(&since),
            "{since}"
        );
    }
    for finding in &diagnosis.authorities {
        let (not_before, not_after) = finding.validity.unwrap();
        assert_eq!(
            not_after - not_before,
            Duration::days(3650),
            "{}",
            finding.name
        );
    }
}

/// Every file, folder and link with its kind and mode.
fn walk(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let node_path = path.strip_prefix(root).unwrap().to_owned();
            let mode = metadata.permissions().mode() & 0o7777;
            let kind = if metadata.is_symlink() {
                format!("link to {}", fs::read_link(&path).unwrap().display())
            } else if metadata.is_dir() {
                folders.push(path);
                format!("folder {mode:04o}")
            } else {
                format!("file {mode:04o}")
            };
            found.insert(node_path, kind);
        }
    }
    found
}

/// `kubelet-client-2025-11-23-20-58-00.pem` has another date on each node, and the same form.
fn without_dates(walk: &BTreeMap<PathBuf, String>) -> BTreeMap<String, String> {
    let without = |text: &str| match text.split_once("kubelet-client-20") {
        Some((before, date)) => {
            let form: String = date
                .chars()
                .map(|character| {
                    if character.is_ascii_digit() {
                        '0'
                    } else {
                        character
                    }
                })
                .collect();
            format!("{before}kubelet-client-00{form}")
        }
        None => text.to_owned(),
    };
    walk.iter()
        .map(|(path, kind)| (without(path.to_str().unwrap()), without(kind)))
        .collect()
}

fn is_text(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "conf" | "env"))
}

/// A kubeconfig without the base64 of keys and certificates.
fn without_data(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once("-data: ") {
        Some((key, data)) => {
            assert!(
                STANDARD.decode(data).unwrap().ends_with(b"-----\n"),
                "{key}"
            );
            format!("{key}-data: …\n")
        }
        None => format!("{line}\n"),
    });
    let joined: String = lines.collect();
    assert_eq!(joined.matches('\n').count(), text.matches('\n').count());
    joined
}

fn certificate(root: &Path, name: &str) -> String {
    credential(root, name, "client-certificate-data: ", "crt")
}

fn key(root: &Path, name: &str) -> String {
    credential(root, name, "client-key-data: ", "key")
}

/// The PEM of a pair's file, of a kubeconfig's user, or of the kubelet's one file for both.
fn credential(root: &Path, name: &str, field: &str, extension: &str) -> String {
    if name == "kubelet.pem" {
        let pki = root.join("var/lib/kubelet/pki");
        let link = fs::read_link(pki.join("kubelet-client-current.pem")).unwrap();
        assert_eq!(link.parent().unwrap(), Path::new("/var/lib/kubelet/pki"));
        return fs::read_to_string(pki.join(link.file_name().unwrap())).unwrap();
    }
    let path = root.join("etc/kubernetes").join(name);
    let Some("conf") = path.extension().and_then(|extension| extension.to_str()) else {
        return fs::read_to_string(path.with_extension(extension)).unwrap();
    };
    let text = fs::read_to_string(path).unwrap();
    let data = text.split_once(field).unwrap().1.lines().next().unwrap();
    String::from_utf8(STANDARD.decode(data).unwrap()).unwrap()
}

fn x509(pem: &str, options: &[&str]) -> String {
    let output = openssl(&[&["x509", "-noout"], options].concat(), pem);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn openssl(arguments: &[&str], input: &str) -> Output {
    use std::io::Write;
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}
