//! Says from which commit the program is built: `REKINDLE_COMMIT` in the environment of the compiler, for `--version`.
//!
//! In a work tree git knows, and whether what goes into the program has been changed since is told too. Where there is no git (a
//! source archive) the one who builds says it in `REKINDLE_COMMIT`; where there is, another commit in it than git's is an error. A
//! build that is not for release does not ask for more: it would be compiled anew after each commit.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a build script asks git, and speaks with Cargo on standard output"
)]

use std::env;
use std::process::Command;

/// All that goes into the program.
const SOURCES: [&str; 6] = [
    "src",
    "runbooks",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo",
    "scripts/build.rs",
];

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=REKINDLE_COMMIT");
    println!("cargo::rerun-if-changed=scripts/build.rs");
    println!(
        "cargo::rustc-env=REKINDLE_TARGET={}",
        env::var("TARGET").map_err(|error| error.to_string())?
    );
    println!("cargo::rustc-env=REKINDLE_COMMIT={}", commit()?);
    Ok(())
}

fn commit() -> Result<String, String> {
    // Not of a repository into which an archive was unpacked.
    let is_work_tree = git(&["rev-parse", "--show-prefix"]).as_deref() == Some("");
    if let Ok(named) = env::var("REKINDLE_COMMIT") {
        if named.len() != 40 || !named.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("REKINDLE_COMMIT is not the 40 hexadecimal digits of a commit".to_owned());
        }
        if !is_work_tree {
            return Ok(named);
        }
        let head = git(&["rev-parse", "--verify", "HEAD"]).unwrap_or_default();
        if !named.eq_ignore_ascii_case(&head) {
            return Err(format!(
                "REKINDLE_COMMIT is {named}, and this is the work tree of {head}: unset REKINDLE_COMMIT"
            ));
        }
    }
    if env::var("PROFILE").as_deref() != Ok("release") {
        return Ok("unknown: not a release build".to_owned());
    }
    if !is_work_tree {
        return Ok("unknown: built outside a git work tree".to_owned());
    }
    // Not the index: `git status` writes it, and would have the program compiled anew.
    for file in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", file]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    let Some(head) = git(&["rev-parse", "--verify", "HEAD"]) else {
        return Ok("unknown: no commit yet".to_owned());
    };
    let mut status = vec!["--no-optional-locks", "status", "--porcelain", "--"];
    status.extend(SOURCES);
    Ok(match git(&status).as_deref() {
        Some("") => head,
        _ => format!("{head}, with changes that are not in it"),
    })
}

/// What git prints, without the end of the line.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| text.trim_end_matches('\n').to_owned())
}
