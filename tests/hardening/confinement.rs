//! Landlock: a recovery gives up what it does not need before its first write, and does without on an old kernel. That the
//! kernel then holds it to that is tested beside `Root::confine`.

use super::NODE;
use super::trace::{Traced, traced};
use crate::support::node::Node;
use crate::support::program::rekindle;

const RECOVER: [&str; 2] = ["recover", "--yes"];

/// What changes files, names or folders.
const CHANGES: &str = "trace=landlock_create_ruleset,landlock_add_rule,landlock_restrict_self,openat,openat2,creat,mkdirat,\
    mknodat,linkat,symlinkat,unlinkat,renameat,renameat2,ftruncate,fallocate,fchmod,fchmodat,fchown,fchownat,fsetxattr,\
    utimensat";

/// A node whose recovery was killed when it had staged its files, and had not committed; `None` where nobody can kill it.
fn uncommitted() -> Option<Node> {
    let node = Node::materialize(NODE);
    let kill = "inject=symlinkat:signal=SIGKILL:when=1";
    let Traced { run, .. } = traced(
        node.path(),
        &["-e", "trace=symlinkat", "-e", kill],
        &RECOVER,
    )?;
    assert_eq!(run.code, None, "{run:?}");
    Some(node)
}

/// The changes of a run before and behind the moment at which it gives up what it does not need, and how many folders it
/// keeps; `None` where nobody can trace, or the kernel has no Landlock.
fn changes(node: &Node, arguments: &[&str], code: i32) -> Option<(Vec<String>, usize, usize)> {
    let Traced { run, calls } = traced(node.path(), &["-e", CHANGES], arguments)?;
    run.expect(code);
    let first = |name: &str| calls.iter().position(|call| call.starts_with(name));
    let asked = first("landlock_create_ruleset(").expect("the kernel is asked for its version");
    if calls[asked].contains("= -1 ") {
        println!("skipped: this kernel has no Landlock: {}", calls[asked]);
        return None;
    }
    let position = first("landlock_restrict_self(").expect("the process is confined");
    assert!(calls[position].ends_with("= 0"), "{}", calls[position]);
    let (before, after) = calls.split_at(position);
    let again = after[1..]
        .iter()
        .any(|call| call.starts_with("landlock_restrict_self("));
    assert!(!again, "once is enough");
    let changes = |call: &&String| {
        let opened = call.starts_with("open");
        let writes = ["O_CREAT", "O_WRONLY", "O_RDWR", "O_TRUNC"];
        !call.starts_with("landlock_")
            && call.contains('(')
            && (!opened || writes.iter().any(|flag| call.contains(flag)))
    };
    let rules = before
        .iter()
        .filter(|call| call.starts_with("landlock_add_rule("));
    let rules = rules.count();
    let early = before.iter().filter(changes).cloned().collect();
    Some((early, after.iter().filter(changes).count(), rules))
}

#[test]
fn nothing_is_written_before_the_process_is_confined() {
    let node = Node::materialize(NODE);
    let Some((early, behind, folders)) = changes(&node, &RECOVER, 0) else {
        return;
    };
    // The state folder: what does not exist cannot be named in a rule.
    assert!(
        matches!(early.as_slice(), [one] if one.starts_with("mkdirat(") && one.contains("\"rekindle\", 0700")),
        "{early:#?}"
    );
    assert!(behind > 50);
    // Folders of the certificates, and the state folder.
    assert_eq!(folders, 5);
}

/// What another run left is in folders of its own, and its journal is written too.
#[test]
fn nothing_is_cleared_away_before_the_process_is_confined() {
    let Some(node) = uncommitted() else {
        return;
    };
    let cases: [(&[&str], i32, usize); 4] = [
        (&["recover", "--yes"], 0, 5),
        (&["recover", "--yes", "--only", "etcd-server"], 0, 5),
        (&["resume", "--yes"], 1, 5),
        (&["rollback", "--yes"], 0, 5),
    ];
    for (arguments, code, expected) in cases {
        let Some((early, behind, folders)) = changes(&node.copy(), arguments, code) else {
            return;
        };
        let is_state = |call: &String| call.starts_with("mkdirat(") && call.contains("EEXIST");
        assert!(early.iter().all(is_state), "{arguments:?}: {early:#?}");
        assert!(behind > 10, "{arguments:?}: {behind}");
        assert_eq!(folders, expected, "{arguments:?}");
    }
}

#[test]
fn a_kernel_without_landlock_or_with_an_old_one_recovers_all_the_same() {
    let mut answers: Vec<String> = ["ENOSYS", "EOPNOTSUPP", "EPERM"]
        .map(|error| format!("error={error}"))
        .to_vec();
    // The first call asks for the version.
    answers.extend((1..=6).map(|version| format!("retval={version}:when=1")));
    for answer in answers {
        let node = Node::materialize(NODE);
        let inject = format!("inject=landlock_create_ruleset:{answer}");
        let Some(Traced { run, calls }) =
            traced(node.path(), &["-e", CHANGES, "-e", &inject], &RECOVER)
        else {
            return;
        };
        assert_eq!(run.expect(0).stderr, "", "{answer}");
        let asked = calls.iter().any(|call| call.contains("(INJECTED)"));
        assert!(asked, "{answer}: {calls:#?}");
        rekindle(node.path(), &["check"]).expect(0);
    }
}
