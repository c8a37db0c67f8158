//! A thread that a confinement does not reach, for the few things that need a program or a socket.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};

use nix::sys::signal::{SigSet, SigmaskHow};

/// Why work was not done, or not to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnconfinedError {
    /// No more threads for this user (`ulimit -u`), or no memory.
    #[error("cannot start a thread for what a confined one may not do")]
    NotStarted,
    /// A defect of this program, in the work itself; the next piece of work is done all the same.
    #[error("the work of the unconfined thread panicked")]
    Panicked,
}

type Work = Box<dyn FnOnce() + Send>;

/// A thread that was started before [`Root::confine`](super::Root::confine), and does what the confined one may not:
/// start programs, connect, signal, and look into the namespaces of other processes.
///
/// Landlock restricts the thread that asks for it and those that it starts later, not those that are there. Both share
/// their memory: this guards against a path or a program that nobody meant, as the confinement does, and not against
/// somebody who runs code of his own in this process.
///
/// Work is a closure that owns all that it needs, and so is sound without a word of `unsafe`: it is sent away in a box,
/// and what is borrowed could be gone before it ran. Clone what it needs.
///
/// The thread holds all signals back, so that they go to the one that notes them
/// ([`Undisturbed`](super::Undisturbed)). Dropping this waits for the work and ends the thread.
#[derive(Debug)]
pub struct Unconfined {
    /// Dropped first, for the thread ends when nobody can send anything more.
    work: Option<Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Unconfined {
    /// Starts the thread. To be called before the confinement; what is started after it is confined as well.
    pub fn begin() -> Result<Self, UnconfinedError> {
        let (work, pieces) = channel::<Work>();
        // Held back here already: a thread has the mask of the one that starts it, and until it could set its own, a
        // Ctrl-C would end the process.
        let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK);
        let thread = Builder::new()
            .name("unconfined".to_owned())
            .spawn(move || pieces.into_iter().for_each(|piece| piece()));
        if let Ok(before) = before {
            // What could be set can be set back.
            let _ = before.thread_set_mask();
        }
        Ok(Self {
            work: Some(work),
            thread: Some(thread.map_err(|_| UnconfinedError::NotStarted)?),
        })
    }

    /// Has `work` done by the unconfined thread, one piece after the other, and waits for what it returns. Not to be called
    /// from work: that would wait for itself.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, UnconfinedError> {
        let (outcome, outcomes) = channel();
        let piece = move || {
            // Nothing that it broke can be seen: it owned all of it.
            let done = catch_unwind(AssertUnwindSafe(work));
            // Nobody but who waits below could have stopped listening.
            let _ = outcome.send(done.map_err(|_| UnconfinedError::Panicked));
        };
        // Work that cannot be sent is dropped, and its sender with it: then nothing arrives, and nobody waits.
        if let Some(thread) = &self.work {
            let _ = thread.send(Box::new(piece));
        }
        outcomes.recv().unwrap_or(Err(UnconfinedError::NotStarted))
    }
}

impl Drop for Unconfined {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked: what it runs is caught.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the tests start programs and connect, where they may and where they may not"
)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;
    use std::process::Command;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::node::{Confinement, Root, running_components};

    #[test]
    fn what_the_confined_thread_may_not_do_this_one_does() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let start = || Command::new("/bin/true").status().map(|_| ());
        let connect = move || TcpStream::connect(address).map(|_| ());
        let confined = std::thread::spawn(move || {
            let unconfined = Unconfined::begin().unwrap();
            let root = Root::open(Path::new("/")).unwrap();
            let confinement = root.confine([], None).unwrap();
            unconfined.run(start).unwrap().unwrap();
            unconfined.run(connect).unwrap().unwrap();
            if confinement == Confinement::Absent {
                println!("skipped: this kernel has no Landlock");
                return;
            }
            let error = start().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            if confinement == Confinement::Full {
                let error = connect().unwrap_err();
                assert_eq!(error.kind(), ErrorKind::PermissionDenied);
            }
            let late = Unconfined::begin().unwrap();
            late.run(start).unwrap().unwrap_err();
        });
        confined.join().unwrap();
    }

    /// A confined one does not see their namespaces, and cannot be certain of any.
    #[test]
    fn components_are_certain_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("kube-scheduler");
        let copied = Command::new("cp").arg("/bin/sleep").arg(&copy).status();
        assert!(copied.unwrap().success());
        let mut scheduler = Command::new(&copy).arg("600").spawn().unwrap();
        let pid = scheduler.id();
        // Whoever spawns goes on a moment before the program has its name.
        let name = format!("/proc/{pid}/comm");
        while std::fs::read_to_string(&name).unwrap() != "kube-scheduler\n" {
            std::thread::yield_now();
        }
        let certain = move || {
            let machine = Root::open(Path::new("/")).unwrap();
            let mut running = running_components(&machine).into_iter();
            running.find(|found| found.pid == pid).unwrap().certain
        };
        let confined = std::thread::spawn(move || {
            let unconfined = Unconfined::begin().unwrap();
            let root = Root::open(Path::new("/")).unwrap();
            let confinement = root.confine([], None).unwrap();
            (confinement, unconfined.run(certain).unwrap(), certain())
        });
        let outcome = confined.join();
        scheduler.kill().unwrap();
        scheduler.wait().unwrap();
        let (confinement, free, confined) = outcome.unwrap();
        assert!(free);
        assert_eq!(confined, confinement == Confinement::Absent);
    }

    #[test]
    fn a_panic_is_an_error_and_the_next_work_is_done() {
        let unconfined = Unconfined::begin().unwrap();
        let outcome = unconfined.run(|| -> u8 { panic!("on purpose") });
        assert_eq!(outcome, Err(UnconfinedError::Panicked));
        assert_eq!(unconfined.run(|| 7), Ok(7));
    }

    #[test]
    fn several_may_ask_and_its_end_waits_for_the_work() {
        let done = Arc::new(AtomicUsize::new(0));
        let unconfined = Unconfined::begin().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let done = Arc::clone(&done);
                let unconfined = &unconfined;
                scope.spawn(move || {
                    let work = move || done.fetch_add(1, Ordering::SeqCst);
                    unconfined.run(work).unwrap();
                });
            }
        });
        drop(unconfined);
        assert_eq!(done.load(Ordering::SeqCst), 8);
    }

    #[test]
    fn it_takes_no_signal_and_leaves_the_mask_of_who_starts_it() {
        let before = SigSet::thread_get_mask().unwrap();
        let unconfined = Unconfined::begin().unwrap();
        assert_eq!(SigSet::thread_get_mask().unwrap(), before);
        let mask = unconfined.run(|| SigSet::thread_get_mask().unwrap());
        for signal in nix::sys::signal::Signal::iterator() {
            use nix::sys::signal::Signal::{SIGKILL, SIGSTOP};
            let blocked = mask.unwrap().contains(signal);
            assert_eq!(blocked, ![SIGKILL, SIGSTOP].contains(&signal), "{signal}");
        }
    }
}
