//! Runs a program of the machine for a limited time, and keeps what it said.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, SealFlag, fcntl};
use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::stat::{Mode, fstat};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, ftruncate};

mod error;

pub use error::ProgramError;

/// How much of a program's output is kept, in bytes: of what it says, and of its complaints.
const OUTPUT_LIMIT: u32 = 64 * 1024;

/// All that a program finds in its environment: nothing of ours, and messages in English.
const ENVIRONMENT: [&std::ffi::CStr; 2] = [c"PATH=/usr/sbin:/usr/bin:/sbin:/bin", c"LANG=C"];

/// How long a killed program may take to be gone. One that hangs in the kernel is not waited for.
const GRACE: Duration = Duration::from_secs(1);

/// Runs `program`, an absolute path, until it ends; returns what it said on its standard output, the first 64 KiB, where it
/// ended with 0. After `patience` it is killed, with all that it started and that did not leave its process group.
///
/// It reads nothing, and has an environment, a process group and a signal mask of its own: a program that the standard
/// library starts has the mask of the thread that starts it, and a kubelet started while a recovery holds SIGTERM back
/// would never end. What it started in the background may live on, and may keep its output open: that goes to the
/// memory (`memfd_create(2)`), where nobody has to read it. A pipe would hang us as long as somebody holds it, and would
/// end who writes to it when we are gone. Later output is refused to whoever still writes (`EPERM`, no signal).
pub(super) fn run(
    program: &Path,
    arguments: &[&str],
    patience: Duration,
) -> Result<String, ProgramError> {
    let command = Some(program.display().to_string())
        .into_iter()
        .chain(arguments.iter().map(|argument| (*argument).to_owned()))
        .collect::<Vec<_>>()
        .join(" ");
    let not_started = |source: Errno| ProgramError::NotStarted {
        command: command.clone(),
        source: source.into(),
    };
    let said = Output::begin().map_err(not_started)?;
    let complaints = Output::begin().map_err(not_started)?;
    let child = start(program, arguments, &said, &complaints).map_err(not_started)?;
    let ended = wait(child, patience, &[&said, &complaints]);
    let output = || format!("{}{}", said.finish(), complaints.finish());
    match ended {
        Ok(Some(WaitStatus::Exited(_, 0))) => {
            complaints.finish();
            Ok(said.finish())
        }
        Ok(Some(status)) => Err(ProgramError::Failed {
            status: in_words(status),
            output: output(),
            command,
        }),
        Ok(None) => Err(ProgramError::TimedOut {
            patience,
            output: output(),
            command,
        }),
        Err(errno) => Err(ProgramError::NotWaitedFor {
            command,
            source: errno.into(),
        }),
    }
}

fn start(
    program: &Path,
    arguments: &[&str],
    said: &Output,
    complaints: &Output,
) -> nix::Result<Pid> {
    let words = [program.as_os_str().as_bytes()]
        .into_iter()
        .chain(arguments.iter().map(|argument| argument.as_bytes()))
        .map(CString::new)
        .collect::<Result<Vec<CString>, _>>()
        .map_err(|_| Errno::EINVAL)?;
    let mut files = PosixSpawnFileActions::init()?;
    files.add_open(0, c"/dev/null", OFlag::O_RDONLY, Mode::empty())?;
    files.add_dup2(said.0.as_raw_fd(), 1)?;
    files.add_dup2(complaints.0.as_raw_fd(), 2)?;
    let mut attributes = PosixSpawnAttr::init()?;
    attributes.set_flags(
        PosixSpawnFlags::POSIX_SPAWN_SETPGROUP
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK
            | PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF,
    )?;
    attributes.set_pgroup(Pid::from_raw(0))?;
    attributes.set_sigmask(&SigSet::empty())?;
    attributes.set_sigdefault(&SigSet::all())?;
    posix_spawn(program, &files, &attributes, &words, &ENVIRONMENT)
}

/// How it ended; `None` where it had to be killed.
fn wait(child: Pid, patience: Duration, outputs: &[&Output]) -> nix::Result<Option<WaitStatus>> {
    let begun = Instant::now();
    let mut killed = None;
    let mut interval = Duration::from_millis(1);
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
            Ok(status) => return Ok(killed.is_none().then_some(status)),
            Err(errno) => return Err(errno),
        }
        for output in outputs {
            output.trim();
        }
        let killed_at = match killed {
            None if begun.elapsed() < patience => None,
            // Nobody has asked for its end yet, so the number is still its own, and that of its group.
            None => killpg(child, Signal::SIGKILL).ok().map(|()| Instant::now()),
            already => already,
        };
        if killed_at.is_some_and(|moment| moment.elapsed() > GRACE) {
            return Ok(None);
        }
        killed = killed_at;
        std::thread::sleep(interval);
        interval = (interval * 2).min(Duration::from_millis(20));
    }
}

fn in_words(status: WaitStatus) -> String {
    match status {
        WaitStatus::Exited(_, code) => format!("exit status {code}"),
        WaitStatus::Signaled(_, signal, _) => format!("ended by {}", signal.as_str()),
        other => format!("{other:?}"),
    }
}

/// Where a program writes to: a file in the memory, that only grows so far.
struct Output(File);

impl Output {
    fn begin() -> nix::Result<Self> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let file = memfd_create(c"output", flags)?;
        // Whoever shares the descriptor writes on at the end, wherever that is after the file was cut.
        fcntl(&file, FcntlArg::F_SETFL(OFlag::O_APPEND))?;
        Ok(Self(File::from(file)))
    }

    /// Forgets what is too much. A writer does not notice.
    fn trim(&self) {
        let size = fstat(&self.0).map_or(0, |status| status.st_size);
        if size > i64::from(OUTPUT_LIMIT) {
            let _ = ftruncate(&self.0, i64::from(OUTPUT_LIMIT));
        }
    }

    /// All that is kept, with U+FFFD for control characters and for what is no UTF-8; the file never grows again.
    fn finish(&self) -> String {
        self.trim();
        let _ = fcntl(self.0.as_fd(), FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_GROW));
        self.read().unwrap_or_default()
    }

    fn read(&self) -> io::Result<String> {
        let mut bytes = vec![0; OUTPUT_LIMIT as usize];
        let mut length = 0;
        while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, length as u64)? {
                0 => break,
                more => length += more,
            }
        }
        bytes.truncate(length);
        let text = String::from_utf8_lossy(&bytes);
        let harmless = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
        Ok(text
            .chars()
            .map(|letter| if harmless(letter) { letter } else { '\u{fffd}' })
            .collect())
    }
}

#[cfg(test)]
mod tests;
