//! No refusal without a situation, and none without a runbook, which shows what the program says and nothing else.

use std::collections::BTreeSet;
use std::fs;

use rekindle::plan::RefusalCode;

use super::situation::code;
use crate::support::golden::is_line;
use crate::support::node::project;

#[test]
fn every_code_has_a_golden_and_a_runbook() {
    let goldens: BTreeSet<RefusalCode> = golden_names().map(|name| code(&name)).collect();
    let mut missing = Vec::new();
    for known in RefusalCode::ALL {
        if !goldens.contains(known) {
            missing.push(format!("tests/refusals/{known}.stderr"));
        }
        if !project().join(known.runbook()).exists() {
            missing.push(known.runbook());
        }
    }
    assert!(missing.is_empty(), "missing: {missing:#?}");
}

#[test]
fn every_runbook_shows_what_the_program_says() {
    let mut wrong = Vec::new();
    for known in RefusalCode::ALL {
        let shown = what_you_see(*known);
        let golden = golden(&format!("{known}.stderr"));
        let mut needed = golden
            .lines()
            .take(1)
            .chain(golden.lines().find(|line| line.starts_with("runbook: ")));
        if !needed.all(|line| shown.iter().any(|shown| is_line(line, shown))) {
            wrong.push(format!("{known}: not as in its golden file"));
        }
        let said: Vec<String> = variants(*known).map(|name| self::golden(&name)).collect();
        let said: Vec<&str> = said.iter().flat_map(|golden| golden.lines()).collect();
        for line in &shown {
            if line != "…" && !said.iter().any(|said| is_line(said, line)) {
                wrong.push(format!("{known}: nobody says: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The lines that the runbook quotes, without their indentation.
fn what_you_see(code: RefusalCode) -> Vec<String> {
    let text = fs::read_to_string(project().join(code.runbook())).unwrap();
    let (_, section) = text.split_once("## What you see\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let quoted = |line: &str| Some(line.strip_prefix("    ")?.to_owned());
    section.lines().filter_map(quoted).collect()
}

/// The names of the golden files of that code.
fn variants(code: RefusalCode) -> impl Iterator<Item = String> {
    golden_names().filter(move |name| name.split('.').next() == Some(code.as_str()))
}

fn golden_names() -> impl Iterator<Item = String> {
    fs::read_dir(project().join("tests/refusals"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".stderr"))
}

fn golden(name: &str) -> String {
    fs::read_to_string(project().join("tests/refusals").join(name)).unwrap()
}

#[test]
fn a_line_is_compared_but_for_its_values() {
    let golden = "a: [ROOT]/b says [DATE], not [NUMBER]";
    assert!(is_line(golden, "a: /b says 2026-11-24 03:12:45 UTC, not 7"));
    assert!(is_line(golden, "a: /mnt/node/b says yes, not 7"));
    assert!(!is_line(golden, "a: /b says yes"));
    assert!(!is_line("a [PID]b", "a 1bc"));
    assert!(!is_line("hint: a", "hint: b"));
    assert!(is_line("--only a,b,c", "--only a,…"));
    assert!(!is_line("--only a,b,c", "--only b,…"));
    let golden = "[ROOT]/a was [SHA256], do: rekindle --root [ROOT] resume";
    assert!(is_line(golden, "/a was 0f3…"));
    assert!(is_line(golden, "/a was 0f3, do: rek…"));
    assert!(is_line(golden, "/a was 0f3, do: rekindle resume"));
    assert!(is_line(
        golden,
        "/b/a was 0f3, do: rekindle --root /b resume"
    ));
    assert!(!is_line(golden, "/a was 0f3, but…"));
    assert!(!is_line(golden, "/a was 0f3, do: rekindle rollback"));
}
