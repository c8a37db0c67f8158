//! `rekindle csr sign`: on the machine that has the authority's key.

use std::io::{self, Write};
use std::path::Path;

use time::OffsetDateTime;

use super::super::arguments::CsrSign;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::prompt::{confirm, demand_terminal};
use super::super::render::{BOLD, GOOD, WARNING, count, date, date_cell, printable};
use super::super::table::{Cell, Table, terminal_columns};
use super::unusable;
use crate::csr::{
    Answer, Judged, RequestBundle, RequestedCertificate, SignedCertificate, judge, sign as sign_one,
};
use crate::digest::Sha256Digest;
use crate::inventory::{Inventory, authorities_beneath};
use crate::node::{self, LARGEST_OPERAND, Root, create_operand_with, read_operand};
use crate::pki::{Authority, Validity};
use crate::plan::{Refusal, RefusalCode};
use anstyle::Style;

const EXPLANATION: &str = "An authority here signs again what it has signed before, for the same key: subject, names and\n\
    usages are those of the old certificate. Compare the fingerprint with what `csr export` printed on\n\
    the node: nobody else can say that these are the node's own requests.\n";

/// Signs what the bundle asks for, all of it or nothing.
pub fn sign(root: &Root, arguments: &CsrSign, out: &mut dyn Write) -> Result<Exit, Failure> {
    let path = &arguments.requests;
    let bytes = read_operand(path, LARGEST_OPERAND)
        .map_err(|error| Failure::of_file("requests", &error))?;
    let (bundle, fingerprint) = RequestBundle::open(&bytes, arguments.expect).map_err(|error| {
        let remedy =
            "bring it again from the node, and compare the fingerprint: rekindle csr export";
        Failure::refused(&[unusable(path, &error, remedy)])
    })?;
    let now = node::now();
    let authorities = authorities(root, arguments.ca_dir.as_deref(), now)?;
    let (fit, elsewhere) = sort_out(path, &bundle, &authorities)?;
    if arguments.yes && arguments.expect.is_none() {
        return Err(Failure::usage(
            "with --yes the fingerprint of the requests has to be named: --expect SHA256, as `csr export` printed it",
        ));
    }
    let validity = arguments
        .validity
        .min(std::time::Duration::from_secs(bundle.validity_seconds));
    write_intention(&bundle, &fit, &elsewhere, fingerprint, validity, now, out)?;
    if !arguments.yes {
        demand_terminal()?;
        if !confirm("Sign them?", out, |out| writeln!(out, "{EXPLANATION}"))? {
            writeln!(out, "Nothing was signed.")?;
            return Ok(Exit::ActionNeeded);
        }
    }
    let mut certificates: Vec<SignedCertificate> = Vec::new();
    for (requested, authority) in &fit {
        let signed = sign_one(requested, authority, validity, now)
            .map_err(|error| Failure::of(Exit::Failed, &error).hint("nothing was written"))?;
        certificates.push(signed);
    }
    let answer = Answer {
        requests: fingerprint,
        signed_at: now.truncate_to_second(),
        signed_by: node::machine().name,
        certificates,
    };
    let Some((_, authority)) = fit.first() else {
        return Err(Failure::new(Exit::Failed, "there is nothing to sign"));
    };
    let bytes = answer
        .seal(authority)
        .map_err(|error| Failure::of(Exit::Failed, &error).hint("nothing was written"))?;
    create_operand_with(&arguments.out, &bytes).map_err(|error| {
        Failure::of(Exit::Failed, &error).hint("name a file that does not exist yet")
    })?;
    let file = printable(&arguments.out.display().to_string());
    writeln!(
        out,
        "{GOOD}Signed{GOOD:#} {}, in {file}. On the node: rekindle csr import {file}",
        count(answer.certificates.len(), "certificate")
    )?;
    Ok(if elsewhere.is_empty() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

/// The authorities whose keys are here: in a folder laid out as kubeadm's, or on this node.
fn authorities(
    root: &Root,
    folder: Option<&Path>,
    now: OffsetDateTime,
) -> Result<Vec<Authority>, Failure> {
    let found = match folder {
        Some(folder) => {
            let beneath = Root::open(folder).map_err(|error| Failure::of_file("CA", &error))?;
            authorities_beneath(&beneath)
        }
        None => Inventory::observe(root).authorities,
    };
    let mut authorities = Vec::new();
    let mut refusals = Vec::new();
    for mut entry in found {
        let name = entry.name;
        let certificates = match (&entry.certificates, &entry.key) {
            (Ok(certificates), Ok(_)) => certificates.clone(),
            (_, Err(error)) | (Err(error), _) if !error.is_not_found() => {
                refusals.push(Refusal::of_observation(name.as_str(), error));
                continue;
            }
            _ => continue,
        };
        let Some(key) = entry.take_key() else {
            continue;
        };
        match Authority::new(&certificates, key, now) {
            Ok(authority) => authorities.push(authority),
            Err(error) => {
                return Err(Failure::of(Exit::Refused, &error).hint("nothing was signed"));
            }
        }
    }
    if !refusals.is_empty() {
        return Err(Failure::refused(&refusals));
    }
    if authorities.is_empty() {
        return Err(
            Failure::new(Exit::Refused, "there is no authority here with its key")
                .hint("name the folder with ca.crt and ca.key: --ca-dir DIR"),
        );
    }
    Ok(authorities)
}

type Fit<'a> = Vec<(&'a RequestedCertificate, &'a Authority)>;

/// Who signs what; fails if anything is not as it says.
fn sort_out<'a>(
    path: &Path,
    bundle: &'a RequestBundle,
    authorities: &'a [Authority],
) -> Result<(Fit<'a>, Vec<&'a RequestedCertificate>), Failure> {
    let (mut fit, mut elsewhere, mut refusals) = (Vec::new(), Vec::new(), Vec::new());
    for requested in &bundle.requests {
        match judge(requested, authorities) {
            Judged::Fit(authority) => fit.push((requested, authority)),
            Judged::Elsewhere => elsewhere.push(requested),
            Judged::Unfit(reason) => refusals.push(Refusal {
                code: RefusalCode::RequestsUnusable,
                subject: requested.name.clone(),
                evidence: format!("{}: {reason}", path.display()),
                remedy: "find out who made it; make new ones on the node: rekindle csr export"
                    .to_owned(),
            }),
        }
    }
    if fit.is_empty() && refusals.is_empty() {
        refusals.push(Refusal {
            code: RefusalCode::RequestsUnusable,
            subject: path.display().to_string(),
            evidence: "no authority here has ever signed one of the certificates that it asks for"
                .to_owned(),
            remedy: "take it to the machine that has the key of that authority".to_owned(),
        });
    }
    if refusals.is_empty() {
        return Ok((fit, elsewhere));
    }
    Err(Failure::refused(&refusals))
}

fn write_intention(
    bundle: &RequestBundle,
    fit: &Fit<'_>,
    elsewhere: &[&RequestedCertificate],
    fingerprint: Sha256Digest,
    validity: std::time::Duration,
    now: OffsetDateTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{BOLD}Asked for{BOLD:#} by {} at {}, sealed by sha256:{fingerprint}",
        printable(&bundle.created_by),
        date(bundle.created_at)
    )?;
    let mut table = Table::with_heading(vec![
        "CERTIFICATE".into(),
        "SIGNED BY".into(),
        "UNTIL".into(),
        "SUBJECT".into(),
    ]);
    for (requested, authority) in fit {
        let issuer = authority.certificate();
        let until = Validity::starting_at(now, validity, Some(issuer)).not_after;
        table.push(vec![
            printable(&requested.name).into(),
            printable(&issuer.subject()).into(),
            date_cell(until, Style::new()),
            Cell::from(printable(&requested.certificate.subject())),
        ]);
    }
    table.write(out, 2, terminal_columns())?;
    for (requested, _) in fit {
        let names = requested.certificate.subject_alternative_names();
        if !names.is_empty() {
            let name = printable(&requested.name);
            writeln!(out, "  {name} for {}", printable(&names.join(", ")))?;
        }
        let masters = "system:masters";
        if requested.certificate.subject().contains(masters) {
            writeln!(
                out,
                "  {WARNING}{}{WARNING:#} is of {masters}: above every rule, and cannot be taken back",
                printable(&requested.name)
            )?;
        }
    }
    for requested in elsewhere {
        writeln!(
            out,
            "  {WARNING}left{WARNING:#} {}: no authority here has signed it before",
            printable(&requested.name)
        )?;
    }
    Ok(())
}
