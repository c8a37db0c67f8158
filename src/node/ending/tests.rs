//! Ends real processes: obedient ones, deaf ones, zombies, and such as are gone or never were what they seem.

#![allow(
    clippy::disallowed_methods,
    reason = "the tests start processes of their own to end them"
)]

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::*;
use crate::node::{Confinement, Root};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(60);

/// Both ways to hold a process: the fallback must do all that the descriptor does.
const WAYS: [(&str, Way); 2] = [
    ("descriptor", Ending::begin),
    ("number", |component| {
        Ending::by_number(component).and_then(Ending::confirmed)
    }),
];

type Way = fn(&RunningComponent) -> Result<Ending, EndingError>;

/// A process of the test, which is killed and reaped when it is dropped.
struct Victim(Child);

impl Victim {
    /// Runs the script up to the line that it must print when it is ready.
    fn start(script: &str) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let victim = Self(child);
        output.read_exact(&mut [0; 6]).unwrap();
        victim
    }

    fn component(&self) -> RunningComponent {
        let pid = self.0.id();
        let entry = ProcessEntry::open(pid).unwrap();
        RunningComponent {
            pid,
            name: "etcd".to_owned(),
            started: entry.status().unwrap().started,
            arguments: Vec::new(),
            certain: true,
        }
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_obedient_process_ends_when_it_is_asked() {
    for (way, begin) in WAYS {
        let mut victim = Victim::start("echo ready; exec sleep 60");
        let ending = begin(&victim.component()).unwrap();
        assert_eq!(ending.wait(SHORT).unwrap(), Liveness::StillRunning, "{way}");
        ending.terminate().unwrap();
        assert_eq!(ending.wait(LONG).unwrap(), Liveness::Ended, "{way}");
        assert_eq!(victim.0.wait().unwrap().signal(), Some(15), "{way}");
    }
}

#[test]
fn a_deaf_process_is_waited_for_as_long_as_was_said_and_ends_when_it_is_killed() {
    for (way, begin) in WAYS {
        let mut victim = Victim::start("trap '' TERM; echo ready; read -r line");
        let ending = begin(&victim.component()).unwrap();
        ending.terminate().unwrap();
        let begun = Instant::now();
        assert_eq!(ending.wait(SHORT).unwrap(), Liveness::StillRunning, "{way}");
        assert!(begun.elapsed() >= SHORT, "{way}");
        ending.kill().unwrap();
        assert_eq!(ending.wait(LONG).unwrap(), Liveness::Ended, "{way}");
        assert_eq!(victim.0.wait().unwrap().signal(), Some(9), "{way}");
    }
}

/// Nobody has asked for its end: that is what a container's runtime does later.
#[test]
fn a_zombie_has_ended_and_so_has_a_process_that_is_gone() {
    for (way, begin) in WAYS {
        let mut victim = Victim::start("echo ready; exec sleep 60");
        let component = victim.component();
        let before = begin(&component).unwrap();
        victim.0.kill().unwrap();
        assert_eq!(before.wait(LONG).unwrap(), Liveness::Ended, "{way}");
        let zombie = begin(&component).unwrap();
        victim.0.wait().unwrap();
        let gone = begin(&component).unwrap();
        for ending in [before, zombie, gone] {
            ending.terminate().unwrap();
            ending.kill().unwrap();
            assert_eq!(ending.wait(LONG).unwrap(), Liveness::Ended, "{way}");
        }
    }
}

#[test]
fn another_process_that_has_the_number_by_now_is_left_alone() {
    for (way, begin) in WAYS {
        let mut victim = Victim::start("echo ready; exec sleep 60");
        let seen = RunningComponent {
            started: victim.component().started + Duration::from_millis(10),
            ..victim.component()
        };
        let error = begin(&seen).unwrap_err();
        assert!(matches!(error, EndingError::AnotherProcess { .. }), "{way}");
        assert!(victim.0.try_wait().unwrap().is_none(), "{way}");
    }
    // Held by number, it may become another one at any time.
    let mut victim = Victim::start("echo ready; exec sleep 60");
    let mut ending = Ending::by_number(&victim.component()).unwrap();
    ending.component.started += Duration::from_millis(10);
    ending.kill().unwrap();
    assert_eq!(ending.wait(LONG).unwrap(), Liveness::Ended);
    assert!(victim.0.try_wait().unwrap().is_none());
}

#[test]
fn what_may_be_another_nodes_is_not_touched_and_neither_is_a_group() {
    let victim = Victim::start("echo ready; exec sleep 60");
    let mut component = victim.component();
    component.certain = false;
    let error = Ending::begin(&component).unwrap_err();
    assert!(matches!(error, EndingError::Uncertain { .. }), "{error}");
    component.certain = true;
    for pid in [0, u32::MAX] {
        component.pid = pid;
        let error = Ending::begin(&component).unwrap_err();
        assert!(matches!(error, EndingError::Io { .. }), "{error}");
    }
}

/// A confined thread, which can be had without another user.
#[test]
fn what_the_kernel_does_not_permit_is_said() {
    let victim = Victim::start("echo ready; exec sleep 60");
    let component = victim.component();
    let confined = std::thread::spawn(move || {
        let root = Root::open(Path::new("/")).unwrap();
        if root.confine([], None).unwrap() != Confinement::Full {
            println!("skipped: the Landlock of this kernel knows nothing of signals");
            return;
        }
        for (way, begin) in WAYS {
            let outcome = begin(&component).and_then(|ending| ending.terminate());
            let error = outcome.unwrap_err();
            let expected = matches!(error, EndingError::NotPermitted { .. });
            assert!(expected, "{way}: {error}");
        }
    });
    confined.join().unwrap();
}
