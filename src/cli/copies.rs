//! The copies that people have of the credentials of administrators, on the terminal and in JSON.

use std::io::{self, Write};

use anstyle::Style;
use serde::Serialize;

use super::render::{WARNING, date_cell, printable, timestamp};
use super::table::{Cell, Table, terminal_columns};
use crate::diagnosis::{CopyFinding, CopyState};
use crate::node::Root;

/// Those that stay as they are, and how to have them refreshed.
pub(super) fn write_copies<'a>(
    root: &Root,
    copies: impl IntoIterator<Item = &'a CopyFinding>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (unreadable, stale): (Vec<_>, Vec<_>) = copies
        .into_iter()
        .partition(|copy| copy.state == CopyState::Unreadable);
    if !stale.is_empty() {
        writeln!(out)?;
        writeln!(
            out,
            "{WARNING}Copies of the old credential{WARNING:#} (to refresh them: {})",
            root.command("recover --refresh-kubeconfigs")
        )?;
        let mut table = Table::default();
        for copy in stale {
            let until = copy.not_after;
            table.push(vec![
                copy.name.as_str().into(),
                Cell::from(format!("copy of {}", copy.originals.join(", "))).or("copy"),
                word(copy.state).into(),
                until.map_or_else(Cell::default, |end| date_cell(end, Style::new())),
            ]);
        }
        table.write(out, 2, terminal_columns())?;
    }
    for copy in unreadable {
        let evidence = copy.evidence.as_deref().unwrap_or_default();
        writeln!(out)?;
        writeln!(
            out,
            "{WARNING}Perhaps a copy, and not looked at{WARNING:#}: {}: {}",
            printable(&copy.name),
            printable(evidence)
        )?;
    }
    Ok(())
}

/// A copy that is as good as the original is listed where that is renewed: then it is the old one.
fn word(state: CopyState) -> &'static str {
    match state {
        CopyState::Current => "will be outdated",
        other => other.as_str(),
    }
}

/// A copy in JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CopyDocument<'a> {
    name: &'a str,
    path: String,
    copy_of: &'a [&'static str],
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a str>,
}

impl<'a> From<&'a CopyFinding> for CopyDocument<'a> {
    fn from(copy: &'a CopyFinding) -> Self {
        Self {
            name: &copy.name,
            path: copy.path.display().to_string(),
            copy_of: &copy.originals,
            state: copy.state.as_str(),
            expiration_date: copy.not_after.map(timestamp),
            evidence: copy.evidence.as_deref(),
        }
    }
}
