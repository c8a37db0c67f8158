//! A kubelet's credential on its way from a control plane to a worker: what is made, what is believed, where it goes, and what becomes
//! of it when the way is interrupted. A bundle that is not the one that was made here, for this host, installs nothing.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, read and write files in temporary folders, compare names as Linux does, and end at the \
              first surprise"
)]

mod forged;
mod hostile;
mod interrupted;
mod issue;
mod round_trip;
mod worker;

#[path = "../support/mod.rs"]
mod support;

/// The control plane: its authority has an ECDSA key.
const NODE: &str = "ecdsa-p256-stacked";

use support::node::Node;
use support::tree::Tree;

/// Nothing on the node is another than before, and no journal was begun.
#[track_caller]
fn is_untouched(before: &Tree, node: &Node) {
    assert_eq!(&Tree::read(node.path()), before, "something changed");
    assert!(before.get("/var/lib/rekindle").is_none());
}
