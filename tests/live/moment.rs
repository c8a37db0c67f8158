//! The moments at which a recovery is killed, and the machine on which it is.

use std::path::Path;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::etcd::{self, Store};
use crate::support::machine::Machine;
use crate::support::program::{Run, binary};
use crate::support::tree::Tree;
use crate::{SLEEPERS, files, journal, with_commands};

const RECOVER: [&str; 6] = [
    "recover",
    "--yes",
    "--etcd-copy",
    "always",
    "--timeout",
    "1s",
];

/// When it is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The stop is announced, and nothing done.
    Announced,
    /// etcd has ended, and the journal does not say so yet.
    EtcdEnded,
    /// Some of etcd's data are copied.
    Copying,
    /// All files are replaced, and the start is not announced.
    BeforeTheStart,
    /// It is, and nothing done.
    StartAnnounced,
}

/// A call of the main thread, and which one of that name it is, from 1.
pub struct Call {
    name: String,
    number: usize,
    /// What it wrote into the journal.
    event: Option<Value>,
}

/// A machine under way, and what was on it before.
pub struct Scene {
    pub machine: Machine,
    pub before: Tree,
    pub stored: Option<Store>,
}

pub fn scene(is_filled: bool) -> Option<Scene> {
    let machine = etcd::machine()?;
    let stored = is_filled.then(|| etcd::fill(&machine));
    machine.start_kubelet(&["etcd", SLEEPERS[0], SLEEPERS[1]]);
    etcd::wait_until_up(&machine);
    let before = files(&machine);
    Some(Scene {
        machine,
        before,
        stored,
    })
}

/// Under strace: the main thread alone, which writes all that is written; the programs that it has started live on.
fn strace(machine: &Machine, options: &[&str]) -> Run {
    let program = binary();
    let mut all: Vec<String> = options.iter().map(|&option| option.into()).collect();
    all.push(program.to_str().unwrap().to_owned());
    all.extend(with_commands(&RECOVER));
    Run::of(machine.command(Path::new("strace"), &all))
}

/// The calls of a recovery that comes to its end.
pub fn calls() -> Option<&'static [Call]> {
    static CALLS: OnceLock<Option<Vec<Call>>> = OnceLock::new();
    let trace = || {
        let Scene { machine, .. } = scene(false)?;
        let log = machine.node().path().with_file_name("calls");
        let trace = "trace=write,fdatasync,copy_file_range";
        strace(
            &machine,
            &["-s", "100000", "-e", trace, "-o", log.to_str().unwrap()],
        )
        .expect(7);
        let text = std::fs::read_to_string(log).unwrap();
        let mut calls: Vec<Call> = Vec::new();
        for line in text.lines().filter(|line| line.contains('(')) {
            let name = line.split('(').next().unwrap().to_owned();
            let number = 1 + calls.iter().filter(|call| call.name == name).count();
            calls.push(Call {
                name,
                number,
                event: event(line),
            });
        }
        Some(calls)
    };
    CALLS.get_or_init(trace).as_deref()
}

/// What a call writes into the journal, as strace quotes it.
fn event(call: &str) -> Option<Value> {
    let (_, rest) = call.split_once(r#"\"payload\":\""#)?;
    let payload = STANDARD.decode(rest.split('\\').next()?).unwrap();
    let record: Value = serde_json::from_slice(&payload).unwrap();
    Some(record["event"].clone())
}

impl Moment {
    /// The call at which it is killed, and which then does nothing.
    fn call(self, calls: &[Call]) -> &Call {
        let writes = |kind: &str, act: &str| {
            let is_it = |event: &Value| event["kind"] == kind && journal::act(event) == act;
            let position = calls
                .iter()
                .position(|call| call.event.as_ref().is_some_and(is_it));
            position.unwrap_or_else(|| panic!("{kind} {act}"))
        };
        let flush_behind = |position: usize| {
            let flush = calls[position..]
                .iter()
                .find(|call| call.name == "fdatasync");
            flush.unwrap()
        };
        match self {
            Self::Announced => flush_behind(writes("act-intent", "stop-service")),
            Self::EtcdEnded => &calls[writes("act-done", "end-process etcd")],
            Self::Copying => calls
                .iter()
                .filter(|call| call.name == "copy_file_range")
                .nth(1)
                .unwrap(),
            Self::BeforeTheStart => &calls[writes("act-intent", "start-service")],
            Self::StartAnnounced => flush_behind(writes("act-intent", "start-service")),
        }
    }

    /// Kills a recovery then.
    pub fn kill(self, scene: &Scene, calls: &[Call]) {
        let Call { name, number, .. } = self.call(calls);
        let fault = format!("inject={name}:signal=SIGKILL:when={number}");
        let ended = strace(
            &scene.machine,
            &[
                "-o",
                "/dev/null",
                "-e",
                &format!("trace={name}"),
                "-e",
                &fault,
            ],
        );
        assert_eq!(
            ended.code, None,
            "it came to its end before that: {ended:?}"
        );
        let events = journal::events(&scene.machine);
        let last = events.last().unwrap();
        let acts = |kind| journal::acts(&events, kind);
        let replaced = events
            .iter()
            .filter(|event| event["kind"] == "done")
            .count();
        match self {
            Self::Announced => assert_eq!(
                (acts("act-intent"), acts("act-done").len()),
                (vec!["stop-service".to_owned()], 0)
            ),
            Self::EtcdEnded => assert_eq!(
                (&last["kind"], journal::act(last)),
                (&Value::from("act-intent"), "end-process etcd".to_owned())
            ),
            Self::Copying => assert_eq!(
                (&last["kind"], journal::act(last)),
                (&Value::from("act-intent"), "copy-folder".to_owned())
            ),
            Self::BeforeTheStart => assert_eq!(
                (
                    replaced,
                    acts("act-intent").contains(&"start-service".to_owned())
                ),
                (14, false)
            ),
            Self::StartAnnounced => assert_eq!(
                (replaced, journal::act(last)),
                (14, "start-service".to_owned())
            ),
        }
        let is_stopped = scene.machine.pid_of("kubelet").is_none();
        assert_eq!(is_stopped, self != Self::Announced);
    }
}
