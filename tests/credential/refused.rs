//! What is not made: each refusal comes before anything is written, with its way out.

use crate::Desk;
use crate::support::program::Run;
use crate::support::tree::Tree;

/// Fails with that code and these words, and has written nothing.
#[track_caller]
fn refuses(desk: &Desk, arguments: &[&str], code: i32, told: &[&str]) -> Run {
    let (before, files) = (Tree::read(desk.node.path()), desk.handed_out());
    let run = desk.run(arguments).expect(code);
    for words in told {
        assert!(run.stderr.contains(words), "{words}: {run:?}");
    }
    assert_eq!(run.stdout, "");
    assert_eq!(Tree::read(desk.node.path()), before, "something changed");
    assert!(before.get("/var/lib/rekindle").is_none());
    assert_eq!(desk.handed_out(), files);
    run
}

#[test]
fn names_that_are_kubernetes_own_or_none() {
    let desk = Desk::new();
    let file = desk.file("x.conf");
    for (user, told) in [
        ("", "the user is empty"),
        (
            "system:kube-controller-manager",
            "one of Kubernetes' own users",
        ),
        ("system:node:cp-1", "/node node issue\n"),
        (
            "system:serviceaccount:default:default",
            "one of Kubernetes' own users",
        ),
        ("a\u{1b}[31m", "control or invisible characters"),
        (" a", "blanks around it"),
    ] {
        refuses(
            &desk,
            &Desk::arguments_for(user, &file, &["--yes"]),
            2,
            &[told, "runbook: rekindle runbook break-glass"],
        );
    }
    for (groups, told) in [
        (vec![""], "the group is empty"),
        (vec!["a,b"], "say --group once for each"),
        (vec!["a", "a"], "the group a is named twice"),
        (vec!["system:nodes"], "one of Kubernetes' own groups"),
        (
            vec!["system:serviceaccounts"],
            "one of Kubernetes' own groups",
        ),
        (vec!["system:authenticated"], "leave it out"),
        (vec!["a", "system:masters"], "--i-know-this-bypasses-rbac"),
    ] {
        let words = groups.iter().flat_map(|group| ["--group", *group]);
        let more: Vec<&str> = words.chain(["--yes"]).collect();
        refuses(&desk, &Desk::arguments(&file, &more), 2, &[told]);
    }
    let long = "u".repeat(257);
    let arguments = Desk::arguments_for(&long, &file, &["--yes"]);
    refuses(&desk, &arguments, 2, &["the user has 257 bytes"]);
}

#[test]
fn no_reason_no_sense_and_no_place() {
    let desk = Desk::new();
    let file = desk.file("x.conf");
    let out = file.to_str().unwrap();
    for (reason, told) in [
        (&[][..], "--reason <TEXT>"),
        (&["--reason", " "], "needs its --reason"),
        (&["--reason", "a\nb"], "control characters"),
        (
            &["--reason", "a", "--ticket", "\u{1b}[2J"],
            "control characters",
        ),
    ] {
        let arguments = [
            &["credential", "issue", "--user", "a", "--out", out, "--yes"],
            reason,
        ];
        refuses(&desk, &arguments.concat(), 2, &[told]);
    }
    for (more, told) in [
        (&["--ttl", "24h1s"][..], "if it is meant: --long-lived"),
        (&["--ttl", "30d"], "a --ttl of 30d is longer than 24h"),
        (
            &["--ttl", "59s"],
            "too short to be of use: the shortest is 1m",
        ),
        (&["--ttl", "0s", "--long-lived"], "too short"),
        (&["--ttl", "soon"], "invalid value"),
        (&["--algorithm", "ED25519"], "is none of RSA-2048"),
        (
            &["--server", "http://192.0.2.10:6443"],
            "without TLS there are no certificates",
        ),
        (
            &["--server", "192.0.2.10:6443"],
            "does not begin with https://",
        ),
        (
            &["--server", "https://a b"],
            "is not the URL of an API server",
        ),
        (
            &["--recipient", "alice"],
            "--recipient number 1: it is no age recipient",
        ),
        (
            &["--recipient", "ssh-ed25519 AAAAC3Nz"],
            "kind `ssh-ed25519` are not supported",
        ),
    ] {
        let more = [more, &["--yes"]].concat();
        refuses(&desk, &Desk::arguments(&file, &more), 2, &[told]);
    }
    for (out, told) in [
        ("-", "a key is written to no terminal"),
        ("/nonexistent/x.conf", "/nonexistent is no folder"),
    ] {
        let arguments = Desk::arguments(std::path::Path::new(out), &["--yes"]);
        refuses(&desk, &arguments, 2, &[told]);
    }
    std::fs::write(&file, "somebody's").unwrap();
    refuses(
        &desk,
        &Desk::arguments(&file, &["--yes"]),
        2,
        &["is there already"],
    );
    // A link that leads nowhere is there, too.
    let link = desk.file("link");
    std::os::unix::fs::symlink("/nonexistent", &link).unwrap();
    refuses(
        &desk,
        &Desk::arguments(&link, &["--yes"]),
        2,
        &["is there already"],
    );
}

