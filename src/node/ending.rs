//! Ends one process, and never another that has its number by now.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

use super::RunningComponent;
use super::process_entry::{ProcessEntry, numbers_are_ours};

mod error;

pub use error::EndingError;

/// How often a process is looked at where the kernel does not tell that it ended.
const INTERVAL: Duration = Duration::from_millis(20);

/// Whether a process is still there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// All its threads have ended; its parent may not have asked yet (a zombie).
    Ended,
    /// It has not ended.
    StillRunning,
}

/// One process that is to end. A process that has ended meanwhile is no error: then there is nothing to do.
///
/// It is held by a descriptor (`pidfd_open(2)`), which stays that process's when its number goes to another. Kernels
/// before 5.3, and sandboxes that do not know the call, have none: there the start time is compared right before each
/// kill(2), which leaves the microseconds between the two, and `/proc` is looked at every 20 ms.
///
/// To be used outside a confinement (Landlock lets nobody else be signalled): see [`Unconfined`](super::Unconfined).
#[derive(Debug)]
pub struct Ending {
    pid: Pid,
    component: RunningComponent,
    process: Process,
}

#[derive(Debug)]
enum Process {
    Descriptor(OwnedFd),
    Number,
    Ended,
}

/// What has the number of the component.
enum Found {
    Component,
    Nothing,
    Another(Duration),
}

impl Ending {
    /// Takes hold of the process of `component`, and then makes sure that it is still the one that was seen.
    pub fn begin(component: &RunningComponent) -> Result<Self, EndingError> {
        let ending = Self::by_number(component)?;
        let process = match pidfd_open(rustix_pid(&ending)?, PidfdFlags::empty()) {
            Ok(descriptor) => Process::Descriptor(descriptor),
            Err(error) => match Errno::from_raw(error.raw_os_error()) {
                Errno::ESRCH => Process::Ended,
                // Not there, or not known to a sandbox; or it is a thread's number, and then another's.
                Errno::ENOSYS | Errno::EPERM | Errno::EINVAL | Errno::ENOENT => Process::Number,
                errno => return Err(ending.failure("open", errno)),
            },
        };
        // Not before it is held: what was compared earlier could be another by then.
        Self { process, ..ending }.confirmed()
    }

    /// The same without a descriptor.
    fn by_number(component: &RunningComponent) -> Result<Self, EndingError> {
        let (pid, name) = (component.pid, component.name.clone());
        if !component.certain {
            return Err(EndingError::Uncertain { pid, name });
        }
        if !numbers_are_ours() {
            return Err(EndingError::ForeignNumbers { pid, name });
        }
        let number = i32::try_from(pid).unwrap_or(0);
        let ending = Self {
            pid: Pid::from_raw(number),
            component: component.clone(),
            process: Process::Number,
        };
        // To kill(2), 0 and what is below are whole groups of processes.
        if number <= 0 {
            return Err(ending.failure("open", Errno::EINVAL));
        }
        Ok(ending)
    }

    fn confirmed(self) -> Result<Self, EndingError> {
        if matches!(self.process, Process::Ended) {
            return Ok(self);
        }
        match self.found()? {
            Found::Component => Ok(self),
            Found::Nothing => Ok(Self {
                process: Process::Ended,
                ..self
            }),
            Found::Another(found) => Err(EndingError::AnotherProcess {
                pid: self.component.pid,
                expected: self.component.started,
                name: self.component.name,
                found,
            }),
        }
    }

    /// Asks it to end (SIGTERM).
    pub fn terminate(&self) -> Result<(), EndingError> {
        self.signal(Signal::SIGTERM, "terminate")
    }

    /// Ends it, whatever it is doing (SIGKILL). For etcd the last resort: it then recovers from its log when it starts.
    pub fn kill(&self) -> Result<(), EndingError> {
        self.signal(Signal::SIGKILL, "kill")
    }

    /// Waits until it has ended, but no longer than `patience`.
    pub fn wait(&self, patience: Duration) -> Result<Liveness, EndingError> {
        let begun = Instant::now();
        loop {
            let left = patience.saturating_sub(begun.elapsed());
            if self.wait_once(left)? == Liveness::Ended {
                return Ok(Liveness::Ended);
            }
            if left.is_zero() {
                return Ok(Liveness::StillRunning);
            }
        }
    }

    fn wait_once(&self, patience: Duration) -> Result<Liveness, EndingError> {
        let ended = match &self.process {
            Process::Ended => true,
            Process::Descriptor(descriptor) => {
                let mut watched = [PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)];
                match poll(&mut watched, whole_milliseconds(patience)) {
                    Ok(ready) => ready > 0,
                    Err(Errno::EINTR) => false,
                    Err(errno) => return Err(self.failure("wait for", errno)),
                }
            }
            Process::Number => {
                let there = matches!(self.found()?, Found::Component);
                if there {
                    std::thread::sleep(INTERVAL.min(patience));
                }
                !there
            }
        };
        Ok(if ended {
            Liveness::Ended
        } else {
            Liveness::StillRunning
        })
    }

    fn signal(&self, signal: Signal, operation: &'static str) -> Result<(), EndingError> {
        let sent = match &self.process {
            Process::Ended => return Ok(()),
            Process::Descriptor(descriptor) => {
                let signal = match signal {
                    Signal::SIGKILL => rustix::process::Signal::KILL,
                    _ => rustix::process::Signal::TERM,
                };
                pidfd_send_signal(descriptor, signal)
                    .map_err(|error| Errno::from_raw(error.raw_os_error()))
            }
            Process::Number => match self.found()? {
                Found::Component => kill(self.pid, signal),
                Found::Nothing | Found::Another(_) => Ok(()),
            },
        };
        match sent {
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(self.failure(operation, errno)),
        }
    }

    /// What has the number now; a zombie counts as nothing.
    fn found(&self) -> Result<Found, EndingError> {
        let status = ProcessEntry::open(self.component.pid).and_then(|entry| entry.status());
        match status {
            Ok(status) if status.started != self.component.started => {
                Ok(Found::Another(status.started))
            }
            Ok(status) if status.ended => Ok(Found::Nothing),
            Ok(_) => Ok(Found::Component),
            Err(error) => match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::ENOENT | Errno::ESRCH) => Ok(Found::Nothing),
                Some(errno) => Err(self.failure("look at", errno)),
                None => Err(self.failure("understand /proc of", Errno::EINVAL)),
            },
        }
    }

    fn failure(&self, operation: &'static str, errno: Errno) -> EndingError {
        let (pid, name) = (self.component.pid, self.component.name.clone());
        match errno {
            Errno::EPERM | Errno::EACCES => EndingError::NotPermitted {
                operation,
                pid,
                name,
            },
            errno => EndingError::Io {
                operation,
                pid,
                name,
                source: errno.into(),
            },
        }
    }
}

fn rustix_pid(ending: &Ending) -> Result<rustix::process::Pid, EndingError> {
    rustix::process::Pid::from_raw(ending.pid.as_raw())
        .ok_or_else(|| ending.failure("open", Errno::EINVAL))
}

/// Rounded up, for what is rounded down to nothing would be asked for in a loop; in pieces of at most half a minute.
fn whole_milliseconds(patience: Duration) -> PollTimeout {
    let milliseconds = patience.as_micros().div_ceil(1000).min(30_000);
    u16::try_from(milliseconds).map_or(PollTimeout::MAX, PollTimeout::from)
}

#[cfg(test)]
mod tests;
