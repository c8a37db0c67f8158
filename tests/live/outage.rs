//! The whole way on a machine with a real etcd whose certificates have expired.

use crate::etcd::{self, Store};
use crate::support::openssl;
use crate::support::program::Run;
use crate::{SLEEPERS, conditions, files, journal, run};

#[test]
fn everything_comes_back_with_every_key() {
    let Some(machine) = etcd::machine() else {
        return;
    };
    let stored = etcd::fill(&machine);
    let components = ["etcd", SLEEPERS[0], SLEEPERS[1]];
    machine.start_kubelet(&components);
    etcd::wait_until_up(&machine);
    let before = components.map(|component| machine.pid_of(component).unwrap());
    let old = files(&machine);
    let refused = machine.shell("cd /etc/kubernetes/pki/etcd && curl --silent --show-error --cacert ca.crt https://127.0.0.1:2379/ 2>&1 || true");
    assert!(refused.contains("expired"), "{refused}");

    let told = run(
        &machine,
        &[
            "recover",
            "--yes",
            "--etcd-copy",
            "always",
            "--timeout",
            "4s",
        ],
    );
    let told = told.expect(7);

    // Stopped as it should be, once, and never by force.
    assert_eq!(machine.statuses("etcd"), [0]);
    let log = machine.log_of("etcd");
    assert!(
        log.contains("received terminated signal, shutting down"),
        "{log}"
    );
    for (component, before) in components.iter().zip(before) {
        let now = machine.pid_of(component);
        assert!(
            now.is_some_and(|now| now != before),
            "{component}: {before} {now:?}"
        );
    }
    // Everything is there, and nothing was lost on the way.
    let Store { keys, revision } = etcd::read(&machine);
    assert_eq!(keys, stored.keys);
    assert!(
        revision >= stored.revision,
        "{revision} {}",
        stored.revision
    );
    // The copy was made while nobody wrote.
    let copies = machine.shell("echo /var/lib/rekindle/etcd/*");
    assert_eq!(etcd::read_copy(&machine, copies.trim()), stored);
    serves_the_new_certificate(
        &machine.shell(
            "openssl s_client -connect 127.0.0.1:2379 </dev/null 2>/dev/null | openssl x509",
        ),
        &machine,
    );
    let changed = old.differences(&files(&machine)).len();
    assert!(changed > 10, "{changed}");
    proves_what_there_is(&told);
    records_every_act(&machine);
    lists_and_removes_the_copy(&machine);
}

/// It is as large as etcd, and somebody has to be able to get rid of it.
fn lists_and_removes_the_copy(machine: &crate::Machine) {
    let listed = machine.rekindle(&["backups", "list"]).expect(0).stdout;
    let row: Vec<&str> = listed.lines().nth(1).unwrap().split_whitespace().collect();
    let bytes: u64 = row[3].parse().unwrap();
    assert!(bytes > 1_000_000, "{listed}");
    machine
        .rekindle(&["backups", "prune", "--keep", "0", "--yes"])
        .expect(0);
    assert_eq!(
        machine.shell("ls -A /var/lib/rekindle/etcd /var/lib/rekindle/backups | wc -w"),
        "2\n"
    );
}

fn serves_the_new_certificate(served: &str, machine: &crate::Machine) {
    let file = machine.node().file("/etc/kubernetes/pki/etcd/server.crt");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap().trim(),
        served.trim()
    );
    let authority = machine.node().file("/etc/kubernetes/pki/etcd/ca.crt");
    openssl::verify(&file, &authority, "sslserver").unwrap();
}

/// There is no API server, and nothing serves for the kubelet.
fn proves_what_there_is(told: &Run) {
    assert_eq!(
        conditions(&told.stdout, "OPEN"),
        [
            "kube-apiserver process",
            "kube-apiserver certificate",
            "kube-apiserver livez",
            "kube-apiserver readyz",
            "kube-controller-manager lease",
            "kube-scheduler lease",
            "kubelet certificate",
            "kubelet lease",
        ],
        "{}",
        told.stdout
    );
    assert_eq!(
        conditions(&told.stdout, "proven"),
        [
            "etcd process",
            "etcd certificate",
            "etcd certificate",
            "etcd certificate",
            "etcd health",
            "kube-controller-manager process",
            "kube-scheduler process",
            "kubelet process",
        ],
        "{}",
        told.stdout
    );
}

fn records_every_act(machine: &crate::Machine) {
    let events = journal::events(machine);
    let expected = [
        "stop-service",
        "end-process kube-controller-manager",
        "end-process kube-scheduler",
        "end-process etcd",
        "copy-folder",
        "start-service",
    ];
    assert_eq!(journal::acts(&events, "act-intent"), expected);
    assert_eq!(journal::acts(&events, "act-done"), expected);
    // Each outcome right behind its intent.
    for (number, event) in events.iter().enumerate() {
        if event["kind"] == "act-intent" {
            assert_eq!(events[number + 1]["act"], event["act"]);
            assert_eq!(events[number + 1]["kind"], "act-done");
        }
    }
    let position = |kind: &str| {
        events
            .iter()
            .position(|event| event["kind"] == kind)
            .unwrap()
    };
    let first = |act: &str| {
        events
            .iter()
            .position(|event| event["act"]["what"] == act)
            .unwrap()
    };
    let last = |kind: &str| {
        events
            .iter()
            .rposition(|event| event["kind"] == kind)
            .unwrap()
    };
    assert!(position("commit") < first("stop-service"));
    assert!(first("copy-folder") < position("intent"));
    assert!(last("done") < first("start-service"));
    assert!(first("start-service") < position("proof"));
    let proven = |wanted: bool| {
        let proofs = events.iter().filter(|event| event["kind"] == "proof");
        proofs.filter(|event| event["proven"] == wanted).count()
    };
    assert_eq!((proven(true), proven(false)), (8, 8));
    let verified = machine.rekindle(&["journal", "verify"]).expect(0);
    assert!(verified.stdout.starts_with("COMPLETE\n"), "{verified:?}");
    let shown = machine.rekindle(&["journal", "show"]).expect(0).stdout;
    for words in [
        "stop kubelet.service",
        "end kube-controller-manager (process ",
        "end kube-scheduler (process ",
        "end etcd (process ",
        "copy /var/lib/etcd to /var/lib/rekindle/etcd/",
        "start kubelet.service",
    ] {
        for kind in ["about to", "did"] {
            let listed = shown
                .lines()
                .any(|line| line.contains(words) && line.contains(&format!("  {kind:<13}")));
            assert!(listed, "{kind} {words}: {shown}");
        }
    }
}
