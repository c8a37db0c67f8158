//! A run that is killed, asked to stop or held at a system call of the test's choice: strace delivers the signal there.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill as send};
use nix::unistd::Pid;

use super::program::{Run, command};

/// Far beyond what any step takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Whether signals can be delivered so; says so where not.
pub fn is_possible() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-o", "/dev/null", "-e"]);
    strace.args(["inject=close:error=EIO:when=9999", "true"]);
    let is_possible = strace.output().is_ok_and(|output| output.status.success());
    if !is_possible {
        println!("skipped: strace is not here, or may not trace");
    }
    is_possible
}

/// Kills `rekindle --root ROOT ARGUMENTS` at the call of that name and number, counted from 1: the call does nothing.
#[track_caller]
pub fn kill(root: &Path, arguments: &[&str], call: &str, number: usize) {
    let run = signal(root, arguments, "SIGKILL", call, number);
    assert_eq!(run.code, None, "it came to its end before that: {run:?}");
}

/// The same for a run of whom `sudo` says that it is `user`'s.
#[track_caller]
pub fn kill_by(user: &str, root: &Path, arguments: &[&str], call: &str, number: usize) {
    let mut strace = strace(root, arguments, "SIGKILL", call, number);
    strace.env("SUDO_USER", user);
    let run = Run::of(strace);
    assert_eq!(run.code, None, "it came to its end before that: {run:?}");
}

/// Delivers a signal at the call of that name and number, and waits for the end of the run.
pub fn signal(root: &Path, arguments: &[&str], signal: &str, call: &str, number: usize) -> Run {
    Run::of(strace(root, arguments, signal, call, number))
}

/// Lets calls of that name fail, and waits for the end of the run: `error` is what they say, `when` which they are, in
/// strace's words (`4` or `4+`).
pub fn fail(root: &Path, arguments: &[&str], error: &str, call: &str, when: &str) -> Run {
    let fault = format!("{call}:error={error}:when={when}");
    Run::of(injecting(root, arguments, call, &fault))
}

/// Lets several things happen in one run, each in strace's words (`renameat:error=EIO:when=4`), and waits for its end.
pub fn inject(root: &Path, arguments: &[&str], faults: &[&str]) -> Run {
    Run::of(under_strace(
        root,
        arguments,
        Path::new("/dev/null"),
        faults,
    ))
}

/// The calls of a run with such faults, in order, that begin with one of these names and a parenthesis; each as strace writes
/// it, with the paths of descriptors.
pub fn calls(root: &Path, arguments: &[&str], faults: &[&str], names: &[&str]) -> Vec<String> {
    let log = tempfile::NamedTempFile::new().unwrap();
    Run::of(under_strace(root, arguments, log.path(), faults));
    let text = fs::read_to_string(log.path()).unwrap();
    let call = |line: &str| {
        let (_, call) = line.split_once(' ')?;
        let (name, _) = call.trim_start().split_once('(')?;
        names.contains(&name).then(|| call.trim_start().to_owned())
    };
    text.lines().filter_map(call).collect()
}

/// The number, among the calls of `openat` of such a run, of the one that makes the file of that name.
#[track_caller]
pub fn making(root: &Path, arguments: &[&str], name: &str) -> usize {
    let calls = calls(root, arguments, &[], &["openat"]);
    let makes = |call: &String| call.contains(name) && call.contains("O_EXCL");
    let place = calls.iter().position(makes);
    place.unwrap_or_else(|| panic!("{calls:#?}")) + 1
}

fn under_strace(root: &Path, arguments: &[&str], log: &Path, faults: &[&str]) -> Command {
    let program = command(root, arguments);
    let mut strace = Command::new("strace");
    strace
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .args(["-f", "-y", "-o"])
        .arg(log);
    for fault in faults {
        strace.args(["-e", &format!("inject={fault}")]);
    }
    strace.arg(program.get_program()).args(program.get_args());
    strace
}

fn strace(root: &Path, arguments: &[&str], signal: &str, call: &str, number: usize) -> Command {
    let fault = format!("{call}:signal={signal}:when={number}");
    injecting(root, arguments, call, &fault)
}

/// Without a filter for the calls that matter: with one, strace 6.1 delivers no signal.
fn injecting(root: &Path, arguments: &[&str], call: &str, fault: &str) -> Command {
    let program = command(root, arguments);
    let mut strace = Command::new("strace");
    strace
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null())
        .args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}")])
        .args(["-e", &format!("inject={fault}")])
        .arg(program.get_program())
        .args(program.get_args());
    strace
}

/// A run that stands still right after a call, until it is let go on.
pub struct Held {
    strace: Child,
    program: Pid,
}

impl Held {
    /// Starts `rekindle --root ROOT ARGUMENTS`, and waits until it has made the call of that name and number.
    pub fn after(root: &Path, arguments: &[&str], call: &str, number: usize) -> Self {
        let mut strace = strace(root, arguments, "SIGSTOP", call, number);
        let strace = strace
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let program = wait_for(|| child_of(strace.id()));
        // Between two calls of a traced process a state does not last; being held does.
        let mut since = Instant::now();
        wait_for(|| {
            if !is_stopped(program) {
                since = Instant::now();
            }
            (since.elapsed() > Duration::from_millis(200)).then_some(())
        });
        Self { strace, program }
    }

    /// Lets it go on, and waits for its end.
    pub fn go_on(self) -> Run {
        send(self.program, Signal::SIGCONT).unwrap();
        self.strace.wait_with_output().unwrap().into()
    }
}

fn child_of(parent: u32) -> Option<Pid> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    let child = children.split_whitespace().last()?.parse().ok()?;
    // Until then it is strace's own copy.
    let name = fs::read_to_string(format!("/proc/{child}/comm")).ok()?;
    (name.trim_end() == "rekindle").then_some(Pid::from_raw(child))
}

fn is_stopped(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    state.starts_with(['t', 'T'])
}

/// What `look` finds, as soon as it finds something.
#[track_caller]
pub fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain");
        sleep(Duration::from_millis(10));
    }
}
