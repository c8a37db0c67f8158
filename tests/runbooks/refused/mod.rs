//! The pages of refusals: whoever follows one is not refused any more.

mod access;
mod authority;
mod authority_key;
mod bundle;
mod content;
mod disk;
mod file;
mod foreign;
mod here;
mod interrupted;
mod key;
mod kubeconfig;
mod manifest;
mod place;
mod requests;
mod restart;
mod size;
mod taken_up;

use crate::story::Story;
use crate::support::node::Node;

/// The node that the situations are built from, as in `tests/refusals`.
pub const NODE: &str = "ecdsa-p256-stacked";

/// Names what stops and starts the kubelet, where none runs.
const SERVICE: &str = "--kubelet-stop true --kubelet-start true";

/// That node, after a shell script went to work in its root.
fn broken(script: &str) -> Node {
    let node = Node::materialize(NODE);
    node.shell(script);
    node
}

/// The same, with what a person brings from a backup or from another node in `/etc/backup`: all of `/etc/kubernetes`, as it was.
fn broken_with_backup(script: &str) -> Node {
    broken(&format!("cp -a etc/kubernetes etc/backup\n{script}"))
}

/// Fails unless `plan` refuses the node with that code.
#[track_caller]
fn is_refused(story: &Story<'_>, code: &str) {
    let run = story.machine().rekindle(&["plan"]).expect(3);
    let line = format!("runbook: rekindle runbook {code}\n");
    assert!(run.stderr.contains(&line), "{code}\n{}", run.stderr);
}

/// The end of most pages: `rekindle plan`, and the node can be recovered.
#[track_caller]
fn ends_well(mut story: Story<'_>) {
    story.run("rekindle plan");
    story.is_mended();
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
