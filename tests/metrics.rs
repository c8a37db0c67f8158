//! `check -o prometheus`: what the text format demands, and the same as `check -o json` says.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, write in folders of their own, compare names as Linux does, and end at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::node::{Node, project};
use support::program::{Run, binary, rekindle, with_input};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

#[path = "support/mod.rs"]
mod support;

const NODE: &str = "ecdsa-p256-stacked";

/// Each series with its value; every metric is declared before its series, and all of its series stand together.
fn series(text: &str) -> BTreeMap<String, i64> {
    let mut series = BTreeMap::new();
    let (mut current, mut declared) = (String::new(), BTreeSet::new());
    let metrics = text.strip_suffix("# EOF\n").unwrap();
    for line in metrics.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            help.split_once(' ').unwrap().0.clone_into(&mut current);
            assert!(declared.insert(current.clone()), "{current} twice");
            continue;
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            assert_eq!(kind, format!("{current} gauge"));
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let metric = name.split('{').next().unwrap();
        assert_eq!(metric, current, "{line}");
        let former = series.insert(name.to_owned(), value.parse().unwrap());
        assert_eq!(former, None, "{name} twice");
    }
    series
}

#[test]
fn the_metrics_of_a_node_say_what_its_document_says() {
    let node = Node::materialize(NODE);
    for (healthy, code) in [(0, 1), (1, 0)] {
        let run = rekindle(node.path(), &["check", "-o", "prometheus"]).expect(code);
        assert_eq!(run.stderr, "");
        judge(&run.stdout);
        let series = series(&run.stdout);
        assert_eq!(series["rekindle_node_healthy"], healthy);
        assert_eq!(series["rekindle_run_unfinished"], 0);
        assert_eq!(series["rekindle_run_unknown"], 0);
        assert!(series.contains_key("rekindle_check_timestamp_seconds"));
        let document = rekindle(node.path(), &["check", "-o", "json"]).expect(code);
        let document: Value = serde_json::from_str(&document.stdout).unwrap();
        for (list, kind) in [
            ("certificates", "certificate"),
            ("certificateAuthorities", "authority"),
        ] {
            for entry in document[list].as_array().unwrap() {
                let name = entry["name"].as_str().unwrap();
                let labels = format!("name=\"{name}\",kind=\"{kind}\"");
                let date = entry["expirationDate"].as_str().unwrap();
                let date = OffsetDateTime::parse(date, &Rfc3339).unwrap();
                assert_eq!(
                    series[&format!("rekindle_certificate_not_after_seconds{{{labels}}}")],
                    date.unix_timestamp()
                );
                let prefix = format!("rekindle_certificate_state{{{labels},state=\"");
                let states: Vec<_> = series
                    .iter()
                    .filter(|(series, is)| series.starts_with(&prefix) && **is == 1)
                    .map(|(series, _)| series[prefix.len()..].trim_end_matches("\"}"))
                    .collect();
                assert_eq!(states, [entry["state"].as_str().unwrap()], "{name}");
            }
        }
        rekindle(node.path(), &["recover", "--yes"]).expect(0);
    }
}

#[test]
fn a_node_that_cannot_be_looked_at_is_not_healthy() {
    let node = Node::empty();
    let run = rekindle(node.path(), &["check", "-o", "prometheus"]).expect(1);
    judge(&run.stdout);
    let series = series(&run.stdout);
    assert_eq!(series["rekindle_node_healthy"], 0);
    // Nobody has looked for a run.
    assert_eq!(series.len(), 1, "{series:?}");
    assert!(run.stderr.contains("no control-plane node"));
}

#[test]
fn whether_a_run_is_unfinished_is_not_known_where_a_journal_was_tampered_with() {
    let node = Node::materialize(NODE);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    node.shell("sed -i '2s/.$//' var/lib/rekindle/journal/*.jsonl");
    let run = rekindle(node.path(), &["check", "-o", "prometheus"]).expect(1);
    judge(&run.stdout);
    let series = series(&run.stdout);
    assert_eq!(series["rekindle_node_healthy"], 0);
    assert_eq!(series["rekindle_run_unknown"], 1);
    assert!(!series.contains_key("rekindle_run_unfinished"));
}

/// What `rekindle-check.service` starts, of that program, for a textfile collector that reads in that folder.
fn unit(program: &str, folder: &Path) -> Command {
    let unit = project().join("scripts/deploy/systemd/rekindle-check.service");
    let unit = fs::read_to_string(unit).unwrap();
    let start = "ExecStart=/bin/sh -c '";
    let line = unit.lines().find_map(|line| line.strip_prefix(start));
    let script = line.unwrap().strip_suffix('\'').unwrap();
    assert!(!script.contains('\''), "{script}");
    let (before, after) = script.split_once("/usr/bin/rekindle check").unwrap();
    // systemd's own `$$` is a `$` for the shell.
    let script = format!("{before}{program} check{after}").replace("$$", "$");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]).env("TEXTFILES", folder);
    shell.stdin(Stdio::null());
    shell
}

