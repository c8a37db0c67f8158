//! `rekindle csr export`: requests for what this node cannot sign itself.

use std::io::{self, Write};

use super::super::arguments::CsrExport;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::observed::observe_control_plane;
use super::super::out_folder::demand_folder;
use super::super::render::{BOLD, WARNING, date_cell, printable};
use super::super::table::{Cell, Table, terminal_columns};
use super::{REQUESTS, pending};
use crate::csr::{self, RequestBundle, Skipped};
use crate::diagnosis::{Finding, State, diagnose};
use crate::digest::Sha256Digest;
use crate::node::{self, Root, create_operand_with};
use anstyle::Style;

/// Writes a request for each certificate that needs something, and one sealed bundle of all of them.
pub fn export(root: &Root, arguments: &CsrExport, out: &mut dyn Write) -> Result<Exit, Failure> {
    let folder = &arguments.out;
    demand_folder(folder)?;
    let request = arguments.request()?;
    let inventory = observe_control_plane(root)?;
    let now = node::now();
    let within = time::Duration::try_from(request.within).unwrap_or(time::Duration::MAX);
    let diagnosis = diagnose(&inventory, now, within);
    let selected = |finding: &Finding| {
        request.selects(finding.name)
            && (request.force || !matches!(finding.state, State::Valid | State::ExternallyManaged))
    };
    let (bundle, skipped) = csr::export(
        &inventory,
        &diagnosis.certificates,
        selected,
        arguments.validity.as_secs(),
        node::machine().name,
        now,
    )
    .map_err(|error| Failure::of(Exit::Failed, &error))?;
    if bundle.requests.is_empty() {
        write_skipped(&skipped, out)?;
        writeln!(
            out,
            "There is nothing to ask for: nothing whose authority's key is elsewhere can be had again and needs it."
        )?;
        return Ok(if skipped.is_empty() {
            Exit::Done
        } else {
            Exit::ActionNeeded
        });
    }
    let (bytes, fingerprint) = bundle
        .seal()
        .map_err(|error| Failure::of(Exit::Failed, &error))?;
    root.write_private(&pending(fingerprint), &bytes)
        .map_err(|error| Failure::of_file("requests", &error))?;
    let files = bundle
        .requests
        .iter()
        .map(|one| (format!("{}.csr", one.name), one.request.pem().into_bytes()));
    for (name, bytes) in files.chain([(REQUESTS.to_owned(), bytes.clone())]) {
        create_operand_with(&folder.join(name), &bytes).map_err(|error| {
            Failure::of(Exit::Failed, &error)
                .hint("name a folder that has nothing of that name yet")
        })?;
    }
    write_report(root, &bundle, &skipped, fingerprint, arguments, out)?;
    Ok(if skipped.is_empty() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

fn write_report(
    root: &Root,
    bundle: &RequestBundle,
    skipped: &[Skipped],
    fingerprint: Sha256Digest,
    arguments: &CsrExport,
    out: &mut dyn Write,
) -> io::Result<()> {
    let folder = arguments.out.display().to_string();
    writeln!(out, "{BOLD}Requests{BOLD:#} in {}", printable(&folder))?;
    let mut table = Table::with_heading(vec![
        "CERTIFICATE".into(),
        "TO BE SIGNED BY".into(),
        "ENDS".into(),
        Cell::from("SUBJECT").or(""),
    ]);
    for one in &bundle.requests {
        table.push(vec![
            one.name.as_str().into(),
            one.authority.as_str().into(),
            date_cell(one.certificate.not_after(), Style::new()),
            Cell::from(printable(&one.certificate.subject())).or(""),
        ]);
    }
    table.write(out, 2, terminal_columns())?;
    write_skipped(skipped, out)?;
    writeln!(out, "\nSealed by sha256:{fingerprint}")?;
    writeln!(
        out,
        "\nWhere the authority's key is: rekindle csr sign {REQUESTS} --ca-dir DIR --expect {fingerprint} --out answer.rekindle\n\
         Any other authority signs NAME.csr; here then: {} answer.rekindle, or --certificate NAME=FILE",
        root.command("csr import")
    )
}

fn write_skipped(skipped: &[Skipped], out: &mut dyn Write) -> io::Result<()> {
    for one in skipped {
        writeln!(
            out,
            "{WARNING}Not asked for{WARNING:#}: {}: {}",
            one.name,
            printable(&one.reason)
        )?;
    }
    Ok(())
}
