//! The report of a proof.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::fold::Form;
use super::paragraph;
use super::render::{BAD, BOLD, GOOD, count, printable, write_document};
use super::table::terminal_columns;
use crate::elision::elide;
use crate::evidence::moment;
use crate::kubernetes::Component;
use crate::node::{self, Root};
use crate::proof::{Finding, Proof};

/// Where what was seen begins: behind the mark and the condition.
const EVIDENCE: usize = 23;
/// Where advice begins: below the condition.
const ADVICE: usize = 10;
const LIKELY: &str = "likely: ";

/// The name of the form of `-o json`, and its version.
const SCHEMA: &str = "rekindle.dev/proof/v1";

/// Every condition, what was seen, and what to do about what is open.
pub(super) fn write_proof(root: &Root, proof: &Proof, out: &mut dyn Write) -> io::Result<()> {
    let columns = terminal_columns();
    let form = Form::that_fits(|out| {
        write_findings(Form::Whole, &proof.findings, columns, out)?;
        write_verdict(root, proof, out)
    })?;
    write_findings(form, &proof.findings, columns, out)?;
    write_verdict(root, proof, out)
}

/// Whether all is proven, and what to do next where it is not.
fn write_verdict(root: &Root, proof: &Proof, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    let open = proof.open().count();
    let all = count(proof.findings.len(), "condition");
    if proof.is_whole() {
        let kubelet = Component::Kubelet.as_str();
        let is_worker = proof.findings.iter().all(|it| it.subject == kubelet);
        let what = if is_worker {
            "the kubelet runs on the certificate"
        } else {
            "the control plane runs on the certificates"
        };
        return writeln!(out, "{GOOD}Proven{GOOD:#}: {what} on its disk ({all}).");
    }
    let are = if open == 1 { "is" } else { "are" };
    writeln!(out, "{BAD}Not proven{BAD:#}: {open} of {all} {are} open.")?;
    if proof.lacks_quorum() {
        writeln!(
            out,
            "etcd has no quorum: this node is up, and the API answers nobody until enough of the others are up too.\n\
             On a node of several that is expected: go on with the next one, then look again."
        )?;
    }
    if !proof.kubelet_log.is_empty() {
        writeln!(out, "The kubelet's last words:")?;
    }
    for line in &proof.kubelet_log {
        writeln!(out, "  {}", printable(line))?;
    }
    writeln!(
        out,
        "Next: rekindle runbook not-proven; to look again: {}",
        root.command("verify")
    )
}

/// The conditions of each component together; folded, those that are proven in one line.
fn write_findings(
    form: Form,
    findings: &[Finding],
    columns: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let behind = |indent: usize| columns.map(|columns| columns.saturating_sub(indent));
    let mut subject = "";
    // Where one thing is wrong, many conditions say the same: once is enough.
    let mut advised = Vec::new();
    for finding in findings {
        if finding.subject != subject {
            subject = finding.subject;
            writeln!(out, "{BOLD}{subject}{BOLD:#}")?;
            if form.is_folded() {
                write_proven(subject, findings, out)?;
            }
        }
        if form.is_folded() && finding.state.is_proven() {
            continue;
        }
        let (mark, style) = if finding.state.is_proven() {
            ("proven", GOOD)
        } else {
            ("OPEN", BAD)
        };
        let evidence = printable(finding.state.evidence());
        let condition = finding.condition.as_str();
        let pad = 8 - mark.len();
        let mut label = format!("  {style}{mark}{style:#}{:pad$}{condition:<13}", "");
        for line in paragraph::lines(&evidence, behind(EVIDENCE)) {
            writeln!(out, "{label}{line}")?;
            label = " ".repeat(EVIDENCE);
        }
        let Some(advice) = finding.state.advice().filter(|it| !advised.contains(it)) else {
            continue;
        };
        advised.push(advice);
        let mut label = format!("{:ADVICE$}{LIKELY}", "");
        for line in paragraph::advice(&printable(advice), behind(label.len())) {
            writeln!(out, "{label}{line}")?;
            label = " ".repeat(label.len());
        }
    }
    Ok(())
}

