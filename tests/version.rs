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

use std::process::Command;

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
    let own = Sha256Digest::of(&std::fs::read(PROGRAM).unwrap());
    assert_eq!(*digest, format!("sha256: {own}"));
}
