//! A real systemd where one runs; commands of an operator; and a double of `systemctl` that fails on purpose.
//!
//! (`unshare --pid --fork --kill-child --mount --cgroup` and a tmpfs on `/run` give a systemd to a machine that has none.)
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the tests write units and scripts of their own"
)]

use std::fs;
use std::time::Instant;

use super::*;

const LONG: Duration = Duration::from_secs(30);

fn machine() -> Root {
    Root::open(Path::new("/")).unwrap()
}

/// A unit of the running systemd, gone when it is dropped.
struct Unit {
    manager: ServiceManager,
    name: String,
}

impl Unit {
    /// `None`, and why, where systemd does not run.
    fn create(name: &str, service: &str) -> Option<Self> {
        let manager = ServiceManager::detect(&machine(), None);
        if manager == ServiceManager::Absent || !crate::node::is_root() {
            println!("skipped: systemd does not run this machine, or this is not root");
            return None;
        }
        let name = format!("rekindle-{name}-{}.service", std::process::id());
        let text = format!("[Unit]\nStartLimitIntervalSec=0\n[Service]\n{service}");
        fs::write(Path::new(BOOTED).join(&name), text).unwrap();
        let unit = Self { manager, name };
        unit.reload();
        Some(unit)
    }

    fn reload(&self) {
        let ServiceManager::Systemd(systemd) = &self.manager else {
            unreachable!();
        };
        systemd.run(&["daemon-reload"], LONG).unwrap();
    }

