//! Keeps a dropped connection or a Ctrl-C from ending the process between two files.

use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// While this lives, SIGHUP, SIGINT, SIGQUIT and SIGTERM do not end the process: they are noted, and whoever works asks
/// between two steps.
#[derive(Debug)]
pub struct Undisturbed {
    before: Option<SigSet>,
    arrived: Option<SignalFd>,
    noted: Option<Signal>,
}

impl Undisturbed {
    /// Holds the signals back from now on.
    pub fn begin() -> Self {
        let mut held = SigSet::empty();
        for signal in [
            Signal::SIGHUP,
            Signal::SIGINT,
            Signal::SIGQUIT,
            Signal::SIGTERM,
        ] {
            held.add(signal);
        }
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        // A mask that cannot be set leaves what every program without it has.
        Self {
            before: held.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok(),
            arrived: SignalFd::with_flags(&held, flags).ok(),
            noted: None,
        }
    }

    /// The signal that asked this process to stop, if one did.
    pub fn interrupted(&mut self) -> Option<&'static str> {
        while let Some(signal) = self.next() {
            self.noted = Some(signal);
        }
        self.noted.map(Signal::as_str)
    }

    /// Waits until there is something to read on standard input, or until a signal asks this process to stop, whose name it gives back.
    pub fn wait_for_input(&mut self) -> Option<&'static str> {
        let input = io::stdin();
        loop {
            if let Some(signal) = self.interrupted() {
                return Some(signal);
            }
            let arrived = self.arrived.as_ref()?;
            let mut watched =
                [input.as_fd(), arrived.as_fd()].map(|it| PollFd::new(it, PollFlags::POLLIN));
            match poll(&mut watched, PollTimeout::NONE) {
                Ok(_) | Err(Errno::EINTR) => {}
                // Whoever reads will meet it.
                Err(_) => return None,
            }
            let [input, _] = &watched;
            if input.any() == Some(true) {
                return None;
            }
        }
    }

    /// Ends this process by the signal that it was asked to stop by, as a shell that runs several expects it. Gives back the control
    /// where there was none.
    pub fn end_by_signal(self) {
        let noted = self.noted;
        drop(self);
        if let Some(signal) = noted {
            let _ = raise(signal);
        }
    }

    fn next(&mut self) -> Option<Signal> {
        let arrived = self.arrived.as_mut()?.read_signal().ok()??;
        Signal::try_from(i32::try_from(arrived.ssi_signo).ok()?).ok()
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        // What came after the last question was answered by all that was done: it must not end the process now.
        let _ = self.interrupted();
        if let Some(before) = &self.before {
            let _ = before.thread_set_mask();
        }
    }
}
