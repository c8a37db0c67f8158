//! A proof on the terminal: a live line for each condition, and the report.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde::Serialize;

use super::render::{BAD, GOOD, count, printable, timestamp};
use crate::node;
use crate::proof::{Finding, Proof};

/// The name of the form of `-o json`, and its version.
const SCHEMA: &str = "rekindle.dev/proof/v1";

/// One line for each condition on a terminal: what was last seen, and for how long it is waited for. Elsewhere nothing.
#[derive(Debug)]
pub(super) struct Lines(Vec<ProgressBar>);

impl Lines {
    pub(super) fn silent() -> Self {
        Self(Vec::new())
    }

    pub(super) fn begin(findings: &[Finding]) -> Self {
        if !io::stderr().is_terminal() {
            return Self::silent();
        }
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template("{spinner} {prefix:38} {elapsed:>4} {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let lines = findings.iter().map(|finding| {
            let line = all.add(ProgressBar::new_spinner());
            line.set_style(style.clone());
            line.set_prefix(label(finding));
            line.enable_steady_tick(Duration::from_millis(120));
            line
        });
        Self(lines.collect())
    }

    pub(super) fn show(&self, number: usize, finding: &Finding) {
        let Some(line) = self.0.get(number) else {
            return;
        };
        line.set_message(printable(finding.state.evidence()));
        if finding.state.is_proven() {
            line.disable_steady_tick();
        } else {
            line.enable_steady_tick(Duration::from_millis(120));
        }
    }

    /// Clears them: the report says it all.
    pub(super) fn end(self) {
        for line in self.0 {
            line.finish_and_clear();
        }
    }
}

fn label(finding: &Finding) -> String {
    format!("{:<24} {}", finding.subject, finding.condition.as_str())
}

/// Every condition, what was seen, and what to do about what does not hold.
pub(super) fn write_proof(proof: &Proof, out: &mut dyn Write) -> io::Result<()> {
    for finding in &proof.findings {
        let (mark, style) = if finding.state.is_proven() {
            ("proven", GOOD)
        } else {
            ("OPEN  ", BAD)
        };
        let evidence = printable(finding.state.evidence());
        writeln!(
            out,
            "{style}{mark}{style:#}  {:<37} {evidence}",
            label(finding)
        )?;
        if let Some(advice) = finding.state.advice() {
            writeln!(out, "        {:<37} likely: {}", "", printable(advice))?;
        }
    }
    writeln!(out)?;
    let open = proof.open().count();
    if proof.is_whole() {
        let all = count(proof.findings.len(), "condition");
        return writeln!(
            out,
            "{GOOD}Proven{GOOD:#}: the control plane runs on the certificates on its disk ({all})."
        );
    }
    writeln!(
        out,
        "{BAD}Not proven{BAD:#}: {open} of {} do not hold.",
        count(proof.findings.len(), "condition")
    )
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    at: String,
    proven: bool,
    conditions: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    component: &'a str,
    condition: &'a str,
    proven: bool,
    evidence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'a str>,
}

pub(super) fn write_json(proof: &Proof, out: &mut dyn Write) -> io::Result<()> {
    let report = Report {
        schema: SCHEMA,
        at: timestamp(node::now().truncate_to_second()),
        proven: proof.is_whole(),
        conditions: proof.findings.iter().map(row).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &report).map_err(io::Error::from)?;
    writeln!(out)
}

fn row(finding: &Finding) -> Row<'_> {
    Row {
        component: finding.subject,
        condition: finding.condition.as_str(),
        proven: finding.state.is_proven(),
        evidence: finding.state.evidence(),
        advice: finding.state.advice(),
    }
}
