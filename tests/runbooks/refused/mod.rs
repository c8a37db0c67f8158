//! The pages of refusals: whoever follows one is not refused any more.

mod file;

use crate::support::node::Node;

/// The node that the situations are built from, as in `tests/refusals`.
const NODE: &str = "ecdsa-p256-stacked";

/// That node, after a shell script went to work in its root.
fn broken(script: &str) -> Node {
    let node = Node::materialize(NODE);
    node.shell(script);
    node
}
