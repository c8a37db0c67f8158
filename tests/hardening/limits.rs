//! What a shell or a reader can do to a process without meaning it: each ends in a code and in words, never in a signal.

use std::fs::File;
use std::process::{Command, Stdio};

use super::NODE;
use super::trace::{Traced, traced};
use crate::support::node::Node;
use crate::support::program::{Run, command, rekindle};
use crate::support::tree::Tree;

/// The output itself runs into `ulimit -f`: without care, SIGXFSZ ends the process, with a core dump.
#[test]
fn an_output_past_the_limit_is_an_error() {
    let node = Node::materialize(NODE);
    for arguments in [&["check"][..], &["plan"], &["plan", "-o", "json"]] {
        let output = tempfile::NamedTempFile::new().unwrap();
        let rekindle = command(node.path(), arguments);
        let mut limited = Command::new("prlimit");
        limited
            .arg("--fsize=100")
            .arg(rekindle.get_program())
            .args(rekindle.get_args())
            .stdout(File::create(output.path()).unwrap());
        let run = Run::of(limited).expect(1);
        assert!(
            run.stderr
                .starts_with("error: the output could not be written: File too large"),
            "{}",
            run.stderr
        );
        assert!(std::fs::metadata(output.path()).unwrap().len() <= 100);
    }
}

/// A limit that the preflight could not foresee: the signal comes with the error, and does not count.
#[test]
fn a_write_past_the_limit_undoes_the_run() {
    for number in [1, 3, 20] {
        let node = Node::materialize(NODE);
        let before = Tree::read(node.path());
        let inject = format!("inject=write:error=EFBIG:signal=SIGXFSZ:when={number}");
        let options = ["-e", "trace=write", "-e", &inject];
        let Some(Traced { run, .. }) = traced(node.path(), &options, &["recover", "--yes"]) else {
            return;
        };
        let run = run.expect(4);
        assert!(
            run.stderr.contains("File too large") || run.stderr.contains("ulimit -f"),
            "{}",
            run.stderr
        );
        let after = Tree::read(node.path()).without_state();
        assert_eq!(before.differences(&after), Vec::<String>::new());
        rekindle(node.path(), &["recover", "--yes"]).expect(0);
    }
}

/// Standard error too, and of a run that has something to complain of.
#[test]
fn readers_that_went_away_are_no_signal() {
    let node = Node::materialize(NODE);
    node.shell("chmod 644 etc/kubernetes/pki/ca.key");
    for (arguments, code) in [
        (&["check"][..], 1),
        (&["plan"], 3),
        (&["recover", "--yes"], 3),
        (&["no-such-verb"], 2),
        (&["--help"], 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = command(node.path(), arguments)
            .stdout(writer.try_clone().unwrap())
            .stderr(Stdio::from(writer))
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}: {status}");
    }
}
