//! `scripts/deploy/prometheus/rekindle.rules.yml` on what `check -o prometheus` says of real nodes: which alerts fire, and that no others
//! do. Prometheus' own promtool plays both through; what a rule asks for under another name never fires, and fails here.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, write in folders of their own, and end at the first surprise"
)]

use std::fmt::Write;
use std::fs;
use std::process::Command;

use support::interruption;
use support::node::{Node, project};
use support::program::{Run, rekindle};
use time::OffsetDateTime;

#[path = "support/mod.rs"]
mod support;

const RULES: &str = "scripts/deploy/prometheus/rekindle.rules.yml";
/// How long before the nodes were looked at promtool's time begins: it counts from nothing.
const BEFORE: i64 = 2 * 3600;
/// How long after, in hours, every `for` of a rule is over.
const SETTLED: i64 = 2 + 30;

/// What was said of one node, as promtool plays it: the same at every hour, until the last of them.
struct Told {
    metrics: String,
    /// `None`: for ever.
    last_hour: Option<i64>,
}

/// What `check -o prometheus` says of the node.
fn told(node: &Node) -> Told {
    let run = rekindle(node.path(), &["check", "-o", "prometheus"]);
    Told {
        metrics: run.stdout,
        last_hour: None,
    }
}

/// A node that was recovered with these arguments of `recover`.
fn recovered(arguments: &[&str]) -> Node {
    let node = Node::materialize("ecdsa-p256-stacked");
    let recover = ["recover", "--yes", "-q", "--restart", "none"];
    rekindle(node.path(), &[&recover, arguments].concat()).expect(0);
    node
}

/// A node whose authorities end in that many days, and its certificates with them.
fn with_authorities(days: u32) -> Node {
    let node = Node::materialize("ecdsa-p256-stacked");
    node.shell(&format!(
        "cd etc/kubernetes/pki; for ca in ca etcd/ca front-proxy-ca; do
            openssl x509 -in $ca.crt -signkey $ca.key -days {days} -out new.crt 2>/dev/null; cat new.crt >$ca.crt; rm new.crt
        done"
    ));
    rekindle(
        node.path(),
        &["recover", "--yes", "-q", "--restart", "none"],
    )
    .expect(0);
    node
}

/// The alerts that fire at that hour of promtool's time, each with the instance that it is about.
fn expect_alerts(told: &Told, hour: i64, expected: &[(&str, &str)]) {
    // A neighbour that is well: whatever fires is about the node alone.
    let neighbour = self::told(&recovered(&[]));
    let mut document = format!(
        "rule_files: [{}]\nevaluation_interval: 1h\ntests:\n- interval: 1h\n  input_series:\n",
        project().join(RULES).display()
    );
    write_series(&mut document, told, "broken", hour);
    if told.last_hour.is_none() {
        write_series(&mut document, &neighbour, "neighbour", 2 * hour);
    }
    write!(
        document,
        "  promql_expr_test:\n  - expr: ALERTS{{alertstate=\"firing\"}}\n    eval_time: {hour}h\n    exp_samples:\n"
    )
    .unwrap();
    for (alert, labels) in expected {
        let labels = format!("alertname=\"{alert}\", alertstate=\"firing\", {labels}");
        writeln!(document, "    - {{labels: 'ALERTS{{{labels}}}', value: 1}}").unwrap();
    }
    if expected.is_empty() {
        document = document.replace("exp_samples:\n", "exp_samples: []\n");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alerts.yml");
    fs::write(&file, &document).unwrap();
    let mut promtool = Command::new("promtool");
    promtool.args(["test", "rules"]).arg(&file);
    let run = Run::of(promtool);
    assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
}

/// Every series of what was said, with the labels that Prometheus adds. What is a moment is told from the beginning of promtool's time.
fn write_series(document: &mut String, told: &Told, instance: &str, hours: i64) {
    let began = OffsetDateTime::now_utc().unix_timestamp() - BEFORE;
    let mut number = 0;
    for line in told.metrics.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let value: i64 = value.parse().unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let value = if name.ends_with("_seconds") {
            value - began
        } else {
            value
        };
        let comma = if labels == "}" { "" } else { "," };
        let hours = told.last_hour.unwrap_or(hours);
        writeln!(
            document,
            "  - series: '{name}{{job=\"node\",instance=\"{instance}\"{comma}{labels}'\n    values: '{value}+0x{hours}'"
        )
        .unwrap();
        number += 1;
    }
    assert!(number > 0, "{}", told.metrics);
}

const CRITICAL: &str = r#"instance="broken", job="node", severity="critical""#;
const WARNING: &str = r#"instance="broken", job="node", severity="warning""#;

fn promtool_is_here() -> bool {
    let is_here = Command::new("promtool").arg("--version").output().is_ok();
    if !is_here {
        println!("skipped: promtool is not installed (Debian: prometheus)");
    }
    is_here
}

