//! `--version`: what a release's list of digests is compared with.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test starts the program and reads its file"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rekindle::digest::Sha256Digest;

const PROGRAM: &str = env!("CARGO_BIN_EXE_rekindle");

fn printed(argument: &str) -> String {
    let output = Command::new(PROGRAM).arg(argument).output().unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_short_form_is_one_line_for_programs() {
    assert_eq!(
        printed("-V"),
        concat!("rekindle ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn the_long_form_tells_the_commit_and_the_digest_of_the_file_that_runs() {
    let printed = printed("--version");
    let lines: Vec<&str> = printed.lines().collect();
    let [name, commit, target, digest] = lines.as_slice() else {
        unreachable!("four lines, not {printed}");
    };
    assert_eq!(*name, concat!("rekindle ", env!("CARGO_PKG_VERSION")));
    let commit = commit.strip_prefix("commit: ").unwrap();
    let (hash, rest) = commit.split_at(commit.find([' ', ',', ':']).unwrap_or(commit.len()));
    assert!(
        (hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
            || hash == "unknown",
        "{commit}"
    );
    assert!(rest.is_empty() || rest.starts_with(", ") || rest.starts_with(": "));
    assert!(
        target
            .strip_prefix("target: ")
            .unwrap()
            .contains("-linux-gnu")
    );
    let own = Sha256Digest::of(&fs::read(PROGRAM).unwrap());
    assert_eq!(*digest, format!("sha256: {own}"));
}

/// Does what Cargo does with `scripts/build.rs`, for a release, in that folder.
fn asked_for_the_commit(script: &Path, folder: &Path, named: &str) -> Output {
    let mut command = Command::new(script);
    command
        .current_dir(folder)
        .env("PROFILE", "release")
        .env("TARGET", "x86_64-unknown-linux-gnu")
        .env("REKINDLE_COMMIT", named);
    command.output().unwrap()
}

#[test]
fn a_commit_is_named_where_git_knows_none_and_never_against_what_git_knows() {
    if Command::new("git").arg("--version").output().is_err() {
        println!("skipped: git is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("build");
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let mut compiler = Command::new(compiler);
    compiler.args(["--edition", "2024", "-A", "unknown_lints", "-o"]);
    compiler.arg(&script);
    compiler.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/build.rs"));
    assert!(compiler.status().unwrap().success());

    let other = "0123456789abcdef0123456789abcdef01234567";
    let archive = folder.path().join("archive");
    fs::create_dir(&archive).unwrap();
    let said = asked_for_the_commit(&script, &archive, other);
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success(), "{text}");
    assert!(
        text.contains(&format!("=REKINDLE_COMMIT={other}\n")),
        "{text}"
    );

    let tree = folder.path().join("tree");
    fs::create_dir(&tree).unwrap();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=x", "-c", "user.email=x@example"]);
        let output = git.args(arguments).current_dir(&tree).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "x"]);
    let head = git(&["rev-parse", "HEAD"]);
    let said = asked_for_the_commit(&script, &tree, &head);
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(
        text.contains(&format!("=REKINDLE_COMMIT={head}\n")),
        "{text}"
    );
    let said = asked_for_the_commit(&script, &tree, other);
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(!said.status.success(), "{said:?}");
    assert!(
        text.contains(&head) && text.contains("unset REKINDLE_COMMIT"),
        "{text}"
    );
    // What is not in the commit is told all the same.
    fs::write(tree.join("Cargo.toml"), "changed").unwrap();
    let said = asked_for_the_commit(&script, &tree, &head);
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(text.contains(&format!("{head}, with changes")), "{text}");
}
