//! What the runbooks on interrupted runs and on exit codes quote is what the program says.

use std::fs;

use crate::support::golden::is_line;
use crate::support::node::project;

const RUNBOOKS: [&str; 4] = [
    "runbooks/half-way.md",
    "runbooks/exit-codes.md",
    "runbooks/full-expiry.md",
    "runbooks/left-alone.md",
];
const LABELS: [&str; 5] = ["error: ", "caused by: ", "hint: ", "runbook: ", "warning: "];

#[test]
fn every_runbook_shows_what_the_program_says() {
    let said = goldens();
    let mut quoted = 0;
    for runbook in RUNBOOKS {
        let text = fs::read_to_string(project().join(runbook)).unwrap();
        let code = text.lines().filter(|line| line.starts_with("    "));
        for line in code.map(str::trim) {
            if LABELS.iter().any(|label| line.starts_with(label)) {
                quoted += 1;
                let is_said = said.iter().any(|said| is_line(said, line));
                assert!(is_said, "{runbook}: nobody says: {line}");
            }
        }
    }
    assert!(quoted > 10, "{quoted} lines are quoted");
}

/// Every line of every golden file.
fn goldens() -> Vec<String> {
    let mut lines = Vec::new();
    for folder in ["tests/resume", "tests/refusals"] {
        for entry in fs::read_dir(project().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "stderr")
            {
                let text = fs::read_to_string(path).unwrap();
                lines.extend(text.lines().map(str::to_owned));
            }
        }
    }
    lines
}
