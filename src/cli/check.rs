//! `rekindle check`: every certificate, its expiry, its state.

use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;
use time::OffsetDateTime;

use super::arguments::{Check, Output};
use super::copies::{CopyDocument, write_copies};
use super::exit::Exit;
use super::failure::Failure;
use super::observed::observe;
use super::render::{BAD, count, date_cell, printable, residual, state_style, timestamp, yes_no};
use super::standing::Standing;
use super::table::{Cell, Table, terminal_columns};
use crate::diagnosis::{CopyState, Diagnosis, Finding, State, diagnose};
use crate::evidence::with_causes;
use crate::node::{self, Root};
use crate::plan::RefusalCode;

/// Prints the table, or kubeadm's JSON with more in it.
pub fn check(root: &Root, arguments: &Check, out: &mut dyn Write) -> Result<Exit, Failure> {
    let inventory = observe(root)?;
    if !inventory.is_control_plane() {
        let failure = Failure::new(
            Exit::ActionNeeded,
            format!(
                "{} is no control-plane node of kubeadm's",
                root.path().display()
            ),
        );
        return Err(failure
            .hint("name the folder of a node with --root")
            .runbook(RefusalCode::NoNode.runbook()));
    }
    let within = time::Duration::try_from(arguments.within).unwrap_or(time::Duration::MAX);
    let diagnosis = diagnose(&inventory, node::now(), within);
    let standing = Standing::of(root);
    match arguments.output {
        Output::Table => write_report(root, &diagnosis, &standing, out)?,
        Output::Json => write_json(&diagnosis, &standing, out)?,
    }
    Ok(if diagnosis.is_healthy() && standing.is_settled() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

/// The tables, what they do not say, and what to do next.
fn write_report(
    root: &Root,
    diagnosis: &Diagnosis,
    standing: &Standing,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns = terminal_columns();
    let mut certificates = Table::with_heading(heading("CERTIFICATE"));
    for finding in &diagnosis.certificates {
        certificates.push(cells(finding, diagnosis.at));
    }
    certificates.write(out, 0, columns)?;
    writeln!(out)?;
    // An authority signs itself: kubeadm's table of them has one column less.
    let without_authority = |mut row: Vec<Cell>| {
        row.remove(AUTHORITY_COLUMN);
        row
    };
    let mut authorities = Table::with_heading(without_authority(heading("CERTIFICATE AUTHORITY")));
    for finding in &diagnosis.authorities {
        authorities.push(without_authority(cells(finding, diagnosis.at)));
    }
    authorities.write(out, 0, columns)?;
    write_evidence(diagnosis, out)?;
    let copies = diagnosis.copies.iter();
    let stale = copies.filter(|copy| copy.state != CopyState::Current);
    write_copies(root, stale, out)?;
    write_summary(root, diagnosis, standing, out)
}

/// The place of `CERTIFICATE AUTHORITY` in a row.
const AUTHORITY_COLUMN: usize = 3;

fn heading(name: &str) -> Vec<Cell> {
    vec![
        name.into(),
        "EXPIRES".into(),
        Cell::from("RESIDUAL TIME").or("LEFT"),
        Cell::from("CERTIFICATE AUTHORITY").or("CA"),
        Cell::from("EXTERNALLY MANAGED").or("EXT"),
        "STATE".into(),
    ]
}

fn cells(finding: &Finding, now: OffsetDateTime) -> Vec<Cell> {
    let (expires, left) = match finding.validity {
        Some((_, not_after)) => (
            date_cell(not_after, Style::new()),
            residual(finding.residual(now)),
        ),
        None => (Cell::default(), String::new()),
    };
    let own_issuer = if finding.externally_managed {
        "(elsewhere)"
    } else {
        "(itself)"
    };
    vec![
        finding.name.into(),
        expires,
        left.into(),
        finding.authority.unwrap_or(own_issuer).into(),
        yes_no(finding.externally_managed).into(),
        Cell::styled(finding.state.as_str(), state_style(finding.state)),
    ]
}

/// Why something is in a state that no date explains.
fn write_evidence(diagnosis: &Diagnosis, out: &mut dyn Write) -> io::Result<()> {
    let findings = diagnosis.certificates.iter().chain(&diagnosis.authorities);
    let explained: Vec<(&str, &str)> = findings
        .filter_map(|finding| Some((finding.name, finding.evidence.as_deref()?)))
        .chain(
            diagnosis
                .obstacles
                .iter()
                .map(|obstacle| ("configuration", obstacle.as_str())),
        )
        .collect();
    if explained.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    for (name, evidence) in explained {
        writeln!(out, "{BAD}{name}{BAD:#}: {}", printable(evidence))?;
    }
    Ok(())
}

fn write_summary(
    root: &Root,
    diagnosis: &Diagnosis,
    standing: &Standing,
    out: &mut dyn Write,
) -> io::Result<()> {
    let needy = diagnosis
        .certificates
        .iter()
        .chain(&diagnosis.authorities)
        .filter(|finding| !finding.state.is_healthy())
        .count();
    writeln!(out)?;
    let is_healthy = needy == 0 && diagnosis.obstacles.is_empty();
    if is_healthy && standing.is_settled() {
        return writeln!(out, "All is valid; there is nothing to do.");
    }
    let all = diagnosis.certificates.len() + diagnosis.authorities.len();
    let all = count(all, "certificate");
    if standing.is_settled() {
        let plan = root.command("plan");
        return writeln!(
            out,
            "{needy} of {all} need something. What would be done: {plan}"
        );
    }
    // Nothing else is done before that is settled.
    if is_healthy {
        writeln!(out, "All certificates are valid.")?;
    } else {
        writeln!(out, "{needy} of {all} need something.")?;
    }
    standing.write(root, out)
}

/// kubeadm's `CertificateExpirationInfo` (`output.kubeadm.k8s.io/v1alpha3`), with more in each entry.
#[derive(Serialize)]
struct CertificateExpirationInfo<'a> {
    kind: &'static str,
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    certificates: Vec<CertificateInfo<'a>>,
    #[serde(rename = "certificateAuthorities")]
    certificate_authorities: Vec<CertificateInfo<'a>>,
    /// Ours: copies of the credentials of administrators in home folders.
    #[serde(rename = "kubeconfigCopies", skip_serializing_if = "Vec::is_empty")]
    kubeconfig_copies: Vec<CopyDocument<'a>>,
    /// Ours: files that could not be understood.
    obstacles: Vec<String>,
    /// Ours: the run that was interrupted.
    #[serde(rename = "unfinishedRun", skip_serializing_if = "Option::is_none")]
    unfinished_run: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateInfo<'a> {
    name: &'a str,
    expiration_date: Option<String>,
    residual_time: i64,
    externally_managed: bool,
    #[serde(rename = "caName", skip_serializing_if = "Option::is_none")]
    authority: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
    state: &'static str,
    start_date: Option<String>,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a str>,
}

fn write_json(diagnosis: &Diagnosis, standing: &Standing, out: &mut dyn Write) -> io::Result<()> {
    let mut obstacles = diagnosis.obstacles.clone();
    let unfinished_run = match standing {
        Standing::Settled => None,
        Standing::Unfinished(interrupted) => Some(interrupted.run.as_str()),
        Standing::Unknown(error) => {
            obstacles.push(with_causes(error));
            None
        }
    };
    let entries = |findings| entries(findings, diagnosis.at);
    let info = CertificateExpirationInfo {
        kind: "CertificateExpirationInfo",
        api_version: "output.kubeadm.k8s.io/v1alpha3",
        certificates: entries(&diagnosis.certificates),
        certificate_authorities: entries(&diagnosis.authorities),
        kubeconfig_copies: diagnosis.copies.iter().map(CopyDocument::from).collect(),
        obstacles,
        unfinished_run,
    };
    serde_json::to_writer_pretty(&mut *out, &info).map_err(io::Error::from)?;
    writeln!(out)
}

fn entries(findings: &[Finding], now: OffsetDateTime) -> Vec<CertificateInfo<'_>> {
    findings
        .iter()
        .map(|finding| CertificateInfo {
            name: finding.name,
            expiration_date: finding.validity.map(|(_, not_after)| timestamp(not_after)),
            residual_time: finding.residual(now).whole_seconds(),
            externally_managed: finding.externally_managed,
            authority: finding.authority,
            missing: finding.state == State::Missing,
            state: finding.state.as_str(),
            start_date: finding
                .validity
                .map(|(not_before, _)| timestamp(not_before)),
            path: finding.path.display().to_string(),
            evidence: finding.evidence.as_deref(),
        })
        .collect()
}
