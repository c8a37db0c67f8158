//! Trees as a `kubeadm certs renew all` leaves them that was killed half-way: files of no length, cut short, keys beside
//! certificates that are not theirs. `recover` makes anew what is lost. A file that may be just what somebody wrote it names, and
//! changes nothing; the rest it finishes when told to.

mod kubeadm;
mod made;

use std::path::Path;

use crate::pairs::fit;
use crate::support::leaf::leaves;
use crate::support::program::{Run, rekindle};
use crate::support::tree::{Content, Tree};
use crate::tally::Tally;

/// What a wreck is named by: the file, or for a pair its two files.
fn judge(case: &str, root: &Path, names: &[String], tally: &mut Tally) {
    let before = Tree::read(root);
    let run = rekindle(root, &["recover", "--yes"]);
    let verdict = match run.code {
        Some(0) => {
            let verdict = mended(root);
            if tally.expect(case, verdict) {
                tally.outcome("mended");
            }
            return;
        }
        Some(3) => refused(&run, &before, root, names),
        other => Err(format!("exit {other:?}, and not a refusal: {run:?}")),
    };
    tally.outcome(if verdict.is_ok() {
        "named, nothing changed"
    } else {
        "not so"
    });
    if !tally.expect(case, verdict) {
        return;
    }
    match rest(&run, &before, root, names) {
        Ok(count) => {
            tally.outcome("the rest finished with the command of the hint");
            *tally
                .outcomes
                .entry("certificates renewed so".to_owned())
                .or_default() += count;
        }
        Err(words) => tally.fail(case, &words),
    }
}

/// All is good: openssl says so of each pair, and so does the program itself.
fn mended(root: &Path) -> Result<(), String> {
    for leaf in leaves(&Tree::read(root)) {
        if !fit(&leaf.certificate, &leaf.key) {
            return Err(format!("{}: the key does not fit", leaf.file));
        }
    }
    for verb in [&["check"][..], &["journal", "verify"]] {
        let run = rekindle(root, verb);
        if run.code != Some(0) {
            return Err(format!("{verb:?}: {run:?}"));
        }
    }
    Ok(())
}

/// Each refusal names one of the files, a way out and a page; not a byte was changed.
fn refused(run: &Run, before: &Tree, root: &Path, names: &[String]) -> Result<(), String> {
    if Tree::read(root) != *before {
        return Err("refused, and yet something was changed".to_owned());
    }
    let causes: Vec<&str> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("caused by:"))
        .collect();
    let paths: Vec<String> = names
        .iter()
        .map(|name| root.join(name).display().to_string())
        .collect();
    let is_named = |cause: &&str| paths.iter().any(|path| cause.contains(path.as_str()));
    if causes.is_empty() || !causes.iter().all(is_named) {
        return Err(format!(
            "{names:?} should be named, and nothing else: {run:?}"
        ));
    }
    let has = |start: &str| run.stderr.lines().any(|line| line.starts_with(start));
    if !has("hint: ") || !has("runbook: rekindle runbook ") {
        return Err(format!("there is no way out: {run:?}"));
    }
    Ok(())
}

/// Goes on with the others as the last hint says; how many that were.
fn rest(run: &Run, before: &Tree, root: &Path, names: &[String]) -> Result<usize, String> {
    let prefix = "hint: to go on with the others first: ";
    let hint = run
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix(prefix));
    let hint = hint.ok_or_else(|| format!("nothing says how to go on with the others: {run:?}"))?;
    let flags = hint.split(' ');
    let arguments: Vec<&str> = ["recover", "--yes"].into_iter().chain(flags).collect();
    let run = rekindle(root, &arguments);
    if run.code != Some(0) {
        return Err(format!("{arguments:?}: {run:?}"));
    }
    let after = Tree::read(root);
    for name in names {
        let path = format!("/{name}");
        if before.entry(&path) != after.entry(&path) {
            return Err(format!("{path} was not to be touched"));
        }
    }
    let is_renewed = |path: &&str| match before.get(path).map(|entry| &entry.content) {
        Some(Content::File(bytes)) => bytes != after.entry(path).bytes(),
        Some(Content::Link(link)) => link != after.entry(path).destination(),
        _ => false,
    };
    let renewed = before.paths().filter(is_renewed).count();
    // A wreck costs one certificate: thirteen others are there, the kubelet's two among them, where kubeadm renewed none.
    let table = rekindle(root, &["check"]);
    if table.code != Some(1) {
        return Err(format!("check does not ask for a person: {table:?}"));
    }
    Ok(renewed)
}