/// Whoever names the secret half by mistake does not find it in a log, too.
#[test]
fn an_identity_is_no_recipient_and_is_not_shown() {
    let desk = Desk::new();
    let file = desk.file("x.conf");
    let secret = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    let arguments = Desk::arguments(&file, &["--recipient", secret, "--yes"]);
    let run = refuses(&desk, &arguments, 2, &["the secret half of a key"]);
    assert!(!run.stderr.contains("GFPYYSJZ"), "{run:?}");
}

#[test]
fn no_server_is_known() {
    let desk = Desk::new();
    let file = desk.file("x.conf");
    desk.node.shell("rm etc/kubernetes/admin.conf");
    let arguments = Desk::arguments(&file, &["--yes"]);
    refuses(
        &desk,
        &arguments,
        3,
        &[
            "admin.conf names no API server",
            "such as --server https://",
        ],
    );
    let named = ["--server", "https://192.0.2.10:6443", "--yes"];
    desk.run(&Desk::arguments(&file, &named)).expect(0);
}

#[test]
fn the_authority_cannot_sign() {
    let desk = Desk::new();
    let file = desk.file("x.conf");
    let arguments = Desk::arguments(&file, &["--yes"]);
    // It ends before the credential would.
    let years = ["--ttl", "30y", "--long-lived", "--yes"];
    let told = [
        "longer than the cluster's CA lives",
        "/node ca reissue\n",
        "d; or give the CA new dates",
    ];
    refuses(&desk, &Desk::arguments(&file, &years), 3, &told);
    // The key is elsewhere.
    desk.node.shell("mv etc/kubernetes/pki/ca.key ca.key");
    let told = [
        "refused (ca-key-missing)",
        "on a control plane that has the key",
    ];
    refuses(&desk, &arguments, 3, &told);
    desk.node
        .shell("mv ca.key etc/kubernetes/pki/ca.key; chmod 0644 etc/kubernetes/pki/ca.key");
    refuses(&desk, &arguments, 3, &["refused (secret-exposed)"]);
    desk.node.shell("chmod 0600 etc/kubernetes/pki/ca.key");
    desk.run(&arguments).expect(0);
    // A worker, and nothing at all.
    let worker = crate::support::worker::Cluster::of(crate::NODE).worker;
    let run = crate::rekindle(
        worker.path(),
        &Desk::arguments(&desk.file("y.conf"), &["--yes"]),
    );
    assert!(run.expect(3).stderr.contains("worker-node"));
    let nothing = crate::Node::empty();
    let run = crate::rekindle(
        nothing.path(),
        &Desk::arguments(&desk.file("y.conf"), &["--yes"]),
    );
    assert!(run.expect(1).stderr.contains("is no control-plane node"));
    let listed = crate::rekindle(nothing.path(), &["credential", "list"]).expect(1);
    assert!(
        listed.stderr.contains("is no control-plane node"),
        "{listed:?}"
    );
}

