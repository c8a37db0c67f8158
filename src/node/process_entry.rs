//! One process as the kernel shows it in `/proc/PID` (proc(5)).

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::time::Duration;

use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{Mode, fstatat};
use nix::unistd::{SysconfVar, sysconf};

/// Device and inode.
pub(super) type Identity = (u64, u64);

/// The folder of one process, held open: it stays that process's, and never becomes that of a later one with the same
/// number.
pub(super) struct ProcessEntry {
    folder: OwnedFd,
}

impl ProcessEntry {
    /// Of the process with this number; `ENOENT` or `ESRCH` where there is none.
    pub(super) fn open(pid: u32) -> io::Result<Self> {
        Self::at(&format!("/proc/{pid}"))
    }

    /// Of this process itself.
    pub(super) fn own() -> io::Result<Self> {
        Self::at("/proc/self")
    }

    fn at(path: &str) -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let folder = open(path, flags, Mode::empty())?;
        Ok(Self { folder })
    }

    /// What a file of the entry says: `cmdline`.
    pub(super) fn read(&self, name: &CStr) -> io::Result<Vec<u8>> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let mut content = Vec::new();
        File::from(openat(&self.folder, name, flags, Mode::empty())?).read_to_end(&mut content)?;
        Ok(content)
    }

    /// What a link of the entry leads to, `ns/net` or `root`; `None` where this process may not see it.
    pub(super) fn identity(&self, link: &CStr) -> Option<Identity> {
        let status = fstatat(&self.folder, link, AtFlags::empty()).ok()?;
        Some((status.st_dev, status.st_ino))
    }

    /// When it started and whether it still runs.
    pub(super) fn status(&self) -> io::Result<ProcessStatus> {
        let line = self.read(c"stat")?;
        ProcessStatus::parse(&line).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    /// How many process namespaces it is in, counted from the one whose processes `/proc` shows: 1 for a process of just
    /// that one (`NSpid`, `pid_namespaces(7)`).
    pub(super) fn namespace_depth(&self) -> Option<usize> {
        let status = self.read(c"status").ok()?;
        let numbers = status
            .split(|byte| *byte == b'\n')
            .find_map(|line| line.strip_prefix(b"NSpid:"))?;
        let numbers = numbers.split(u8::is_ascii_whitespace);
        Some(numbers.filter(|number| !number.is_empty()).count())
    }
}

/// What `/proc/PID/stat` says (`proc_pid_stat(5)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessStatus {
    /// When it started, by the clock that counts from the boot and stands still in no suspend (`CLOCK_BOOTTIME`), to a
    /// clock tick (10 ms).
    pub(super) started: Duration,
    /// Whether all of it has ended, and only its parent has not asked yet (a zombie).
    pub(super) ended: bool,
}

impl ProcessStatus {
    fn parse(line: &[u8]) -> Option<Self> {
        // The program's own name comes second, in parentheses, and may hold spaces and parentheses itself.
        let behind_name = line.iter().rposition(|byte| *byte == b')')? + 1;
        let fields = std::str::from_utf8(line.get(behind_name..)?).ok()?;
        let mut fields = fields.split_ascii_whitespace();
        // The third field of the line is the first one here.
        let state = fields.next()?;
        let threads: u64 = fields.nth(20 - 4)?.parse().ok()?;
        let ticks: u64 = fields.nth(22 - 21)?.parse().ok()?;
        // The first thread alone may have ended: then it looks like a zombie, and the others run.
        let ended = matches!(state, "Z" | "X" | "x") && threads <= 1;
        let started = since_boot(ticks, ticks_per_second());
        Some(Self { started, ended })
    }
}

fn since_boot(ticks: u64, per_second: u64) -> Duration {
    let rest = (ticks % per_second).saturating_mul(1_000_000_000);
    Duration::from_secs(ticks / per_second) + Duration::from_nanos(rest / per_second)
}

/// Linux says 100 to every program, whatever the kernel counts in.
fn ticks_per_second() -> u64 {
    let told = sysconf(SysconfVar::CLK_TCK).ok().flatten();
    told.and_then(|ticks| u64::try_from(ticks).ok())
        .filter(|ticks| *ticks > 0)
        .unwrap_or(100)
}

/// Whether the numbers in `/proc` are those that kill(2) takes: not where another process namespace's is mounted.
pub fn numbers_are_ours() -> bool {
    ProcessEntry::own().is_ok_and(|own| own.namespace_depth() == Some(1))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::node::Clocks;

    const BEHIND_NAME: &str = " S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 9 0 12345 1 1 1";

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        for name in [
            "etcd",
            "a b",
            "a) S 1 (b",
            "((",
            "))",
            ") Z 1 1",
            "a\nb",
            "",
        ] {
            let line = format!("7 ({name}){BEHIND_NAME}\n");
            let status = ProcessStatus::parse(line.as_bytes());
            let expected = ProcessStatus {
                started: Duration::from_millis(123_450),
                ended: false,
            };
            assert_eq!(status, Some(expected), "{line}");
        }
        let bytes = [b"7 (\xff\xfe)", BEHIND_NAME.as_bytes()].concat();
        assert!(ProcessStatus::parse(&bytes).is_some());
        for damaged in ["", "7", "7 (etcd", "7 (etcd)", "7 (etcd) S 1 7"] {
            assert_eq!(ProcessStatus::parse(damaged.as_bytes()), None, "{damaged}");
        }
    }

    #[test]
    fn only_a_process_without_a_thread_that_runs_has_ended() {
        let ended = |line: String| ProcessStatus::parse(line.as_bytes()).unwrap().ended;
        assert!(!ended(format!("7 (etcd){BEHIND_NAME}")));
        let zombie = BEHIND_NAME.replace(" S ", " Z ");
        assert!(!ended(format!("7 (etcd){zombie}")));
        assert!(ended(format!("7 (etcd){}", zombie.replace(" 9 ", " 1 "))));
    }

    #[test]
    fn a_tick_is_a_part_of_a_second() {
        assert_eq!(since_boot(101, 100), Duration::from_millis(1010));
        assert_eq!(since_boot(1023, 1024).as_nanos(), 999_023_437);
    }

    #[test]
    fn a_process_starts_on_the_clock_that_counts_from_the_boot() {
        let before = Clocks::read().uptime();
        let begun = Instant::now();
        #[allow(
            clippy::disallowed_methods,
            reason = "the test looks at a process of its own"
        )]
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let started = ProcessEntry::open(child.id()).and_then(|entry| entry.status());
        child.kill().unwrap();
        child.wait().unwrap();
        let started = started.unwrap().started;
        let tick = Duration::from_millis(10);
        assert!(started + tick >= before, "{started:?} {before:?}");
        assert!(started <= before + begun.elapsed(), "{started:?}");
    }

    #[test]
    fn an_entry_that_is_held_open_never_becomes_that_of_another_process() {
        #[allow(
            clippy::disallowed_methods,
            reason = "the test looks at a process of its own"
        )]
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let entry = ProcessEntry::open(child.id()).unwrap();
        child.wait().unwrap();
        entry.status().unwrap_err();
        assert_eq!(ProcessEntry::own().unwrap().namespace_depth(), Some(1));
        assert!(numbers_are_ours());
    }
}
