//! What a process shows of itself while it holds keys, and what it leaves when it dies of a fault of its own: no key in its
//! environment or its command line, and no core.

use std::fs;
use std::process::Command;

use crate::bench::{Bench, RECOVER};
use crate::pool::{chosen, each};
use crate::process::{Ended, finish, program, under};
use crate::strace::{self, Call};
use crate::template::Workplace;

const NODE: &str = "ecdsa-p256-stacked";
/// Every so many calls the process is looked at, or dies.
const STEP: usize = 25;
const SLICE: usize = 4;

/// Some calls of a recovery, from the one on by which the process closes itself to others.
fn positions(bench: &Bench) -> Vec<Call> {
    let workplace = Workplace::new();
    bench.template.copy(&workplace.root());
    let calls = strace::calls(&workplace.root(), &RECOVER, workplace.scratch());
    let closed = calls
        .iter()
        .rposition(|call| call.name == "umask")
        .expect("a umask");
    let calls = calls.into_iter().skip(closed + 1);
    // A process is not stopped as it ends.
    let calls: Vec<Call> = calls.filter(|call| call.name != "exit_group").collect();
    let positions: Vec<Call> = calls.into_iter().step_by(STEP).collect();
    chosen(positions, SLICE, |call| {
        format!("{} {}", call.name, call.number)
    })
}

#[test]
fn no_key_is_in_the_environment_or_the_command_line() {
    if !strace::is_permitted() {
        println!("skipped: strace is not here, or may not trace");
        return;
    }
    let bench = Bench::new(NODE);
    let name = |call: &Call| format!("stopped at {} {}", call.name, call.number);
    let tally = each(&positions(&bench), name, |_, call, workplace, tally| {
        bench.template.copy(&workplace.root());
        let mut shown = Vec::new();
        let look = |pid: u32| {
            let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap();
            shown = ["environ", "cmdline", "limits"].map(read).to_vec();
        };
        let ended =
            strace::run_stopped(&workplace.root(), &RECOVER, call, workplace.scratch(), look);
        if !ended.hit || shown.is_empty() {
            return tally.outcome("no such call this time");
        }
        tally.outcome("looked at");
        for bytes in &shown {
            tally.searched += bytes.len();
            if bench.judge.keys.are_in(&String::from_utf8_lossy(bytes)) {
                tally.damage.leaked += 1;
                tally.fail(&name(call), "a key is shown");
            }
        }
        let limits = String::from_utf8_lossy(&shown[2]).into_owned();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap();
        if core.split_whitespace().nth(4) != Some("0") {
            tally.fail(&name(call), core);
        }
        if ended.code != Some(0) {
            tally.fail(&name(call), &format!("{ended:?}"));
        }
    });
    tally.close("keys in /proc/PID/environ and cmdline, at every 25th call");
}

#[test]
fn no_core_is_left() {
    if !strace::is_permitted() {
        println!("skipped: strace is not here, or may not trace");
        return;
    }
    let bench = Bench::new(NODE);
    let name = |call: &Call| format!("SIGILL at {} {}", call.name, call.number);
    // The control: a program that does nothing against it leaves one in this folder.
    if !dies("kill -ILL $$", &[], &Workplace::new()).1 {
        println!("skipped: a program that dies here leaves no core anyway (limits, core_pattern)");
        return;
    }
    let tally = each(&positions(&bench), name, |_, call, workplace, tally| {
        bench.template.copy(&workplace.root());
        let (call_name, number) = (&call.name, call.number);
        let program = program(&workplace.root(), &RECOVER);
        let mut strace = Command::new("strace");
        strace.args([
            "-f",
            "-o",
            "trace",
            "-e",
            &format!("trace={call_name}"),
            "-e",
        ]);
        strace.arg(format!("inject={call_name}:signal=SIGILL:when={number}"));
        let strace = under(strace, &program);
        let mut arguments = vec![strace.get_program().to_str().unwrap()];
        arguments.extend(strace.get_args().map(|argument| argument.to_str().unwrap()));
        let (_, core) = dies("exec \"$@\"", &arguments, workplace);
        let trace = fs::read_to_string(workplace.scratch().join("trace")).unwrap();
        if !trace.contains("+++ killed by SIGILL") {
            return tally.outcome("no such call this time");
        }
        tally.outcome("died without a core");
        if core || trace.contains("core dumped") {
            tally.damage.leaked += 1;
            tally.fail(&name(call), "a core is left");
        }
        let found = bench.judge.look(&workplace.root());
        tally.damage(&name(call), &found.damage);
    });
    tally.close("core files after SIGILL at every 25th call");
}

/// Runs a shell script where a core may be of any size; whether one lies there then.
fn dies(script: &str, arguments: &[&str], workplace: &Workplace) -> (Ended, bool) {
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("ulimit -c unlimited; {script}"))
        .arg("sh")
        .args(arguments);
    shell.current_dir(workplace.scratch());
    let ended = Ended::of(finish(shell), true);
    let names = fs::read_dir(workplace.scratch()).unwrap();
    let is_core = |name: &str| name == "core" || name.starts_with("core.");
    let core = names
        .map(|entry| entry.unwrap().file_name())
        .any(|name| name.to_str().is_some_and(is_core));
    (ended, core)
}
