//! The table of ARCHITECTURE.md, held against the `use crate::` lines: who may import whom.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test reads the sources"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Module, and what it may import besides itself. Keep in step with ARCHITECTURE.md.
const ALLOWED: &[(&str, &[&str])] = &[
    ("age", &[]),
    ("digest", &[]),
    ("elision", &[]),
    ("evidence", &["elision"]),
    ("shell", &[]),
    ("parallel", &[]),
    ("pki", &["digest", "evidence", "parallel"]),
    ("kubernetes", &[]),
    ("node", &["digest", "evidence", "shell"]),
    (
        "inventory",
        &["digest", "elision", "kubernetes", "node", "pki"],
    ),
    ("diagnosis", &["evidence", "inventory", "kubernetes", "pki"]),
    (
        "plan",
        &[
            "diagnosis",
            "digest",
            "evidence",
            "inventory",
            "kubernetes",
            "node",
            "pki",
            "shell",
        ],
    ),
    (
        "issuance",
        &["inventory", "kubernetes", "node", "pki", "plan"],
    ),
    ("journal", &["digest", "evidence", "pki"]),
    (
        "report",
        &["elision", "evidence", "journal", "pki", "shell"],
    ),
    ("bundle", &["issuance", "journal", "kubernetes", "pki"]),
    (
        "csr",
        &["diagnosis", "digest", "inventory", "journal", "pki"],
    ),
    (
        "recovery",
        &[
            "control_plane",
            "digest",
            "elision",
            "evidence",
            "issuance",
            "journal",
            "kubernetes",
            "node",
            "pki",
            "plan",
            "proof",
            "shell",
        ],
    ),
    (
        "authentication",
        &[
            "digest",
            "evidence",
            "inventory",
            "kubernetes",
            "node",
            "pki",
        ],
    ),
    ("token_audit", &["digest", "evidence", "node", "proof"]),
    ("turn", &["control_plane", "node", "proof"]),
    ("control_plane", &["evidence", "inventory", "kubernetes"]),
    (
        "proof",
        &[
            "control_plane",
            "digest",
            "evidence",
            "kubernetes",
            "node",
            "pki",
        ],
    ),
    ("drill", &["kubernetes", "node", "pki"]),
];

#[test]
fn every_module_imports_only_what_its_layer_may() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    collect(&sources, &sources, &mut imports);
    // A scan that finds nothing proves nothing.
    assert!(imports["inventory"].contains("node"), "{imports:?}");
    let mut violations = Vec::new();
    for (module, imported) in &imports {
        if ["cli", "lib", "main"].contains(&module.as_str()) {
            continue;
        }
        let allowed = ALLOWED.iter().find(|(name, _)| name == module);
        let Some((_, allowed)) = allowed else {
            panic!("src/{module} is in no row of the table");
        };
        for target in imported {
            if target != module && !allowed.contains(&target.as_str()) {
                violations.push(format!("{module} imports {target}"));
            }
        }
    }
    assert!(
        violations.is_empty(),
        "{violations:?}; each module has a `use crate::` line of its own"
    );
}

fn collect(sources: &Path, folder: &Path, imports: &mut BTreeMap<String, BTreeSet<String>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(sources, &path, imports);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(sources).unwrap();
            let module = relative.iter().next().unwrap().to_string_lossy();
            let module = module.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let found = imports.entry(module).or_default();
            for after in text.split("crate::").skip(1) {
                let name = first_name(after);
                if !name.is_empty() {
                    found.insert(name.to_owned());
                }
            }
        }
    }
}

/// The module that a path leads to, from what follows its `crate::`. Of a list or a glob, which could hide a module, the
/// sign that opens it: no row of the table allows that.
fn first_name(path: &str) -> &str {
    let end = if path.starts_with(['{', '*']) {
        Some(1)
    } else {
        path.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
    };
    end.map_or(path, |end| &path[..end])
}

#[test]
fn a_list_and_a_glob_are_no_way_round_the_table() {
    assert_eq!(first_name("node::Root;"), "node");
    for path in ["{node, pki::Key};", "{\n    node,\n};", "*;"] {
        let name = first_name(path);
        assert!(!name.is_empty(), "{path}");
        assert!(!ALLOWED.iter().any(|(_, allowed)| allowed.contains(&name)));
    }
}
