//! A terminal, and who types there.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};

use crate::picture::Picture;
use crate::support::interruption::wait_for;
use crate::support::machine::Machine;
use crate::support::node::Node;
use crate::support::program::binary;

/// The size that a console has where nobody chose one.
pub const SIZE: (u16, u16) = (24, 80);
/// The node of most screens: kubeadm's defaults.
pub const NODE: &str = "rsa2048-stacked";
/// Of the kind that most have.
pub const KIND: &[(&str, &str)] = &[("TERM", "xterm-256color")];

/// What is typed, each as soon as the text before it is to be read.
pub type Keys<'a> = &'a [(&'a str, &'a str)];

/// A machine whose certificates ended a day ago, whenever the test runs; `None` where there can be none.
pub fn machine() -> Option<Machine> {
    machine_of(&node())
}

/// The same of a node that somebody has prepared.
pub fn machine_of(node: &Node) -> Option<Machine> {
    Machine::boot(node.copy())
}

/// A node whose certificates ended a day ago.
pub fn node() -> Node {
    let node = Node::materialize(NODE);
    crate::support::program::rekindle(node.path(), &["expire"]).expect(0);
    // No run of its own: the journals that are shown are those of the test.
    node.shell("rm -r var/lib/rekindle");
    node
}

/// `rekindle ARGUMENTS` on that machine.
pub fn rekindle(machine: &Machine, arguments: &[&str]) -> Command {
    machine.command(&binary(), arguments)
}

/// What is on a terminal of 80×24 when the command has ended.
#[track_caller]
pub fn shown(command: Command) -> Picture {
    typed(command, &[])
}

/// The same where somebody types.
#[track_caller]
pub fn typed(command: Command, keys: Keys<'_>) -> Picture {
    on_terminal(command, SIZE, KIND, keys)
}

/// The same on a terminal of another size or kind, of rows and columns.
#[track_caller]
pub fn on_terminal(
    command: Command,
    size: (u16, u16),
    environment: &[(&str, &str)],
    keys: Keys<'_>,
) -> Picture {
    let bytes = bytes_of(command, size, environment, keys);
    Picture::of(&bytes, size)
}

/// What the program wrote to it, escape sequences included.
#[track_caller]
pub fn bytes_of(
    command: Command,
    (rows, columns): (u16, u16),
    environment: &[(&str, &str)],
    keys: Keys<'_>,
) -> Vec<u8> {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let terminal = openpty(&size, None).unwrap();
    let its_side = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut program = Command::new("setsid");
    program
        .env_clear()
        .env("PATH", crate::support::machine::path())
        .args(["--ctty", "env", "--default-signal=INT"])
        .args(
            environment
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        )
        .arg(command.get_program())
        .args(command.get_args().map(OsStr::to_owned))
        .stdin(its_side())
        .stdout(its_side())
        .stderr(its_side());
    let mut program = program.spawn().unwrap();
    drop(terminal.slave);
    let mut keyboard = File::from(terminal.master);
    let mut reading = keyboard.try_clone().unwrap();
    let said: Arc<Mutex<Vec<u8>>> = Arc::default();
    let copy = Arc::clone(&said);
    let has_ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&has_ended);
    let reader = thread::spawn(move || {
        let mut piece = [0; 4096];
        loop {
            // What had been written before the end is there when the end is seen.
            let is_last = end.load(Ordering::SeqCst);
            let mut waiting = [PollFd::new(reading.as_fd(), PollFlags::POLLIN)];
            poll(&mut waiting, PollTimeout::from(20_u8)).unwrap();
            let is_there = waiting[0]
                .revents()
                .is_some_and(|it| it.contains(PollFlags::POLLIN));
            match is_there.then(|| reading.read(&mut piece)) {
                Some(Ok(count @ 1..)) => copy.lock().unwrap().extend_from_slice(&piece[..count]),
                // Others may hold the terminal's other side still.
                None if !is_last => {}
                _ => return,
            }
        }
    });
    for (text, key) in keys {
        wait_for(|| {
            let said = said.lock().unwrap();
            String::from_utf8_lossy(&said).contains(text).then_some(())
        });
        keyboard.write_all(key.as_bytes()).unwrap();
    }
    program.wait().unwrap();
    has_ended.store(true, Ordering::SeqCst);
    reader.join().unwrap();
    let said = said.lock().unwrap();
    said.clone()
}
