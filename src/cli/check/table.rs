//! What `check` says to people of one node.

use std::io::{self, Write};

use anstyle::Style;
use time::OffsetDateTime;

use crate::cli::copies::write_copies;
use crate::cli::fold::Form;
use crate::cli::render::{BAD, count, date_cell, day, printable, residual, state_style, yes_no};
use crate::cli::standing::Standing;
use crate::cli::table::{Cell, Table, terminal_columns};
use crate::diagnosis::{CopyState, Diagnosis, Finding, State};
use crate::node::Root;

/// The tables, what they do not say, and what to do next.
pub(super) fn write_report(
    root: &Root,
    diagnosis: &Diagnosis,
    standing: &Standing,
    out: &mut dyn Write,
) -> io::Result<()> {
    let write = |telling, out: &mut dyn Write| write_in(telling, root, diagnosis, standing, out);
    for telling in [Telling::Each, Telling::Unsound] {
        if !Form::that_fits(|out| write(telling, out))?.is_folded() {
            return write(telling, out);
        }
    }
    write(Telling::States, out)
}

/// How certificates are told of, for screens that are smaller and smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// Each in a row.
    Each,
    /// A row for each that needs something; the others together.
    Unsound,
    /// Those in the same state together.
    States,
}

fn write_in(
    telling: Telling,
    root: &Root,
    diagnosis: &Diagnosis,
    standing: &Standing,
    out: &mut dyn Write,
) -> io::Result<()> {
    let has_row = |finding: &&Finding| match telling {
        Telling::Each => true,
        Telling::Unsound => !finding.state.is_healthy(),
        Telling::States => false,
    };
    let has_rows = write_tables(diagnosis, has_row, out)?;
    let all = diagnosis.certificates.iter().chain(&diagnosis.authorities);
    let together: Vec<&Finding> = all.filter(|finding| !has_row(finding)).collect();
    if has_rows && !together.is_empty() {
        writeln!(out)?;
    }
    write_together(&together, diagnosis.at, out)?;
    write_evidence(diagnosis, out)?;
    let copies = diagnosis.copies.iter();
    let stale = copies.filter(|copy| copy.state != CopyState::Current);
    write_copies(root, stale, out)?;
    write_summary(root, diagnosis, standing, out)
}

/// A line for each state: who is in it, and when the first of them ends or ended.
fn write_together(
    findings: &[&Finding],
    now: OffsetDateTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut told: Vec<State> = Vec::new();
    for finding in findings {
        let state = finding.state;
        if told.contains(&state) {
            continue;
        }
        told.push(state);
        let alike = || findings.iter().filter(|other| other.state == state);
        let names: Vec<&str> = alike().map(|other| other.name).collect();
        let first = alike().filter_map(|other| Some(other.validity?.1)).min();
        let since = first.map_or_else(String::new, |first| {
            let verb = if first <= now { "ended" } else { "ends" };
            format!(" (the first {verb} {})", day(first))
        });
        let style = state_style(state);
        writeln!(
            out,
            "{style}{}{style:#}: {}{since}",
            state.as_str(),
            names.join(", ")
        )?;
    }
    Ok(())
}

/// The certificates, and the authorities, as far as each has a row; gives back whether one has.
fn write_tables(
    diagnosis: &Diagnosis,
    is_told: impl Fn(&&Finding) -> bool,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let columns = terminal_columns();
    let mut certificates = Table::with_heading(heading("CERTIFICATE"));
    for finding in diagnosis.certificates.iter().filter(&is_told) {
        certificates.push(cells(finding, diagnosis.at));
    }
    let has_certificates = !certificates.body().is_empty();
    if has_certificates {
        certificates.write(out, 0, columns)?;
    }
    // An authority signs itself: kubeadm's table of them has one column less.
    let without_authority = |mut row: Vec<Cell>| {
        row.remove(AUTHORITY_COLUMN);
        row
    };
    let mut authorities = Table::with_heading(without_authority(heading("CERTIFICATE AUTHORITY")));
    for finding in diagnosis.authorities.iter().filter(&is_told) {
        authorities.push(without_authority(cells(finding, diagnosis.at)));
    }
    if authorities.body().is_empty() {
        return Ok(has_certificates);
    }
    if has_certificates {
        writeln!(out)?;
    }
    authorities.write(out, 0, columns)?;
    Ok(true)
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
    let need = if needy == 1 { "needs" } else { "need" };
    if is_healthy {
        writeln!(out, "All certificates are valid.")?;
    } else if standing.is_open() {
        let plan = root.command("plan");
        writeln!(
            out,
            "{needy} of {all} {need} something. What would be done: {plan}"
        )?;
    } else {
        // Nothing else is done before that is settled.
        writeln!(out, "{needy} of {all} {need} something.")?;
    }
    standing.write(root, out)
}
