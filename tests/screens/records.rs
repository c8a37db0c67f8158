//! What earlier runs left, and a run that did not come to its end.

use crate::screen::{machine_of, node, rekindle, shown, typed};
use crate::support::interruption::{is_possible, kill};
use crate::support::program::rekindle as run;

#[test]
fn an_unfinished_run_is_said_last() {
    if !is_possible() {
        return;
    }
    let node = node();
    kill(node.path(), &["recover", "--yes", "--quiet"], "renameat", 6);
    let Some(machine) = machine_of(&node) else {
        return;
    };
    shown(rekindle(&machine, &["check"])).expect("check-unfinished");
    shown(rekindle(&machine, &["plan"])).expect("plan-unfinished");
    shown(rekindle(&machine, &["journal", "verify"])).judge();
    let answer = [("[e]xplain: ", "n\n")];
    typed(rekindle(&machine, &["resume"]), &answer).expect("resume");
    typed(rekindle(&machine, &["rollback"]), &answer).expect("rollback");
}

#[test]
fn the_record_of_a_run() {
    let node = node();
    run(node.path(), &["recover", "--yes", "--quiet"]).expect(0);
    let Some(machine) = machine_of(&node) else {
        return;
    };
    shown(rekindle(&machine, &["journal", "list"])).expect("journal-list");
    shown(rekindle(&machine, &["journal", "show"])).expect("journal-show");
    shown(rekindle(&machine, &["journal", "verify"])).judge();
    let nothing = ["credential", "list"];
    shown(rekindle(&machine, &nothing)).expect("credential-list");
}
