//! The program on a terminal of its own, with somebody who types.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use nix::pty::{Winsize, openpty};

use super::interruption::wait_for;
use super::program::{Run, command};

/// A run on a terminal of 80 columns; what it says on standard error is kept apart.
pub struct Terminal {
    program: Child,
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Starts `rekindle --root ROOT ARGUMENTS` there, as the foreground of a session of its own.
    pub fn start(root: &Path, arguments: &[&str]) -> Self {
        let screen_size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let terminal = openpty(&screen_size, None).unwrap();
        let side = || Stdio::from(terminal.slave.try_clone().unwrap());
        let typed = command(root, arguments);
        let program = Command::new("setsid")
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .arg("--ctty")
            // A shell that starts tests in the background has Ctrl-C ignored, and that would be inherited.
            .args(["env", "--default-signal=INT"])
            .arg(typed.get_program())
            .args(typed.get_args())
            .stdin(side())
            .stdout(side())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let keyboard = File::from(terminal.master);
        let mut shown = keyboard.try_clone().unwrap();
        let screen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let copy = Arc::clone(&screen);
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Ends with an error when nobody holds the other side any more.
            while let Ok(count @ 1..) = shown.read(&mut bytes) {
                copy.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            program,
            keyboard,
            screen,
            reader,
        }
    }

    /// Waits until that is to be read.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        wait_for(|| self.text().contains(text).then_some(()));
    }

    /// Types that; `\u{3}` is Ctrl-C.
    pub fn enter(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end.
    pub fn end(self) -> Run {
        let mut run = Run::from(self.program.wait_with_output().unwrap());
        self.reader.join().unwrap();
        run.stdout = String::from_utf8(self.screen.lock().unwrap().clone()).unwrap();
        run
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }
}