    fn await_state(&self, expected: UnitState) {
        let begun = Instant::now();
        loop {
            let state = self.manager.state(&self.name).unwrap();
            if state == expected {
                return;
            }
            assert!(begun.elapsed() < LONG, "{state:?}, not {expected:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = self.manager.stop(&self.name, LONG);
        let _ = fs::remove_file(Path::new(BOOTED).join(&self.name));
        self.reload();
    }
}

#[test]
fn a_unit_of_systemd_is_started_and_stopped_and_its_log_is_read() {
    let service = "ExecStart=/bin/sh -c 'echo one; echo two; echo three; exec sleep 600'\n";
    let Some(unit) = Unit::create("good", service) else {
        return;
    };
    let (manager, name) = (&unit.manager, unit.name.as_str());
    assert_eq!(manager.state(name).unwrap(), UnitState::Inactive);
    manager.stop(name, LONG).unwrap();
    manager.start(name, LONG).unwrap();
    manager.start(name, LONG).unwrap();
    let status = manager.status(name).unwrap();
    assert_eq!(
        (status.state, status.sub_state.as_str()),
        (UnitState::Active, "running")
    );
    assert!(status.main_pid.is_some());
    assert_eq!(status.restarts, Some(0));
    let begun = Instant::now();
    let mut log: Vec<String> = Vec::new();
    while !log.ends_with(&["two".to_owned(), "three".to_owned()]) && begun.elapsed() < LONG {
        log = manager.last_words(name);
    }
    assert!(
        log.ends_with(&["two".to_owned(), "three".to_owned()]),
        "{log:?}"
    );
    manager.stop(name, LONG).unwrap();
    assert_eq!(manager.state(name).unwrap(), UnitState::Inactive);
}

/// As the kubelet does after its certificate has expired.
#[test]
fn a_unit_of_systemd_that_dies_waits_for_its_next_start() {
    let service = "ExecStart=/bin/false\nRestart=always\nRestartSec=600\n";
    let Some(unit) = Unit::create("dying", service) else {
        return;
    };
    unit.manager.start(&unit.name, LONG).unwrap();
    unit.await_state(UnitState::AutoRestart);
    assert_eq!(unit.manager.status(&unit.name).unwrap().main_pid, None);
    // A start that is asked for does not wait for those ten minutes.
    unit.manager.start(&unit.name, LONG).unwrap();
    unit.await_state(UnitState::AutoRestart);
    unit.manager.stop(&unit.name, LONG).unwrap();
    unit.await_state(UnitState::Inactive);
}

#[test]
fn a_unit_of_systemd_that_failed_is_forgiven() {
    let Some(unit) = Unit::create("failing", "ExecStart=/bin/false\n") else {
        return;
    };
    unit.manager.start(&unit.name, LONG).unwrap();
    unit.await_state(UnitState::Failed);
    unit.manager.reset_failed(&unit.name).unwrap();
    assert_eq!(unit.manager.state(&unit.name).unwrap(), UnitState::Inactive);
}

#[test]
fn a_unit_of_systemd_that_does_not_stop_in_time_is_an_error_and_a_missing_one_too() {
    let service =
        "ExecStart=/bin/sh -c 'trap : TERM; while :; do sleep 0.1; done'\nTimeoutStopSec=3\n";
    let Some(unit) = Unit::create("deaf", service) else {
        return;
    };
    let manager = &unit.manager;
    manager.start(&unit.name, LONG).unwrap();
    let error = manager
        .stop(&unit.name, Duration::from_millis(300))
        .unwrap_err();
    let late = matches!(error, ServiceError::Program(ProgramError::TimedOut { .. }));
    assert!(late, "{error}");
    assert_eq!(manager.state(&unit.name).unwrap(), UnitState::Deactivating);
    let missing = "rekindle-missing.service";
    assert_eq!(manager.state(missing).unwrap(), UnitState::Missing);
    let error = manager.start(missing, LONG).unwrap_err().to_string();
    assert!(
        error.contains("Unit rekindle-missing.service not found."),
        "{error}"
    );
    assert_eq!(manager.last_words(missing), Vec::<String>::new());
}

#[test]
fn commands_of_the_operator_come_first_and_are_run_by_a_shell() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let commands = ServiceCommands {
        start: format!("(umask; pwd; echo $0 $#) > '{path}/started'; setsid sleep 2 &"),
        stop: format!("rm '{path}/started' || exit 3"),
    };
    let manager = ServiceManager::detect(&machine(), Some(commands));
    manager.start("kubelet.service", LONG).unwrap();
    let started = fs::read_to_string(folder.path().join("started")).unwrap();
    assert_eq!(started, "0022\n/\n/bin/sh 0\n");
    assert_eq!(
        manager.state("kubelet.service").unwrap(),
        UnitState::Unknown
    );
    assert_eq!(manager.last_words("kubelet.service"), Vec::<String>::new());
    manager.reset_failed("kubelet.service").unwrap();
    manager.stop("kubelet.service", LONG).unwrap();
    let error = manager
        .stop("kubelet.service", LONG)
        .unwrap_err()
        .to_string();
    assert!(error.contains("exit status 3"), "{error}");
    assert!(error.contains("No such file"), "{error}");
}

#[test]
fn a_node_in_a_folder_has_no_manager_even_if_it_looks_like_one() {
    let folder = tempfile::tempdir().unwrap();
    for path in ["run/systemd/system", "usr/bin/systemctl"] {
        fs::create_dir_all(folder.path().join(path)).unwrap();
    }
    let manager = ServiceManager::detect(&Root::open(folder.path()).unwrap(), None);
    assert_eq!(manager, ServiceManager::Absent);
    assert_eq!(manager.state("kubelet").unwrap(), UnitState::Unknown);
    let error = manager.start("kubelet", LONG).unwrap_err();
    assert!(matches!(error, ServiceError::NoManager), "{error}");
    manager.reset_failed("kubelet").unwrap_err();
}

/// What a healthy systemd does not do when it is asked to.
#[test]
fn a_systemctl_that_fails_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let systemctl = folder.path().join("systemctl");
    let double = |script: &str| {
        // By another process: one that we had open for writing could not be started while a sibling test forks.
        let write = "printf '#!/bin/sh\\n%s\\n' \"$2\" > \"$1\" && chmod 755 \"$1\"";
        let path = systemctl.to_string_lossy();
        run(
            Path::new("/bin/sh"),
            &["-c", write, "sh", &path, script],
            LONG,
        )
        .unwrap();
        ServiceManager::Systemd(Systemd {
            systemctl: systemctl.clone(),
            journalctl: Some(systemctl.clone()),
        })
    };
    let error = |script: &str| double(script).state("kubelet").unwrap_err().to_string();
    let bus = "Failed to connect to bus: No such file or directory";
    let text = error(&format!("echo {bus} >&2; exit 1"));
    assert!(
        text.ends_with(&format!("exit status 1, it said `{bus}`")),
        "{text}"
    );
    let text = error("echo nonsense");
    let expected = "systemctl does not tell the state of kubelet: it said `nonsense`";
    assert_eq!(text, expected);
    let silent = double("[ $2 = show ] && echo ActiveState=inactive || exit 1");
    assert_eq!(silent.last_words("kubelet"), Vec::<String>::new());
    let error = silent.start("-kubelet", LONG).unwrap_err().to_string();
    assert!(
        error.ends_with("--no-ask-password start -- -kubelet`: exit status 1"),
        "{error}"
    );
    // A name that looks like an option is a name.
    let asked = double("echo ActiveState=active; echo \"SubState=$*\"")
        .status("-x")
        .unwrap();
    assert!(asked.sub_state.ends_with(" -- -x"), "{}", asked.sub_state);
    // Errors alone, where some were logged; the last lines otherwise.
    let errors = double(
        "echo I1128 03:00:01.1 begins; echo E1128 03:00:01.2 expired; echo I1128 03:00:01.3 ends",
    );
    assert_eq!(errors.last_words("kubelet"), ["E1128 03:00:01.2 expired"]);
    let lines = double("for number in 1 2 3 4 5 6 7; do echo $number; done");
    assert_eq!(lines.last_words("kubelet"), ["3", "4", "5", "6", "7"]);
}

#[test]
fn an_error_of_the_kubelet_is_told_from_what_else_it_logs() {
    let errors = [
        "E1128 03:00:01.123456    812 run.go:74] \"command failed\" err=\"x509: certificate has expired\"",
        "F1128 03:00:01.123456    812 server.go:1] fatal",
    ];
    let others = [
        "I1128 03:00:01.123456    812 server.go:440] \"Kubelet version\"",
        "Event(v1.ObjectReference)",
        "E12",
        "Err: usage",
        "",
    ];
    assert!(errors.iter().all(|line| is_klog_error(line)));
    assert!(!others.iter().any(|line| is_klog_error(line)));
}