#[test]
fn the_unit_publishes_whatever_check_ends_with_and_nothing_that_is_not_whole() {
    let node = Node::materialize(NODE);
    let folder = tempfile::tempdir().unwrap();
    let published = folder.path().join("rekindle.prom");
    let healthy = || series(&fs::read_to_string(&published).unwrap())["rekindle_node_healthy"];
    let program = format!("{} --root {}", binary().display(), node.path().display());
    // Of certificates that have expired, exit 1; the unit has done its work.
    Run::of(unit(&program, folder.path())).expect(0);
    assert_eq!(healthy(), 0);
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    Run::of(unit(&program, folder.path())).expect(0);
    assert_eq!(healthy(), 1);
    let good = fs::read(&published).unwrap();

    // What ended half-way, or before it began, takes nothing away: by a signal, a full disk, a command line of another version.
    let whole = folder.path().join("whole");
    fs::write(&whole, &good).unwrap();
    let line = good.len() - "# EOF\n".len();
    for (length, code) in [(0, 2), (0, 0), (line, 1), (line, 0), (good.len() - 2, 137)] {
        let cut = folder.path().join("cut");
        let text = format!("head -c {length} {}; exit {code};", whole.display());
        fs::write(&cut, text).unwrap();
        let said = Run::of(unit(&format!("sh {}", cut.display()), folder.path()));
        assert_ne!(said.code, Some(0), "{length} {code}");
        assert!(said.stderr.contains("not whole"), "{}", said.stderr);
        assert_eq!(fs::read(&published).unwrap(), good, "{length} {code}");
    }

    // A node that cannot be looked at, exit 3: no `healthy 1` outlives it. The unit fails, too.
    let program = format!(
        "{} --root {}/gone",
        binary().display(),
        node.path().display()
    );
    Run::of(unit(&program, folder.path())).expect(3);
    assert_eq!(healthy(), 0);
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    left.retain(|entry| {
        !["whole", "cut"].contains(&entry.as_ref().unwrap().file_name().to_str().unwrap())
    });
    assert_eq!(left.len(), 1, "{left:?}");
}

/// The folder is often `node_exporter`'s: what its user has put there is not written through by root.
#[test]
fn the_unit_writes_through_no_link_in_the_folder() {
    let node = Node::materialize(NODE);
    let elsewhere = tempfile::tempdir().unwrap();
    let (folder, programs) = (
        elsewhere.path().join("folder"),
        elsewhere.path().join("programs"),
    );
    fs::create_dir(&folder).unwrap();
    fs::create_dir(&programs).unwrap();
    let published = folder.join("rekindle.prom");
    let others = elsewhere.path().join("others");
    fs::write(&others, "of somebody else").unwrap();
    let untouched = || assert_eq!(fs::read(&others).unwrap(), b"of somebody else");
    for name in [".rekindle.prom.new", "rekindle.prom"] {
        symlink(&others, folder.join(name)).unwrap();
    }
    let program = format!("{} --root {}", binary().display(), node.path().display());
    Run::of(unit(&program, &folder)).expect(0);
    untouched();
    let metadata = fs::symlink_metadata(&published).unwrap();
    assert!(metadata.is_file());
    // node_exporter is another user.
    assert_eq!(metadata.permissions().mode() & 0o777, 0o644);
    let good = fs::read(&published).unwrap();

    // Were its name foreseen, nor then.
    let mktemp = programs.join("mktemp");
    fs::write(&mktemp, "#!/bin/sh\necho \"$TEXTFILES/foreseen\"\n").unwrap();
    fs::set_permissions(&mktemp, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        programs.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let nothing = elsewhere.path().join("nothing");
    for target in [&others, &nothing] {
        symlink(target, folder.join("foreseen")).unwrap();
        let mut unit = unit(&program, &folder);
        unit.env("PATH", &path);
        let said = Run::of(unit);
        assert_ne!(said.code, Some(0), "{}", said.stderr);
        untouched();
        assert!(!nothing.exists());
        assert_eq!(fs::read(&published).unwrap(), good);
    }
}

/// Prometheus' own judge, where it is installed.
fn judge(text: &str) {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]);
    let Ok(output) = with_input(&mut promtool, text.as_bytes()) else {
        println!("skipped: promtool is not installed");
        return;
    };
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success() && said.is_empty(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}
