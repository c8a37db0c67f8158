//! Narrow and wide terminals, serial consoles, and those that know ASCII alone.

use crate::screen::{bytes_of, node, on_terminal};
use crate::support::program::command;

#[test]
fn narrow_and_wide_are_readable() {
    let node = node();
    for columns in [40, 60, 100, 132, 200] {
        for arguments in [
            &["check"][..],
            &["plan"],
            &["auth"],
            &["--help"],
            &["check", "-x"],
        ] {
            let terminal = &[("TERM", "linux")];
            let screen = on_terminal(
                command(node.path(), arguments),
                (24, columns),
                terminal,
                &[],
            );
            screen.judge();
        }
    }
}

#[test]
fn a_console_that_cannot_move_its_cursor_gets_lines() {
    for kind in ["dumb", ""] {
        let node = node();
        let arguments = ["recover", "--yes"];
        let bytes = bytes_of(
            command(node.path(), &arguments),
            (24, 80),
            &[("TERM", kind)],
            &[],
        );
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("Renewed the files of"), "{text}");
        let moves = text.match_indices('\u{1b}').count();
        assert!(kind != "dumb" || moves == 0, "{text:?}");
    }
}

/// What turns and all words are ASCII, whatever LANG says. The dash of a checkpoint is its format's (C2SP signed note).
#[test]
fn all_but_a_checkpoint_is_ascii() {
    let node = node();
    for arguments in [
        &["check"][..],
        &["plan"],
        &["verify", "--timeout", "1s"],
        &["recover", "--yes"],
        &["journal", "list"],
    ] {
        let terminal = &[("TERM", "linux"), ("LANG", "C")];
        let bytes = bytes_of(command(node.path(), arguments), (24, 80), terminal, &[]);
        let text = String::from_utf8(bytes).unwrap();
        let strange: Vec<&str> = text
            .lines()
            .filter(|line| !line.is_ascii() && !line.contains("\u{2014} rekindle.dev/"))
            .collect();
        assert!(strange.is_empty(), "{strange:?}");
    }
}
