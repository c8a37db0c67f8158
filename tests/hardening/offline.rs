//! No verb starts a program or a thread, and none asks for a socket.

use super::NODE;
use super::trace::{Traced, traced};
use crate::support::node::Node;

#[test]
fn no_socket_and_no_child() {
    let node = Node::materialize(NODE);
    for arguments in [
        &["check"][..],
        &["plan"],
        &["recover", "--yes", "--reason", "test"],
        &["journal", "verify"],
        &["journal", "show"],
    ] {
        let options = [
            "-e",
            "trace=%network,execve,execveat,clone,clone3,fork,vfork",
        ];
        let Some(Traced { run, calls }) = traced(node.path(), &options, arguments) else {
            return;
        };
        assert!(run.code.is_some(), "{arguments:?}: {run:?}");
        let calls: Vec<&String> = calls.iter().filter(|call| call.contains('(')).collect();
        // The program's own start; the trace would show the others.
        assert!(
            matches!(calls.as_slice(), [start] if start.starts_with("execve(")),
            "{arguments:?}: {calls:#?}"
        );
    }
}
