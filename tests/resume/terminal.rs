//! Somebody sits at a terminal: is asked, asks back, says no, or presses Ctrl-C.

use crate::support::interruption::is_possible;
use crate::support::node::Node;
use crate::support::terminal::Terminal;
use crate::support::tree::Tree;
use crate::{NODE, interrupted, is_settled};

const QUESTION: &str = "[y]es / [n]o / [e]xplain: ";

#[test]
fn control_c_at_the_question_changes_nothing() {
    let node = Node::materialize(NODE);
    let before = Tree::read(node.path());
    let mut terminal = Terminal::start(node.path(), &["recover"]);
    terminal.wait_for(QUESTION);
    terminal.enter("\u{3}");
    let run = terminal.end();
    // By the signal, as a shell that runs a loop of them expects it.
    assert_eq!(run.code, None, "{run:?}");
    assert!(run.stdout.ends_with("Nothing was changed.\r\n"), "{run:?}");
    assert_eq!(Tree::read(node.path()), before);
    // Nobody holds the lock any more.
    let mut terminal = Terminal::start(node.path(), &["recover"]);
    terminal.wait_for(QUESTION);
    terminal.enter("n\n");
    let run = terminal.end().expect(1);
    assert!(run.stdout.ends_with("Nothing was changed.\r\n"), "{run:?}");
    assert_eq!(Tree::read(node.path()), before);
}

/// Both show how far each file has come, explain what they would do, and do nothing on a no.
#[test]
fn an_interrupted_run_is_shown_before_it_is_taken_up() {
    if !is_possible() {
        return;
    }
    for (verb, explanation) in [
        ("resume", "What waits is replaced by the new file"),
        (
            "rollback",
            "What was replaced is brought back from the backup",
        ),
    ] {
        let node = interrupted(6);
        let before = Tree::read(node.path());
        for (answer, code) in [("e\nn\n", 1), ("\u{4}", 1), ("e\ny\n", 0)] {
            let mut terminal = Terminal::start(node.path(), &[verb]);
            terminal.wait_for(QUESTION);
            terminal.enter(answer);
            let run = terminal.end().expect(code);
            assert!(
                run.stdout
                    .contains("was interrupted, with 5 of 14 files replaced.\r\n"),
                "{run:?}"
            );
            assert!(
                run.stdout
                    .contains("  replaced   /etc/kubernetes/admin.conf\r\n"),
                "{run:?}"
            );
            assert!(
                run.stdout
                    .contains("  begun      /etc/kubernetes/pki/etcd/healthcheck-client.crt\r\n"),
                "{run:?}"
            );
            assert!(
                run.stdout
                    .contains("  waiting    /etc/kubernetes/scheduler.conf\r\n"),
                "{run:?}"
            );
            assert_eq!(
                run.stdout.contains(explanation),
                answer.starts_with('e'),
                "{run:?}"
            );
            if code == 1 {
                assert!(run.stdout.ends_with("Nothing was changed.\r\n"), "{run:?}");
                assert_eq!(Tree::read(node.path()), before);
            }
        }
        is_settled(&node);
    }
}
