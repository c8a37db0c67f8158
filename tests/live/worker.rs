//! A worker whose kubelet runs: its credential is brought, it is stopped before and started after, and proven.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::support::interruption::is_possible;
use crate::support::machine::Machine;
use crate::support::tree::Tree;
use crate::support::worker::{Cluster, LINK};
use crate::{conditions, files, run, with_commands};

/// A worker's machine with a bundle for it in `/etc/bundle`, and something that says `healthy` where the kubelet would.
fn machine(is_healthy: bool) -> Option<Machine> {
    let cluster = Cluster::of(crate::NODE);
    let path = cluster.issue();
    let bundle = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let other = std::fs::read(cluster.issue()).unwrap();
    let worker = cluster.worker;
    // The machine itself has another name.
    worker.write(
        "/var/lib/kubelet/kubeadm-flags.env",
        "KUBELET_KUBEADM_ARGS=\"--hostname-override=w-1\"\n",
    );
    std::fs::write(worker.file("/etc/bundle"), bundle).unwrap();
    std::fs::write(worker.file("/etc/other-bundle"), other).unwrap();
    let machine = Machine::boot(worker)?;
    machine.shell(": >/run/components");
    if is_healthy {
        answer(machine.listen("127.0.0.1:10248"));
    }
    Some(machine)
}

/// As `/healthz` of a kubelet does.
fn answer(listener: TcpListener) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 512];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
}

const INSTALL: [&str; 4] = ["node", "install", "/etc/bundle", "--yes"];

fn start_kubelet(machine: &Machine) -> String {
    machine.shell(&format!(
        "'{}'; cat /run/kubelet.pid",
        crate::support::machine::stand_in("kubelet-start").display()
    ))
}

#[test]
fn the_kubelet_is_restarted_and_proven() {
    let Some(machine) = machine(true) else {
        return;
    };
    let old = start_kubelet(&machine);
    // What it has, it has from before.
    let stale = machine.rekindle(&["verify", "--timeout", "1s"]).expect(0);
    assert_eq!(conditions(&stale.stdout, "proven").len(), 2, "{stale:?}");
    let installed = run(&machine, &INSTALL).expect(0);
    let proven = conditions(&installed.stdout, "proven");
    assert_eq!(
        proven,
        ["kubelet process", "kubelet health"],
        "{installed:?}"
    );
    let new = machine.shell("cat /run/kubelet.pid");
    assert_ne!(old, new);
    machine.rekindle(&["verify"]).expect(0);
    // The same once more is nothing to do, and restarts nothing.
    let again = run(&machine, &INSTALL).expect(0);
    assert!(again.stdout.starts_with("Already installed: "), "{again:?}");
    assert_eq!(machine.shell("cat /run/kubelet.pid"), new);
    // A file that came after it is not what it has.
    let left = [
        "node",
        "install",
        "/etc/other-bundle",
        "--yes",
        "--restart",
        "none",
    ];
    let other = run(&machine, &left);
    assert!(other.expect(7).stdout.contains("was not restarted"));
    let again = run(&machine, &left).expect(7);
    let open = "The kubelet is not proven to run on it: ";
    assert!(again.stdout.contains(open), "{again:?}");
    let stale = machine.rekindle(&["verify", "--timeout", "1s"]).expect(1);
    assert!(
        stale.stdout.contains("still has the old credential"),
        "{stale:?}"
    );
}

#[test]
fn a_kubelet_that_is_not_healthy_is_not_proven() {
    let Some(machine) = machine(false) else {
        return;
    };
    let arguments = [&INSTALL[..], &["--timeout", "2s"]].concat();
    let installed = run(&machine, &arguments).expect(7);
    assert_eq!(
        conditions(&installed.stdout, "OPEN"),
        ["kubelet health"],
        "{installed:?}"
    );
}

#[test]
fn without_somebody_who_starts_it_nothing_begins() {
    let Some(machine) = machine(true) else {
        return;
    };
    let before = files(&machine);
    let refused = machine.rekindle(&INSTALL).expect(3);
    assert!(refused.stderr.contains("no-service-manager"), "{refused:?}");
    assert!(refused.stderr.contains("--restart none"), "{refused:?}");
    assert_eq!(files(&machine), before);
    assert!(
        Tree::read(machine.node().path())
            .get("/var/lib/rekindle")
            .is_none()
    );
}

#[test]
fn what_was_stopped_is_started_whichever_way_it_goes() {
    if !is_possible() {
        return;
    }
    for (verb, is_new) in [("resume", true), ("rollback", false)] {
        let Some(machine) = machine(true) else {
            return;
        };
        start_kubelet(&machine);
        let before = Tree::read(machine.node().path());
        let old = before.entry(LINK).destination().to_owned();
        let install = with_commands(&INSTALL);
        let install: Vec<&str> = install.iter().map(String::as_str).collect();
        let fault = [
            "-e",
            "trace=renameat",
            "-e",
            "inject=renameat:signal=SIGKILL:when=1",
        ];
        let (killed, _) = machine.traced(&fault, &install);
        assert_ne!(killed.code, Some(0), "{killed:?}");
        machine.shell("! kill -0 \"$(cat /run/kubelet.pid)\" 2>/dev/null");
        run(&machine, &[verb, "--yes"]);
        machine.shell("kill -0 \"$(cat /run/kubelet.pid)\"");
        let after = Tree::read(machine.node().path());
        assert_eq!(after.entry(LINK).destination() != old, is_new, "{verb}");
        let text = machine.rekindle(&["check"]);
        assert!(!text.stderr.contains("unfinished"), "{text:?}");
    }
}
