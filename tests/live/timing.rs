//! How long a proof takes: not longer than what it waits for.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::small::{self, KUBELET, Server};
use crate::support::machine::Machine;
use crate::support::program::binary;
use crate::{SLEEPERS, machine, with_commands};

/// What a busy machine may take. The aim is half a second, and what was measured is printed.
const BOUND: Duration = Duration::from_secs(3);
/// How often each is measured.
const TIMES: usize = 3;

/// A proof under way, of which one condition does not hold.
fn begin(machine: &Machine) -> Child {
    let mut verify = machine.command(&binary(), &["verify", "--timeout", "60s"]);
    let mut verify = verify.stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(verify.try_wait().unwrap(), None, "something is still open");
    verify
}

/// How long after `since` it ended.
fn end(mut verify: Child, since: Instant) -> Duration {
    assert_eq!(verify.wait().unwrap().code(), Some(0));
    since.elapsed()
}

fn report(what: &str, took: &[Duration]) {
    println!("{what}: ended after {took:?}");
    assert!(took.iter().all(|took| *took < BOUND), "{what}: {took:?}");
}

#[test]
fn a_proof_ends_when_the_last_condition_becomes_true() {
    let Some(machine) = small::machine() else {
        return;
    };
    machine.start_kubelet(&["kube-scheduler"]);
    let end_server = |server: &Server| machine.shell(&format!("kill -9 {}", server.pid));
    let mut took = Vec::new();
    for _ in 0..TIMES {
        let verify = begin(&machine);
        let server = Server::start(&machine, KUBELET.0, KUBELET.1, &[]);
        took.push(end(verify, Instant::now()));
        end_server(&server);
    }
    report("a port opens", &took);

    // A server that hangs, and comes to: what waits for its answer has it at once.
    let server = Server::start(&machine, KUBELET.0, KUBELET.1, &[]);
    took.clear();
    for _ in 0..TIMES {
        machine.shell(&format!("kill -STOP {}", server.pid));
        let verify = begin(&machine);
        machine.shell(&format!("kill -CONT {}", server.pid));
        took.push(end(verify, Instant::now()));
    }
    report("a server comes to", &took);

    took.clear();
    for _ in 0..TIMES {
        machine.shell(&format!(
            "mv /run/components /run/none; touch /run/components; kill {}; sleep 0.3",
            machine.pid_of("kube-scheduler").unwrap()
        ));
        let verify = begin(&machine);
        machine.shell("mv /run/none /run/components");
        while machine.pid_of("kube-scheduler").is_none() {}
        took.push(end(verify, Instant::now()));
    }
    report("a process starts", &took);
}

#[test]
fn a_server_that_hangs_delays_no_other_condition() {
    let Some(machine) = small::machine() else {
        return;
    };
    machine.start_kubelet(&["kube-scheduler"]);
    let server = Server::start(&machine, KUBELET.0, KUBELET.1, &[]);
    machine.shell(&format!("kill -STOP {}", server.pid));
    // Less than one question may take.
    let begun = Instant::now();
    let told = machine
        .rekindle(&["verify", "--timeout", "1500ms", "-o", "json"])
        .expect(1);
    let took = begun.elapsed();
    println!("with a timeout of 1.5 s and a server that hangs: {took:?}");
    assert!(took < Duration::from_millis(1500) + BOUND, "{took:?}");
    let report: Value = serde_json::from_str(&told.stdout).unwrap();
    let rows = report["conditions"].as_array().unwrap();
    let proven: Vec<bool> = rows.iter().map(|row| row["proven"] == true).collect();
    assert_eq!(proven, [true, true, false], "{report:#}");
}

/// Nor in a recovery, which asks the API server for the Leases of the leaders that it has ended.
#[test]
fn an_api_server_that_hangs_delays_no_recovery() {
    let Some(machine) = machine() else {
        return;
    };
    machine.start_kubelet(&SLEEPERS);
    let server = Server::start(&machine, "192.0.2.10:6443", KUBELET.1, &[]);
    machine.shell(&format!("kill -STOP {}", server.pid));
    let all = with_commands(&["recover", "--yes", "--timeout", "3s"]);
    let mut recover = machine.command(&binary(), &all);
    let mut recover = recover
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(recover.stderr.take().unwrap());
    let mut begun = None;
    let mut proven = Vec::new();
    for line in said.lines().map_while(Result::ok) {
        match begun {
            None if line.starts_with("start kubelet") => begun = Some(Instant::now()),
            Some(begun) if line.starts_with("proven") => proven.push(begun.elapsed()),
            _ => {}
        }
    }
    let took = begun.unwrap().elapsed();
    assert_eq!(recover.wait().unwrap().code(), Some(7));
    println!(
        "with a timeout of 3 s and an API server that hangs: told after {proven:?}, ended after {took:?}"
    );
    assert_eq!(proven.len(), 3);
    assert!(
        proven
            .iter()
            .all(|told| *told < Duration::from_millis(1800)),
        "{proven:?}"
    );
    assert!(
        took < Duration::from_secs(3) + Duration::from_millis(1500),
        "{took:?}"
    );
}
