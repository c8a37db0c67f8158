//! What `check` says to people of one node.

use std::io::{self, Write};

use anstyle::Style;
use time::OffsetDateTime;

use crate::cli::copies::write_copies;
use crate::cli::render::{BAD, count, date_cell, printable, residual, state_style, yes_no};
use crate::cli::standing::Standing;
use crate::cli::table::{Cell, Table, terminal_columns};
use crate::diagnosis::{CopyState, Diagnosis, Finding};
use crate::node::Root;

/// The tables, what they do not say, and what to do next.
pub(super) fn write_report(
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
        if root.is_machine() {
            let verify = root.command("verify");
            return writeln!(
                out,
                "All is valid on the disk. Whether it is what runs: {verify}"
            );
        }
        return writeln!(out, "All is valid; there is nothing to do.");
    }
    let all = diagnosis.certificates.len() + diagnosis.authorities.len();
    let all = count(all, "certificate");
    if is_healthy {
        writeln!(out, "All certificates are valid.")?;
    } else if standing.is_open() {
        let plan = root.command("plan");
        writeln!(
            out,
            "{needy} of {all} need something. What would be done: {plan}"
        )?;
    } else {
        // Nothing else is done before that is settled.
        writeln!(out, "{needy} of {all} need something.")?;
    }
    standing.write(root, out)
}
