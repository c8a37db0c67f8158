//! The pages of refusals: whoever follows one is not refused any more.

mod access;
mod file;
mod kubeconfig;
mod place;

use crate::story::Story;
use crate::support::node::Node;

/// The node that the situations are built from, as in `tests/refusals`.
const NODE: &str = "ecdsa-p256-stacked";

/// That node, after a shell script went to work in its root.
fn broken(script: &str) -> Node {
    let node = Node::materialize(NODE);
    node.shell(script);
    node
}

/// The command is refused for that reason; what it said.
#[track_caller]
fn refuses(story: &mut Story<'_>, command: &str, code: &str) -> String {
    let (said, ended) = story.types(command);
    assert_eq!(ended, 3, "{command}\n{said}");
    assert!(
        said.contains(&format!("runbook: rekindle runbook {code}\n")),
        "{command}\n{said}"
    );
    said
}
