//! The process that reads: it lowers its own limit of memory, and says what it is about to do before it does it.

use std::fs;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};

use nix::sys::resource::{Resource, setrlimit};

use crate::promises::{CHECKS, Check, certificate};
use rekindle::pki::read_certificates;

/// All that the process may map: code, stack and heap.
pub const MEMORY: u64 = 256 << 20;

/// Names the list: a line with the names of the parsers, then a path in each line.
pub const LIST: &str = "REKINDLE_HOSTILE_INPUT";

/// What the process says, a line each; other lines are those of the test harness.
pub const PREFIX: &str = "@";

/// Where certificates come as PEM: each of them, by the promises of its DER.
pub const CERTIFICATES: (&str, Check) = ("certificates of pem", |text| {
    read_certificates(text).is_ok_and(|all| all.iter().all(|one| certificate::check(one.der())))
});

/// Parsers that break each of the limits on purpose: the watchdog must see it.
pub const CONTROLS: [(&str, Check); 3] = [
    ("panics", |bytes| panic!("{} bytes", bytes.len())),
    ("hangs", |_| {
        std::thread::sleep(std::time::Duration::from_hours(1));
        false
    }),
    ("grows", |bytes| {
        let length = usize::try_from(MEMORY).unwrap() + bytes.len();
        vec![1_u8; length].len() == length
    }),
];

/// Every parser that a list may name.
pub fn known() -> impl Iterator<Item = (&'static str, Check)> {
    CHECKS.into_iter().chain([CERTIFICATES]).chain(CONTROLS)
}

/// Reads every file in the list with each of its parsers.
pub fn read_all(list: &str) {
    let list = fs::read_to_string(list).unwrap();
    setrlimit(Resource::RLIMIT_AS, MEMORY, MEMORY).unwrap();
    panic::set_hook(Box::new(|panic| {
        say(&format!("panic {}", panic.to_string().escape_debug()));
    }));
    let (parsers, paths) = list.split_once('\n').unwrap();
    for path in paths.lines() {
        say("file");
        let bytes = fs::read(path).unwrap();
        for (name, check) in known() {
            if !parsers.split(',').any(|parser| parser == name) {
                continue;
            }
            say(&format!("try {name}"));
            match panic::catch_unwind(AssertUnwindSafe(|| check(&bytes))) {
                Ok(true) => say("accepted"),
                Ok(false) => say("refused"),
                Err(_) => {}
            }
        }
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.unwrap().trim().strip_suffix(" kB").unwrap();
    say(&format!("peak {peak}"));
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{PREFIX}{line}").unwrap();
    out.flush().unwrap();
}
