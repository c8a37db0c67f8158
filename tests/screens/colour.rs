//! Colour: where it is, who asks for it, and that nothing hangs on it.

use std::process::Command;

use crate::picture::Picture;
use crate::screen::{KIND, SIZE, bytes_of, node, on_terminal};
use crate::support::node::Node;
use crate::support::program::{Run, command};

const SGR: &str = "\u{1b}[";

fn coloured(node: &Node, environment: &[(&str, &str)], arguments: &[&str]) -> bool {
    let environment: Vec<_> = KIND.iter().chain(environment).copied().collect();
    let bytes = bytes_of(command(node.path(), arguments), SIZE, &environment, &[]);
    String::from_utf8(bytes).unwrap().contains(SGR)
}

fn piped(node: &Node, environment: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = command(node.path(), arguments);
    command.envs(environment.iter().copied());
    Run::of(command)
}

#[test]
fn on_a_terminal_there_is_colour_unless_somebody_does_not_want_it() {
    let node = node();
    // Of a verb, of its help, of an error of the command line, of an error of the verb.
    let failing = ["--root", "/nothing", "check"];
    for arguments in [&["check"][..], &["--help"], &["check", "--wrong"], &failing] {
        assert!(coloured(&node, &[], arguments), "{arguments:?}");
        assert!(
            coloured(&node, &[("NO_COLOR", "")], arguments),
            "{arguments:?}: empty is not set"
        );
        assert!(
            !coloured(&node, &[("NO_COLOR", "1")], arguments),
            "{arguments:?}"
        );
        assert!(
            !coloured(&node, &[("CLICOLOR", "0")], arguments),
            "{arguments:?}"
        );
        assert!(
            !coloured(&node, &[("TERM", "dumb")], arguments),
            "{arguments:?}"
        );
        for never in [&["--color=never"][..], &["--color", "never"]] {
            let arguments = [never, arguments].concat();
            assert!(!coloured(&node, &[], &arguments), "{arguments:?}");
            assert!(
                !coloured(&node, &[("CLICOLOR_FORCE", "1")], &arguments),
                "{arguments:?}"
            );
        }
    }
}

#[test]
fn in_a_pipe_there_is_none_unless_somebody_wants_it() {
    let node = node();
    for arguments in [&["check"][..], &["--help"], &["check", "--wrong"]] {
        let both = |run: Run| run.stdout + &run.stderr;
        let is_coloured = |environment: &[(&str, &str)], more: &[&str]| {
            let arguments = [more, arguments].concat();
            both(piped(&node, environment, &arguments)).contains(SGR)
        };
        assert!(!is_coloured(&[], &[]), "{arguments:?}");
        assert!(!is_coloured(KIND, &[]), "{arguments:?}");
        assert!(is_coloured(&[], &["--color=always"]), "{arguments:?}");
        assert!(
            is_coloured(&[("NO_COLOR", "1")], &["--color", "always"]),
            "{arguments:?}"
        );
        assert!(
            is_coloured(&[("CLICOLOR_FORCE", "1")], &[]),
            "{arguments:?}"
        );
    }
}

#[test]
fn each_stream_is_judged_by_itself() {
    let node = node();
    // Standard output goes into a file; what the terminal shows is standard error.
    let mut shell = Command::new("sh");
    let binary = crate::support::program::binary();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out");
    shell.args([
        "-c",
        "\"$0\" --root \"$1\" check >\"$2\"; \"$0\" --root /nothing check",
    ]);
    shell.arg(binary).arg(node.path()).arg(&file);
    let terminal = bytes_of(shell, SIZE, KIND, &[]);
    assert!(String::from_utf8(terminal).unwrap().contains(SGR));
    let written = std::fs::read_to_string(file).unwrap();
    assert!(
        written.contains("need something") && !written.contains(SGR),
        "{written}"
    );
    // Nobody knows how wide a file is.
    assert!(
        written.contains("CERTIFICATE AUTHORITY   EXTERNALLY MANAGED"),
        "{written}"
    );
}

#[test]
fn the_words_are_the_same_without_colour() {
    let node = node();
    for arguments in [
        &["check"][..],
        &["plan"],
        &["auth"],
        &["verify", "--timeout", "0s"],
    ] {
        let see = |more: &[&str]| -> Picture {
            let arguments = [more, arguments].concat();
            on_terminal(command(node.path(), &arguments), SIZE, KIND, &[])
        };
        let (coloured, plain) = (see(&[]), see(&["--color", "never"]));
        assert!(
            coloured.has_colours() && !plain.has_colours(),
            "{arguments:?}"
        );
        assert_eq!(coloured.masked(), plain.masked(), "{arguments:?}");
    }
}

#[test]
fn bars_have_no_colour_of_their_own() {
    let node = node();
    let arguments = ["--color", "never", "recover", "--yes"];
    let bytes = bytes_of(command(node.path(), &arguments), SIZE, KIND, &[]);
    let text = String::from_utf8(bytes).unwrap();
    let colours = text.match_indices(SGR).filter(|(at, _)| {
        let end = text[at + 2..]
            .find(|letter: char| letter.is_ascii_alphabetic())
            .unwrap();
        text[at + 2 + end..].starts_with('m')
    });
    assert_eq!(colours.count(), 0, "{text:?}");
}
