//! Runs of the program in which something happens at a system call.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Call, Effect, Fault, When};
use crate::process::{Ended, finish, program, under};

/// Runs `rekindle --root ROOT ARGUMENTS` with that fault. The trace of the faulty call is left in `scratch`.
pub fn run(root: &Path, arguments: &[&str], fault: &Fault, scratch: &Path) -> Ended {
    // With a filter the kernel stops the program at that call alone, which is faster; strace can inject no signal there.
    let filter = matches!(fault.effect, Effect::Error(_));
    let inject = fault.to_string();
    inject_into(
        &program(root, arguments),
        filter,
        &inject,
        scratch,
        |trace| match fault.effect {
            Effect::Error(_) => trace.contains("(INJECTED)"),
            Effect::Signal("SIGKILL") => trace.contains("+++ killed by SIGKILL"),
            // One that is held back leaves no trace of its own.
            Effect::Signal(_) => match fault.when {
                When::Once(number) => trace.matches(&format!(" {}(", fault.call)).count() >= number,
                When::Thrice(_) | When::Onward(_) => false,
            },
        },
    )
}

/// Runs it on disks that all say that they have 4 GiB and a million inodes to spare, whether or not they do.
pub fn run_with_room(root: &Path, arguments: &[&str], scratch: &Path) -> Ended {
    // The first seven numbers of a struct statfs: type (tmpfs), block size; blocks, free, available; inodes, free.
    let numbers: [u64; 7] = [
        0x0102_1994,
        4096,
        1 << 20,
        1 << 20,
        1 << 20,
        1 << 20,
        1 << 20,
    ];
    let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
    let digits = bytes.fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").unwrap();
        digits
    });
    let inject = format!("fstatfs:poke_exit=@arg2={digits}");
    inject_into(&program(root, arguments), true, &inject, scratch, |trace| {
        trace.contains("(INJECTED: args)")
    })
}

fn inject_into(
    program: &Command,
    filter: bool,
    inject: &str,
    scratch: &Path,
    hit: impl Fn(&str) -> bool,
) -> Ended {
    let trace = scratch.join("trace");
    let call = inject.split(':').next().unwrap_or_default();
    let mut strace = Command::new("strace");
    strace.args(filter.then_some("--seccomp-bpf"));
    strace.arg("-f").arg("-o").arg(&trace);
    strace.arg("-e").arg(format!("trace={call}"));
    strace.arg("-e").arg(format!("inject={inject}"));
    let output = finish(under(strace, program));
    let trace = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
    Ended::of(output, hit(&trace))
}

/// Runs it, stops it right after the call, lets `look` look at the process, or change something about it, and lets it go
/// on.
pub fn run_stopped(
    root: &Path,
    arguments: &[&str],
    call: &Call,
    scratch: &Path,
    look: impl FnOnce(u32) + Send,
) -> Ended {
    let trace = scratch.join("trace");
    let _ = std::fs::remove_file(&trace);
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-o").arg(&trace);
    strace.arg("-e").arg(format!("trace={}", call.name));
    let (name, number) = (&call.name, call.number);
    strace
        .arg("-e")
        .arg(format!("inject={name}:signal=SIGSTOP:when={number}"));
    let command = under(strace, &program(root, arguments));
    std::thread::scope(|scope| {
        let run = scope.spawn(|| finish(command));
        let stopped = || {
            let trace = std::fs::read_to_string(&trace).unwrap_or_default();
            let line = trace
                .lines()
                .find(|line| line.contains("--- stopped by SIGSTOP"))?;
            line.split(' ').next()?.parse::<u32>().ok()
        };
        let pid = loop {
            match stopped() {
                Some(pid) => break Some(pid),
                None if run.is_finished() => break None,
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        if let Some(pid) = pid {
            look(pid);
            kill(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGCONT).unwrap();
        }
        Ended::of(run.join().unwrap(), pid.is_some())
    })
}
