//! Keeps a dropped connection or a Ctrl-C from ending the process between two files.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

/// While this lives, SIGHUP, SIGINT, SIGQUIT and SIGTERM wait; they take effect when it is dropped. A transaction takes
/// milliseconds, and SIGKILL is there for whoever cannot wait.
#[derive(Debug)]
pub struct Undisturbed {
    before: Option<SigSet>,
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
        // A mask that cannot be set leaves what every program without it has.
        Self {
            before: held.thread_swap_mask(SigmaskHow::SIG_BLOCK).ok(),
        }
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = before.thread_set_mask();
        }
    }
}
