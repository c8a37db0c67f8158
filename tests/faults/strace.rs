//! System calls of the program: which there are, and what becomes of it when strace makes one of them fail, or ends or
//! disturbs the program there.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Far beyond what a run takes on a busy machine: what lasts longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls that change a file system, whatever their arguments say. Opening is one of them if it creates or empties.
const MUTATING: [&str; 32] = [
    "write",
    "writev",
    "pwrite64",
    "pwritev",
    "fsync",
    "fdatasync",
    "sync_file_range",
    "syncfs",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "symlink",
    "symlinkat",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchownat",
    "fsetxattr",
    "fremovexattr",
    "utimensat",
    "truncate",
    "ftruncate",
    "fallocate",
    "copy_file_range",
    "sendfile",
];

/// One call of a run: the `number`-th of that name, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    pub number: usize,
    pub mutates: bool,
}

/// What happens at a call, and at which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub call: String,
    pub effect: Effect,
    pub when: When,
}

/// The call fails without having done anything; or a signal arrives as it begins, and SIGKILL lets it do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Error(&'static str),
    Signal(&'static str),
}

/// At which calls of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Once(usize),
    Thrice(usize),
    Onward(usize),
}

impl Fault {
    pub fn new(call: &Call, effect: Effect, when: impl FnOnce(usize) -> When) -> Self {
        Self {
            call: call.name.clone(),
            effect,
            when: when(call.number),
        }
    }

    /// SIGKILL at that call.
    pub fn kill(call: &Call) -> Self {
        Self::new(call, Effect::Signal("SIGKILL"), When::Once)
    }

    pub fn is_kill(&self) -> bool {
        self.effect == Effect::Signal("SIGKILL")
    }
}

/// strace's words.
impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, what) = match self.effect {
            Effect::Error(error) => ("error", error),
            Effect::Signal(signal) => ("signal", signal),
        };
        write!(formatter, "{}:{kind}={what}:when=", self.call)?;
        match self.when {
            When::Once(number) => write!(formatter, "{number}"),
            When::Thrice(number) => write!(formatter, "{number}..{}", number + 2),
            When::Onward(number) => write!(formatter, "{number}+"),
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// Whether the run came to the call at all.
    pub hit: bool,
}

impl Ended {
    /// What a process said and how it ended.
    pub fn of(output: Output, hit: bool) -> Self {
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            hit,
        }
    }

    pub fn was_killed(&self) -> bool {
        self.signal == Some(Signal::SIGKILL as i32)
    }

    /// For the tally.
    pub fn outcome(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("exit {code}"),
            (None, Some(9)) => "killed".to_owned(),
            (None, signal) => format!("ended by signal {}", signal.unwrap_or_default()),
        }
    }
}

/// Whether strace is here and may trace and inject.
pub fn is_permitted() -> bool {
    let mut strace = Command::new("strace");
    strace.args([
        "-o",
        "/dev/null",
        "-e",
        "inject=close:error=EIO:when=9999",
        "true",
    ]);
    strace.output().is_ok_and(|output| output.status.success())
}

/// Every system call of `rekindle --root ROOT ARGUMENTS`, in order. The trace is left in `scratch`.
pub fn calls(root: &Path, arguments: &[&str], scratch: &Path) -> Vec<Call> {
    let trace = scratch.join("trace");
    let mut strace = Command::new("strace");
    strace.arg("-f").arg("-o").arg(&trace);
    finish(under(strace, &program(root, arguments)));
    let trace = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    // PID name(arguments) = result
    for line in trace.lines() {
        let Some((_, call)) = line.split_once(' ') else {
            continue;
        };
        let Some((name, arguments)) = call.trim_start().split_once('(') else {
            continue;
        };
        if name.contains(' ') {
            continue;
        }
        let number = counts.entry(name).or_default();
        *number += 1;
        calls.push(Call {
            name: name.to_owned(),
            number: *number,
            mutates: mutates(name, arguments),
        });
    }
    assert!(calls.len() > 100, "strace shows no calls: {trace}");
    calls
}

fn mutates(name: &str, arguments: &str) -> bool {
    let opens = ["open", "openat", "openat2", "creat"].contains(&name);
    MUTATING.contains(&name)
        || (opens && (arguments.contains("O_CREAT") || arguments.contains("O_TRUNC")))
}

/// Runs `rekindle --root ROOT ARGUMENTS` with that fault. The trace of the faulty call is left in `scratch`.
pub fn run(root: &Path, arguments: &[&str], fault: &Fault, scratch: &Path) -> Ended {
    // With a filter the kernel stops the program at that call alone, which is faster; strace can inject no signal there.
    let filter = matches!(fault.effect, Effect::Error(_));
    let inject = fault.to_string();
    let hit = match fault.effect {
        Effect::Error(_) => "(INJECTED)".to_owned(),
        Effect::Signal("SIGKILL") => "+++ killed by SIGKILL".to_owned(),
        Effect::Signal(signal) => format!("--- {signal} "),
    };
    inject_into(program(root, arguments), filter, &inject, &hit, scratch)
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
    let digits: String = bytes.map(|byte| format!("{byte:02x}")).collect();
    let inject = format!("fstatfs:poke_exit=@arg2={digits}");
    inject_into(
        program(root, arguments),
        true,
        &inject,
        "(INJECTED: args)",
        scratch,
    )
}

fn inject_into(program: Command, filter: bool, inject: &str, hit: &str, scratch: &Path) -> Ended {
    let trace = scratch.join("trace");
    let call = inject.split(':').next().unwrap_or_default();
    let mut strace = Command::new("strace");
    strace.args(filter.then_some("--seccomp-bpf"));
    strace.arg("-f").arg("-o").arg(&trace);
    strace.arg("-e").arg(format!("trace={call}"));
    strace.arg("-e").arg(format!("inject={inject}"));
    let output = finish(under(strace, &program));
    let trace = String::from_utf8_lossy(&std::fs::read(&trace).unwrap()).into_owned();
    Ended::of(output, trace.contains(hit))
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

/// `rekindle --root ROOT ARGUMENTS`, without an environment.
pub fn program(root: &Path, arguments: &[&str]) -> Command {
    crate::support::program::command(root, arguments)
}

/// The same program, run by another.
pub fn under(mut tool: Command, program: &Command) -> Command {
    tool.env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .arg(program.get_program())
        .args(program.get_args());
    tool
}

/// Runs `command` to its end, or ends it when it hangs: then it counts as one that a signal ended, which is no outcome
/// that anybody expects of a failing call.
pub fn finish(mut command: Command) -> Output {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let ended = receiver.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        kill(pid, Signal::SIGABRT).unwrap();
        receiver.recv().unwrap()
    });
    ended.unwrap()
}
