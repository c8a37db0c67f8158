//! No page without a story.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::node::project;

#[test]
fn every_page_is_followed() {
    let mut told = BTreeSet::new();
    sources(&project().join("tests/runbooks"), &mut told);
    let mut missing = Vec::new();
    for folder in ["", "refused/"] {
        for entry in fs::read_dir(project().join("runbooks").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if let Some(name) = name.strip_suffix(".md") {
                let name = format!("{folder}{name}");
                if !told.contains(&name) {
                    missing.push(name);
                }
            }
        }
    }
    assert!(missing.is_empty(), "no story opens {missing:#?}");
}

/// The names in `Page::open("NAME")` below a folder.
fn sources(folder: &Path, told: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, told);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let opened = text.split("Page::open(\"").skip(1);
        told.extend(opened.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
}
