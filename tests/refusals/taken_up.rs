//! A run that was interrupted, and something that stands in the way of each of its ways.

use std::path::Path;

use super::situation::{NODE, compare, keeps_secrets};
use crate::support::interruption::kill;
use crate::support::node::Node;
use crate::support::program::{Run, rekindle};
use crate::support::tree::Tree;

/// A node whose recovery was killed when it was about to make its `number`-th replacement of a file.
pub fn interrupted(number: usize) -> Node {
    let node = Node::materialize(NODE);
    kill(node.path(), &["recover", "--yes"], "renameat", number);
    node
}

/// The same, and on the way back killed again.
pub fn going_back() -> Node {
    let node = interrupted(6);
    kill(node.path(), &["rollback", "--yes"], "renameat", 3);
    node
}

/// The command is refused, in the words of the golden file, and nothing changes.
#[track_caller]
pub fn refuses(node: &Node, arguments: &[&str], name: &str) -> Run {
    let before = Tree::read(node.path());
    let run = rekindle(node.path(), arguments).expect(3);
    assert_eq!(run.stdout, "");
    keeps_secrets(&run);
    compare(name, &run.stderr, node.path());
    assert_eq!(Tree::read(node.path()), before, "something changed");
    run
}

/// The commands in the hint of a refusal, each of which is a way out: `to do this: COMMAND; to do that: COMMAND, then go
/// back: COMMAND`.
pub fn ways_out(run: &Run) -> Vec<String> {
    let hint = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix("hint: "));
    let parts = hint.expect("a hint").split("; ");
    let parts = parts.flat_map(|part| part.split(", then "));
    let command = |part: &str| part.split_once(": ").map(|(_, command)| command.to_owned());
    parts.filter_map(command).collect()
}

/// Runs a command of a hint: with `--yes` where it is this program, since nobody is here to answer.
#[track_caller]
pub fn follow(node: &Node, command: &str, code: i32) -> Run {
    let words: Vec<&str> = command.split(' ').collect();
    if let ["rekindle", "--root", root, arguments @ ..] = words.as_slice() {
        assert_eq!(Path::new(root), node.path());
        return rekindle(node.path(), &[arguments, &["--yes"]].concat()).expect(code);
    }
    node.shell(command);
    Run {
        code: Some(code),
        stdout: String::new(),
        stderr: String::new(),
    }
}

/// Whether nothing is unfinished any more: another run may begin.
#[track_caller]
pub fn is_settled(node: &Node) {
    let check = rekindle(node.path(), &["check"]);
    assert!(!check.stdout.contains("Unfinished"), "{check:?}");
    let stray = Tree::read(node.path())
        .paths()
        .any(|path| path.contains("/.rekindle-"));
    assert!(!stray, "something staged was left");
    rekindle(node.path(), &["journal", "verify"]).expect(0);
}