#[test]
fn the_rules_are_rules() {
    if !promtool_is_here() {
        return;
    }
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "rules", "--lint=all", "--lint-fatal"]);
    promtool.arg(project().join(RULES));
    let run = Run::of(promtool).expect(0);
    assert!(run.stdout.contains("SUCCESS: 11 rules"), "{}", run.stdout);
}

#[test]
fn a_node_that_is_well_is_left_in_peace_until_nobody_looks_at_it_any_more() {
    if !promtool_is_here() {
        return;
    }
    let node = told(&recovered(&[]));
    expect_alerts(&node, SETTLED, &[]);
    // Of the neighbour, too, nobody has said anything since.
    let neighbour = WARNING.replace("broken", "neighbour");
    let expected = [
        ("RekindleCheckNotRun", WARNING),
        ("RekindleCheckNotRun", neighbour.as_str()),
    ];
    expect_alerts(&node, SETTLED + 48, &expected);
}

#[test]
fn a_certificate_is_told_of_by_how_long_it_has() {
    if !promtool_is_here() {
        return;
    }
    let expired = Node::materialize("ecdsa-p256-stacked");
    let expected = [("RekindleCertificateExpired", CRITICAL)];
    expect_alerts(&told(&expired), SETTLED, &expected);
    for (validity, alert, labels) in [
        ("120h", "RekindleCertificateEndsWithin7Days", CRITICAL),
        ("600h", "RekindleCertificateEndsWithin30Days", WARNING),
    ] {
        // The serving certificate of the kubelet is among them; those of authorities are not.
        let node = recovered(&["--within", "1h", "--validity", validity]);
        expect_alerts(&told(&node), SETTLED, &[(alert, labels)]);
    }
}

#[test]
fn an_authority_is_told_of_earlier() {
    if !promtool_is_here() {
        return;
    }
    let year = with_authorities(290);
    let expected = [("RekindleAuthorityEndsWithinAYear", WARNING)];
    expect_alerts(&told(&year), SETTLED, &expected);
    let months = told(&with_authorities(70));
    let expected = [("RekindleAuthorityEndsWithin90Days", CRITICAL)];
    expect_alerts(&months, SETTLED, &expected);
    // The dates count on after the last look.
    let neighbour = WARNING.replace("broken", "neighbour");
    let expected = [
        ("RekindleAuthorityExpired", CRITICAL),
        ("RekindleCertificateExpired", CRITICAL),
        ("RekindleCheckNotRun", WARNING),
        ("RekindleCheckNotRun", neighbour.as_str()),
    ];
    expect_alerts(&months, 70 * 24 + SETTLED, &expected);
}

#[test]
fn what_no_date_explains_is_told_of_as_such() {
    if !promtool_is_here() {
        return;
    }
    let expected = [("RekindleNodeNotHealthy", WARNING)];
    let node = recovered(&[]);
    node.shell("rm etc/kubernetes/pki/apiserver.crt");
    expect_alerts(&told(&node), SETTLED, &expected);
    expect_alerts(&told(&Node::empty()), SETTLED, &expected);
}

#[test]
fn a_run_that_was_interrupted_is_told_of() {
    if !promtool_is_here() || !interruption::is_possible() {
        return;
    }
    let node = recovered(&[]);
    // Another validity: what was renewed within this very second would gain nothing from it.
    let again = [
        "recover",
        "--yes",
        "--force",
        "--validity",
        "9000h",
        "--restart",
        "none",
    ];
    interruption::kill(node.path(), &again, "renameat", 6);
    let told = told(&node);
    assert!(told.metrics.contains("rekindle_run_unfinished 1"));
    expect_alerts(&told, SETTLED, &[("RekindleRunUnfinished", CRITICAL)]);
}

#[test]
fn a_journal_that_was_tampered_with_is_told_of() {
    if !promtool_is_here() {
        return;
    }
    let node = recovered(&[]);
    node.shell("sed -i '2s/.$//' var/lib/rekindle/journal/*.jsonl");
    let told = told(&node);
    assert!(!told.metrics.contains("\nrekindle_run_unfinished"));
    expect_alerts(&told, SETTLED, &[("RekindleRunUnknown", CRITICAL)]);
}

#[test]
fn silence_is_told_of() {
    if !promtool_is_here() {
        return;
    }
    let silent = Told {
        last_hour: Some(SETTLED),
        ..told(&recovered(&[]))
    };
    expect_alerts(&silent, SETTLED, &[]);
    let expected = [
        ("RekindleMetricsAbsent", WARNING),
        ("RekindleMetricsAbsent", r#"severity="warning""#),
    ];
    expect_alerts(&silent, SETTLED + 8, &expected);
}

/// Each annotation names a page that the program has.
#[test]
fn the_runbooks_are_there() {
    let rules = fs::read_to_string(project().join(RULES)).unwrap();
    let named = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("runbook: rekindle runbook "));
    let alerts = rules.matches("- alert: ").count();
    let mut number = 0;
    for name in named {
        let run = rekindle("/".as_ref(), &["runbook", name]).expect(0);
        assert!(run.stdout.starts_with("# "), "{name}");
        number += 1;
    }
    assert_eq!(number, alerts);
}
