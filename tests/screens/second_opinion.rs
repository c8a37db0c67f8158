//! tmux, which people use: it has to see what the emulator sees.

use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use crate::screen::{KIND, SIZE, node, on_terminal};
use crate::support::program::{binary, command};

/// A server of its own, which ends with this.
struct Tmux {
    socket: tempfile::TempDir,
}

impl Tmux {
    fn run(&self, arguments: &[&str]) -> Output {
        let socket = self.socket.path().join("socket");
        let mut tmux = Command::new("tmux");
        tmux.env("LC_ALL", "C.UTF-8").arg("-S").arg(socket);
        tmux.args(["-f", "/dev/null"])
            .args(arguments)
            .output()
            .unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn tmux_sees_the_same() {
    if Command::new("tmux").arg("-V").output().is_err() {
        println!("skipped: tmux is not here");
        return;
    }
    let node = node();
    for arguments in [
        &["check"][..],
        &["plan"],
        &["auth"],
        &["--root", "/nothing", "check"],
    ] {
        let tmux = Tmux {
            socket: tempfile::tempdir().unwrap(),
        };
        let words = arguments.join(" ");
        let root = node.path().display();
        // Its word for the end: the pane stays.
        let line = format!(
            "{} --root {root} {words}; printf '\\nover'; sleep 60",
            binary().display()
        );
        tmux.run(&[
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "25",
            "env",
            "TERM=screen-256color",
            "sh",
            "-c",
            &line,
        ]);
        tmux.run(&["set", "-g", "status", "off"]);
        let mut seen = String::new();
        for _ in 0..200 {
            let captured = tmux.run(&["capture-pane", "-p", "-J", "-S", "-2000"]);
            seen = String::from_utf8(captured.stdout).unwrap();
            if seen.contains("\nover") {
                break;
            }
            sleep(Duration::from_millis(50));
        }
        let (seen, _) = seen
            .split_once("\nover")
            .unwrap_or_else(|| panic!("{arguments:?}: {seen}"));
        let seen: Vec<&str> = seen.lines().map(str::trim_end).collect();
        let ours = on_terminal(command(node.path(), arguments), SIZE, KIND, &[]).text();
        assert_eq!(seen.join("\n").trim_end(), ours.trim_end(), "{arguments:?}");
    }
}
