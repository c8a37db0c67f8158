//! No refusal without a situation, and none without a runbook.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rekindle::plan::RefusalCode;

use super::situation::code;

#[test]
fn every_code_has_a_golden_and_a_runbook() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let goldens: BTreeSet<RefusalCode> = fs::read_dir(project.join("tests/refusals"))
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".stderr").map(code)
        })
        .collect();
    let runbooks = project.join("runbooks");
    let mut missing = Vec::new();
    for known in RefusalCode::ALL {
        if !goldens.contains(known) {
            missing.push(format!("tests/refusals/{known}.stderr"));
        }
        if runbooks.exists() && !project.join(known.runbook()).exists() {
            missing.push(known.runbook());
        }
    }
    assert!(missing.is_empty(), "missing: {missing:#?}");
}
