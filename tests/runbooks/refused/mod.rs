//! The pages of refusals: whoever follows one is not refused any more.

mod access;
mod disk;
mod file;
mod here;
mod interrupted;
mod kubeconfig;
mod manifest;
mod place;
mod restart;
mod taken_up;

use crate::story::Story;
use crate::support::node::Node;

/// The node that the situations are built from, as in `tests/refusals`.
const NODE: &str = "ecdsa-p256-stacked";

/// Names what stops and starts the kubelet, where none runs.
const SERVICE: &str = "--kubelet-stop true --kubelet-start true";

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
