//! What will be done, what is happening, and how it ended.

use crate::screen::{machine, rekindle, shown, typed};
use crate::support::machine::stand_in;

/// What takes the kubelet's place.
fn with_commands(arguments: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = arguments.iter().map(|&argument| argument.into()).collect();
    for verb in ["stop", "start"] {
        all.extend([
            format!("--kubelet-{verb}"),
            stand_in(&format!("kubelet-{verb}")).display().to_string(),
        ]);
    }
    all
}

#[test]
fn the_question_says_what_will_be_done() {
    let Some(machine) = machine() else { return };
    machine.start_kubelet(&["kube-controller-manager", "kube-scheduler"]);
    let command = with_commands(&["recover"]);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let question = "[e]xplain: ";
    let screen = typed(rekindle(&machine, &command), &[(question, "n\n")]);
    screen.judge();
    let seen = screen.visible();
    let said = [
        "To be done on /",
        "re-sign (expired): admin.conf",
        "Restart: all",
        "end kube-controller-manager",
        "Go on?",
    ];
    for what in said {
        assert!(seen.contains(what), "{what}:\n{seen}");
    }
    typed(rekindle(&machine, &command), &[(question, "\u{3}")]).judge();
}

#[test]
fn a_recovery_of_files_ends_with_what_to_do_next() {
    let Some(machine) = machine() else { return };
    let command = ["recover", "--restart", "none", "--yes"];
    shown(rekindle(&machine, &command)).expect("recover-end-files");
}

#[test]
fn a_recovery_that_is_not_proven_ends_with_what_is_open() {
    let Some(machine) = machine() else { return };
    machine.start_kubelet(&["kube-controller-manager", "kube-scheduler"]);
    let command = with_commands(&["recover", "--yes", "--timeout", "2s"]);
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let screen = shown(rekindle(&machine, &command));
    screen.judge();
    let seen = screen.visible();
    assert!(seen.contains("Not proven: "), "{seen}");
    assert!(seen.trim_end().ends_with("rekindle verify"), "{seen}");
    assert!(screen.text().contains("For the ticket"), "{screen:?}");
}