#[test]
fn the_authority_has_expired() {
    let desk = Desk::new();
    desk.node.shell(
        "cd etc/kubernetes/pki && openssl x509 -in ca.crt -signkey ca.key -days -1 -out new.crt 2>/dev/null && cat new.crt >ca.crt && rm new.crt",
    );
    let file = desk.file("x.conf");
    let told = ["refused (ca-expired)", "ca reissue"];
    refuses(&desk, &Desk::arguments(&file, &["--yes"]), 3, &told);
}

#[test]
fn the_clock_is_behind() {
    let desk = Desk::new();
    let file = desk.file("x.conf");
    desk.node
        .shell("touch -d '+2 days' etc/kubernetes/admin.conf");
    let told = ["refused (clock-behind)", "--accept-clock"];
    refuses(&desk, &Desk::arguments(&file, &["--yes"]), 3, &told);
    let accepted = ["--accept-clock", "--yes"];
    desk.run(&Desk::arguments(&file, &accepted)).expect(0);
}

/// Of a URL with a password in it nothing is shown, wherever it comes from.
#[test]
fn a_password_in_the_url_of_the_server() {
    let desk = Desk::new();
    let file = desk.file("x.conf");
    for server in ["https://u:hunter2@h", "https://h/?token=hunter2"] {
        let arguments = Desk::arguments(&file, &["--server", server, "--yes"]);
        let run = refuses(&desk, &arguments, 2, &["no user and no password in it"]);
        assert!(!run.stderr.contains("hunter2"), "{run:?}");
    }
    desk.node
        .shell("sed -i 's|server: https://|&u:hunter2@|' etc/kubernetes/admin.conf");
    let arguments = Desk::arguments(&file, &["--yes"]);
    let run = refuses(&desk, &arguments, 3, &["admin.conf"]);
    assert!(!run.stderr.contains("hunter2"), "{run:?}");
}

/// Where the file would become a pod, or part of the record, or somebody else could exchange it.
#[test]
fn places_that_are_no_places_for_a_key() {
    let desk = Desk::new();
    let manifests = desk.node.file("/etc/kubernetes/manifests");
    let link = desk.file("link");
    std::os::unix::fs::symlink(&manifests, &link).unwrap();
    for folder in [&manifests, &link] {
        let file = folder.join("x.yaml");
        let arguments = Desk::arguments(&file, &["--yes"]);
        refuses(
            &desk,
            &arguments,
            2,
            &["the static pods' manifests", "install -d -m 0700"],
        );
    }
    let out = link.to_str().unwrap();
    let node = "w-1=5d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2c";
    let arguments = ["node", "issue", node, "--out", out, "--yes"];
    refuses(&desk, &arguments, 2, &["the static pods' manifests"]);
    for (name, script) in [
        ("open", "mkdir open; chmod 0777 open"),
        ("group", "mkdir group; chmod 0770 group; chown 0:4242 group"),
    ] {
        desk.node.shell(script);
        let file = desk.node.path().join(name).join("x.conf");
        let arguments = Desk::arguments(&file, &["--yes"]);
        refuses(&desk, &arguments, 2, &["others may replace what is in it"]);
    }
    desk.node.shell("mkdir other; chown 4242:4242 other");
    let file = desk.node.path().join("other/x.conf");
    refuses(
        &desk,
        &Desk::arguments(&file, &["--yes"]),
        2,
        &["belongs to uid 4242"],
    );
    // With the sticky bit nobody can.
    desk.node
        .shell("chmod 1777 open; mkdir -p var/lib/rekindle/mine");
    let file = desk.node.path().join("open/x.conf");
    desk.run(&Desk::arguments(&file, &["--yes"])).expect(0);
    let file = desk.node.path().join("var/lib/rekindle/mine/x.conf");
    let run = desk.run(&Desk::arguments(&file, &["--yes"])).expect(2);
    assert!(run.stderr.contains("is rekindle's own"), "{run:?}");
}
