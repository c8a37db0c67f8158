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

#[test]
fn nothing_is_written_before_the_process_is_confined() {
    let node = Node::materialize(NODE);
    let Some(Traced { run, calls }) = traced(node.path(), &["-e", CHANGES], &RECOVER) else {
        return;
    };
    run.expect(0);
    let first = |name: &str| calls.iter().position(|call| call.starts_with(name));
    let asked = first("landlock_create_ruleset(").expect("the kernel is asked for its version");
    if calls[asked].contains("= -1 ") {
        println!("skipped: this kernel has no Landlock: {}", calls[asked]);
        return;
    }
    let position = first("landlock_restrict_self(").expect("the process is confined");
    assert!(calls[position].ends_with("= 0"), "{}", calls[position]);
    let (before, after) = calls.split_at(position);
    let changes = |call: &&String| {
        let opened = call.starts_with("open");
        let writes = ["O_CREAT", "O_WRONLY", "O_RDWR", "O_TRUNC"];
        !call.starts_with("landlock_")
            && call.contains('(')
            && (!opened || writes.iter().any(|flag| call.contains(flag)))
    };
    // The state folder: what does not exist cannot be named in a rule.
    let early: Vec<&String> = before.iter().filter(changes).collect();
    assert!(
        matches!(early.as_slice(), [one] if one.starts_with("mkdirat(") && one.contains("\"rekindle\", 0700")),
        "{early:#?}"
    );
    assert!(after.iter().filter(changes).count() > 50);
    // Folders of the certificates, and the state folder.
    let rules = before
        .iter()
        .filter(|call| call.starts_with("landlock_add_rule("));
    assert_eq!(rules.count(), 5);
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
