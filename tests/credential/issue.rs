//! What is made: openssl judges it, and the journal's second opinion what is on the record.

use std::fs;
use std::process::Command;

use crate::support::journal::payloads;
use crate::support::leaf::embedded;
use crate::support::node::project;
use crate::support::openssl::{openssl, verify};
use crate::support::program::unheard;
use crate::support::secrets::Secrets;
use crate::support::terminal::Terminal;
use crate::support::tree::Tree;
use crate::{Desk, mode};

const QUESTION: &str = "[y]es / [n]o / [e]xplain: ";

/// The PEM of a field of the kubeconfig, in a file of its own.
fn part(desk: &Desk, file: &str, field: &str) -> std::path::PathBuf {
    let text = fs::read_to_string(desk.file(file)).unwrap();
    let path = desk.file(&format!("{file}.{field}.pem"));
    fs::write(&path, embedded(&text, field).unwrap()).unwrap();
    path
}

#[test]
fn it_is_a_client_of_that_name_and_nothing_else() {
    for algorithm in ["ECDSA-P256", "ECDSA-P384", "RSA-2048"] {
        let desk = Desk::new();
        let groups = ["--group", "oncall", "--group", "kubeadm:cluster-admins"];
        desk.issue(&[&groups[..], &["--algorithm", algorithm]].concat(), 0);
        assert_eq!(mode(&desk.file("alice.conf")), 0o600);

        let certificate = part(&desk, "alice.conf", "client-certificate-data");
        let key = part(&desk, "alice.conf", "client-key-data");
        let authority = desk.node.file("/etc/kubernetes/pki/ca.crt");
        verify(&certificate, &authority, "sslclient").unwrap();
        assert!(verify(&certificate, &authority, "sslserver").is_err());
        let file = certificate.to_str().unwrap();
        let of_key = openssl(&["pkey", "-in", key.to_str().unwrap(), "-pubout"]).unwrap();
        let of_certificate = openssl(&["x509", "-in", file, "-noout", "-pubkey"]).unwrap();
        assert_eq!(of_key, of_certificate);
        let subject = openssl(&[
            "x509", "-in", file, "-noout", "-subject", "-nameopt", "RFC2253",
        ]);
        let subject = subject.unwrap();
        // As Go writes several organisations: one set, sorted as DER has it; RFC 2253 reads it from behind.
        assert_eq!(
            subject,
            "subject=CN=alice,O=kubeadm:cluster-admins+O=oncall\n"
        );
        let text = openssl(&["x509", "-in", file, "-noout", "-text"]).unwrap();
        for (expected, times) in [
            (
                "X509v3 Key Usage: critical\n                Digital Signature\n",
                1,
            ),
            (
                "X509v3 Extended Key Usage: \n                TLS Web Client Authentication\n",
                1,
            ),
            ("CA:FALSE", 1),
            ("X509v3 Subject Alternative Name", 0),
        ] {
            assert_eq!(text.matches(expected).count(), times, "{expected}: {text}");
        }
        // An hour from now, and five minutes back.
        for (seconds, is_alive) in [("3500", true), ("3601", false)] {
            let asked = openssl(&["x509", "-in", file, "-noout", "-checkend", seconds]);
            assert_eq!(asked.is_ok(), is_alive, "{seconds}: {asked:?}");
        }
    }
}

#[test]
fn the_kubeconfig_leads_to_the_administrators_server_or_to_the_one_that_is_named() {
    let desk = Desk::new();
    desk.issue(&[], 0);
    let text = fs::read_to_string(desk.file("alice.conf")).unwrap();
    let admin = String::from_utf8(desk.node.read("/etc/kubernetes/admin.conf")).unwrap();
    let line = |text: &str, beginning: &str| {
        let mut lines = text.lines().map(str::trim);
        let line = lines.find(|line| line.starts_with(beginning));
        line.unwrap_or_else(|| panic!("{beginning}")).to_owned()
    };
    for field in ["server: ", "certificate-authority-data: "] {
        assert_eq!(line(&text, field), line(&admin, field));
    }
    assert_eq!(
        line(&text, "current-context: "),
        "current-context: alice@kubernetes"
    );
    fs::remove_file(desk.file("alice.conf")).unwrap();
    desk.issue(&["--server", "https://[2001:db8::1]:6443"], 0);
    let text = fs::read_to_string(desk.file("alice.conf")).unwrap();
    assert_eq!(
        line(&text, "server: "),
        "server: https://[2001:db8::1]:6443"
    );
}