/// What is proven of one component, each kind of condition once.
fn write_proven(subject: &str, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    let mut proven: Vec<(&str, usize)> = Vec::new();
    for finding in findings {
        if finding.subject != subject || !finding.state.is_proven() {
            continue;
        }
        let condition = finding.condition.as_str();
        match proven.iter_mut().find(|(known, _)| *known == condition) {
            Some((_, number)) => *number += 1,
            None => proven.push((condition, 1)),
        }
    }
    if proven.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = proven
        .into_iter()
        .map(|(condition, number)| match number {
            1 => condition.to_owned(),
            _ => format!("{condition} x{number}"),
        })
        .collect();
    writeln!(out, "  {GOOD}proven{GOOD:#}  {}", words.join(", "))
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    at: String,
    proven: bool,
    conditions: Vec<Row<'a>>,
    /// The kubelet's last words, where it may be behind what is open.
    #[serde(rename = "kubeletLog", skip_serializing_if = "Vec::is_empty")]
    kubelet_log: Vec<Cow<'a, str>>,
}

/// One condition, for programs.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    component: &'a str,
    condition: &'a str,
    proven: bool,
    evidence: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<Cow<'a, str>>,
}

pub(super) fn write_json(proof: &Proof, out: &mut dyn Write) -> io::Result<()> {
    let report = Report {
        schema: SCHEMA,
        at: moment(node::now()),
        proven: proof.is_whole(),
        conditions: proof.findings.iter().map(row).collect(),
        kubelet_log: proof.kubelet_log.iter().map(|line| elide(line)).collect(),
    };
    write_document(&report, out)
}

pub(super) fn row(finding: &Finding) -> Row<'_> {
    Row {
        component: finding.subject,
        condition: finding.condition.as_str(),
        proven: finding.state.is_proven(),
        evidence: elide(finding.state.evidence()),
        advice: finding.state.advice().map(elide),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::{Condition, State};

    fn finding(
        subject: &'static str,
        condition: Condition,
        evidence: &str,
        advice: Option<&str>,
    ) -> Finding {
        let evidence = evidence.to_owned();
        let state = match advice {
            None => State::Proven { evidence },
            Some(advice) => State::Open {
                evidence,
                advice: Some(advice.to_owned()),
                lacks_quorum: false,
            },
        };
        Finding {
            subject,
            condition,
            state,
        }
    }

    #[test]
    fn a_proof_is_readable_at_80_columns() {
        let restart = "it still uses what it read before, whatever that was and whoever wrote it: rekindle recover";
        let other = "192.0.2.10:6443: serves another certificate than /etc/kubernetes/pki/apiserver.crt, which ends at 2026-11-24T03:12:45Z";
        let findings = [
            finding(
                "etcd",
                Condition::Process,
                "process 812 runs since 2026-11-24T03:12:45Z",
                None,
            ),
            finding(
                "kube-apiserver",
                Condition::Certificate,
                other,
                Some(restart),
            ),
            finding(
                "kube-apiserver",
                Condition::Live,
                "port closed",
                Some(restart),
            ),
        ];
        let mut out = Vec::new();
        write_findings(Form::Whole, &findings, Some(80), &mut out).unwrap();
        let written = anstream::adapter::strip_bytes(&out).into_vec();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "\
etcd
  proven  process      process 812 runs since 2026-11-24T03:12:45Z
kube-apiserver
  OPEN    certificate  192.0.2.10:6443: serves another certificate than
                       /etc/kubernetes/pki/apiserver.crt, which ends at
                       2026-11-24T03:12:45Z
          likely: it still uses what it read before, whatever that was and
                  whoever wrote it:
                  rekindle recover
  OPEN    livez        port closed
"
        );
    }
}
