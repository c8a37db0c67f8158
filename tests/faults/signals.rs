//! Signals: SIGINT, SIGTERM and SIGHUP finish the step in hand and say how to go on; SIGPIPE and SIGXFSZ end nobody.

use std::process::{Command, Stdio};

use crate::bench::Bench;
use crate::contract::Circumstances;
use crate::pool::{chosen, each};
use crate::process::{Ended, program};
use crate::strace::{self, Effect, Fault, When};
use crate::sweep::Sweep;
use crate::template::copy;

const NODE: &str = "ecdsa-p256-stacked";
const SLICE: usize = 6;

fn at_every_change(signals: &[&'static str], what: &str) {
    let Some(sweep) = Sweep::new(NODE) else {
        return;
    };
    let changes = sweep.calls.iter().filter(|call| call.mutates);
    let faults = changes.flat_map(|call| {
        signals
            .iter()
            .map(|signal| Fault::new(call, Effect::Signal(signal), When::Once))
    });
    sweep.run(what, faults.collect(), SLICE);
}

#[test]
fn who_asks_a_run_to_stop_is_obeyed_at_the_next_step() {
    at_every_change(
        &["SIGINT", "SIGTERM", "SIGHUP"],
        "SIGINT, SIGTERM, SIGHUP at every change of recover",
    );
}

#[test]
fn a_lost_reader_and_a_size_limit_end_nobody() {
    at_every_change(
        &["SIGPIPE", "SIGXFSZ"],
        "SIGPIPE, SIGXFSZ at every change of recover",
    );
}

/// The reader of both outputs is gone before the first word.
#[test]
fn nobody_need_listen() {
    if !strace::is_permitted() {
        println!("skipped: strace is not here, or may not trace");
        return;
    }
    let bench = Bench::new(NODE);
    let interrupted = crate::sweep::interrupted(&bench);
    let name = |verb: &&str| format!("{verb}, and nobody listens");
    let verbs = chosen(vec!["recover", "resume", "rollback"], 3, name);
    let tally = each(&verbs, name, |_, verb, workplace, tally| {
        let root = workplace.root();
        match *verb {
            "recover" => bench.template.copy(&root),
            _ => copy(&interrupted.root(), &root),
        }
        let ended = unheard(program(&root, &[verb, "--yes"]));
        let circumstances = Circumstances {
            is_unheard: true,
            ..Circumstances::usual(verb, bench.template.normal)
        };
        bench.judge(&name(verb), &root, &ended, circumstances, tally);
        tally.outcome(&format!("{verb}: {}", ended.outcome()));
        if ended.code != Some(0) {
            tally.fail(&name(verb), &format!("{ended:?}"));
        }
    });
    tally.close("both outputs closed: recover, resume, rollback");
}

/// Runs a program whose outputs are pipes that nobody reads any more.
fn unheard(mut command: Command) -> Ended {
    let (reader, writer) = std::io::pipe().unwrap();
    command
        .stdin(Stdio::null())
        .stdout(writer.try_clone().unwrap())
        .stderr(writer);
    drop(reader);
    let mut child = command.spawn().unwrap();
    drop(command);
    let status = child.wait().unwrap();
    let output = std::process::Output {
        status,
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    Ended::of(output, true)
}