#[test]
fn it_is_on_the_record_and_its_key_is_nowhere() {
    let desk = Desk::new();
    let before = Tree::read(desk.node.path());
    let known = Secrets::of(&before);
    let more = ["--group", "oncall", "--ticket", "INC-4711"];
    let made = desk.issue(&more, 0);
    let verified = desk.run(&["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    let journals = desk.journals();
    let [journal] = journals.as_slice() else {
        panic!("{journals:?}");
    };
    let second = Command::new(project().join("scripts/verify-journal"))
        .arg(desk.node.file(journal))
        .arg(desk.node.file("/etc/kubernetes/pki/ca.crt"))
        .output()
        .unwrap();
    assert!(second.status.success(), "{second:?}");

    let certificate = part(&desk, "alice.conf", "client-certificate-data");
    let serial = openssl(&[
        "x509",
        "-in",
        certificate.to_str().unwrap(),
        "-noout",
        "-serial",
    ]);
    let serial = serial.unwrap().trim().replace("serial=", "").to_lowercase();
    let shown = desk.run(&["journal", "show"]).expect(0);
    let said = format!(
        "issue a break-glass credential for alice (groups oncall, serial {serial}, until 2"
    );
    assert_eq!(shown.stdout.matches(&said).count(), 2, "{shown:?}");
    assert!(
        shown.stdout.contains("a drill, ticket INC-4711"),
        "{shown:?}"
    );
    let listed = desk.run(&["journal", "list"]).expect(0);
    assert!(listed.stdout.contains("  credential issue  "), "{listed:?}");
    for run in [&made, &shown, &verified, &listed] {
        assert!(!run.stdout.contains("--yes"), "{run:?}");
    }

    // No piece of the new key is anywhere but in the file; nor of any other.
    let kubeconfig = fs::read_to_string(desk.file("alice.conf")).unwrap();
    let own = Secrets::beyond(&known, std::iter::once(kubeconfig.clone())).unwrap();
    assert!(own.are_in(embedded(&kubeconfig, "client-key-data").unwrap().as_bytes()));
    let after = Tree::read(desk.node.path());
    let listing = desk.run(&["credential", "list", "-o", "json"]).expect(0);
    let texts = [&made, &shown, &verified, &listed, &listing];
    let texts = texts.iter().map(|run| run.stdout.clone() + &run.stderr);
    let records = desk.node.read(journal);
    let payloads = payloads(&String::from_utf8(records).unwrap());
    for text in texts.chain([payloads]) {
        assert!(!own.are_in(text.as_bytes()) && !known.are_in(text.as_bytes()));
    }
    let digest = rekindle::digest::Sha256Digest::of(kubeconfig.as_bytes()).to_string();
    assert!(!shown.stdout.contains(&digest));
    // And nothing of the node is another than before.
    let changed = before.without_state().timeless();
    let changed = changed.differences(&after.without_state().timeless());
    assert_eq!(changed, Vec::<String>::new());
}

#[test]
fn at_a_terminal_it_is_shown_and_asked_for() {
    let desk = Desk::new();
    let before = Tree::read(desk.node.path());
    let file = desk.file("alice.conf");
    let long = [
        "--ttl",
        "25h",
        "--long-lived",
        "--group",
        "system:masters",
        "--i-know-this-bypasses-rbac",
    ];
    let arguments = Desk::arguments(&file, &long);
    for answer in ["n\n", "e\nn\n", "\u{4}"] {
        let mut terminal = Terminal::start(desk.node.path(), &arguments);
        terminal.wait_for(QUESTION);
        terminal.enter(answer);
        let run = terminal.end().expect(1);
        assert!(run.stdout.contains("user      alice\r\n"), "{run:?}");
        assert!(
            run.stdout
                .contains("It lives for 25h, which is longer than 24h"),
            "{run:?}"
        );
        assert!(
            run.stdout.contains("system:masters is above RBAC"),
            "{run:?}"
        );
        assert!(run.stdout.ends_with("Nothing was made.\r\n"), "{run:?}");
        assert_eq!(answer.starts_with('e'), run.stdout.contains("Whoever has"));
        assert_eq!(Tree::read(desk.node.path()), before);
        assert_eq!(desk.handed_out(), Vec::<String>::new());
    }
    let mut terminal = Terminal::start(desk.node.path(), &arguments);
    terminal.wait_for(QUESTION);
    terminal.enter("y\n");
    let run = terminal.end().expect(0);
    assert!(run.stdout.contains("auth whoami\r\n"), "{run:?}");
    assert!(run.stdout.contains("whatever RBAC says"), "{run:?}");
    assert_eq!(desk.handed_out(), ["alice.conf"]);
    // Nobody is there to be asked.
    let file = desk.file("bob.conf");
    let run = desk.run(&Desk::arguments(&file, &[])).expect(2);
    assert!(run.stderr.contains("no terminal to ask on"), "{run:?}");
}

/// Whoever reads the report goes away: the credential is made, and the exit says so.
#[test]
fn a_closed_pipe_is_no_failure() {
    let desk = Desk::new();
    let file = desk.file("alice.conf");
    let arguments = Desk::arguments(&file, &["--yes"]);
    let run = unheard(desk.node.path(), &arguments).expect(0);
    assert!(
        run.stderr.contains("the report could not be written"),
        "{run:?}"
    );
    assert_eq!(desk.handed_out(), ["alice.conf"]);
    let listed = desk.run(&["credential", "list"]).expect(0);
    assert!(listed.stdout.starts_with("1 credential that"), "{listed:?}");
}

/// Neither Go nor openssl asks for the 64 characters of RFC 5280, and what RBAC is bound to may have more.
#[test]
fn names_may_be_longer_than_a_directory_has_them() {
    let desk = Desk::new();
    let group = "g".repeat(256);
    desk.issue(&["--group", &group, "--group", "Ärzte ohne Grenzen"], 0);
    let certificate = part(&desk, "alice.conf", "client-certificate-data");
    let authority = desk.node.file("/etc/kubernetes/pki/ca.crt");
    verify(&certificate, &authority, "sslclient").unwrap();
    let listed = desk.run(&["credential", "list", "-o", "json"]).expect(0);
    assert!(listed.stdout.contains("Ärzte ohne Grenzen"), "{listed:?}");
}

/// Nobody is asked, and it is told all the same; and it is told again whenever it is listed.
#[test]
fn what_is_unusual_is_said_without_a_question_too() {
    let desk = Desk::new();
    let masters = ["--group", "system:masters", "--i-know-this-bypasses-rbac"];
    let made = desk.issue(&masters, 0);
    assert!(
        made.stdout.contains("system:masters is above RBAC"),
        "{made:?}"
    );
    // This node has expired.
    for words in [
        "warning: the certificate of this node's API server (apiserver) ended at",
        &format!(
            "first: rekindle --root {} recover",
            desk.node.path().display()
        ),
    ] {
        assert!(made.stdout.contains(words), "{words}: {made:?}");
    }
    let listed = desk.run(&["credential", "list"]).expect(0);
    assert!(
        listed.stdout.contains("system:masters (ABOVE RBAC"),
        "{listed:?}"
    );
    desk.run(&["recover", "--yes"]).expect(0);
    fs::remove_file(desk.file("alice.conf")).unwrap();
    let made = desk.issue(&[], 0);
    assert!(!made.stdout.contains("warning"), "{made:?}");
    assert!(!made.stdout.contains("above RBAC"), "{made:?}");
}
