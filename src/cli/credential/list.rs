//! `rekindle credential list`: what was issued, and is still alive.

use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;
use time::OffsetDateTime;

use super::super::arguments::{CredentialList, Output};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::observed::observe_node;
use super::super::paragraph::write_lines;
use super::super::render::{BAD, BOLD, WARNING, count, date, printable, residual};
use super::list_json::write_json;
use super::record::{Issued, Life, Record};
use super::report::row;
use super::request::RUNBOOK;
use crate::inventory::trusted_authorities;
use crate::journal::Setting;
use crate::kubernetes::is_above_rbac;
use crate::node::{self, LARGEST_OPERAND, Root, read_operand};
use crate::pki::{Certificate, read_certificates};

const WHAT_IT_IS: [&str; 3] = [
    "This is the record of this node alone: each control plane with the CA's key has its own.",
    "Whoever removed the latest journals together with their checkpoints left no trace here: the tickets have them.",
    "Nothing ends a credential early but another CA; what RBAC binds to its user and groups can be removed.",
];

/// Lists them, and fails where a journal does not hold in which one was issued, or of which that cannot be told.
pub fn list(root: &Root, arguments: &CredentialList, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (authorities, missing) = authorities(root, arguments.ca.as_deref())?;
    let record =
        Record::read(root, &authorities).map_err(|error| Failure::of_file("journals", &error))?;
    if record.is_empty() {
        observe_node(root)?;
    }
    // Where no credential was issued there is nothing that a CA would have to vouch for.
    if let Some(failure) = missing.filter(|_| !record.credentials.is_empty()) {
        return Err(failure);
    }
    let now = node::now();
    // What nobody vouches for may lie about its end, too.
    let is_shown = |it: &&Issued| arguments.all || !it.is_verified || it.life(now).is_open();
    let shown: Vec<&Issued> = record.credentials.iter().filter(is_shown).collect();
    match arguments.output {
        Output::Json => write_json(&record, &shown, now, out)?,
        Output::Table => write_report(root, &record, &shown, now, out)?,
    }
    if record.is_whole() {
        return Ok(Exit::Done);
    }
    Err(not_whole(root, &record))
}

fn not_whole(root: &Root, record: &Record) -> Failure {
    let message = match (
        record.doubtful.as_slice(),
        record.missing_journals.as_slice(),
    ) {
        ([one], []) => format!(
            "the journal of the run {} does not verify: {}",
            one.run, one.why
        ),
        ([], [one]) => one.clone(),
        (doubtful, missing) => format!(
            "{} do not verify, or are missing",
            count(doubtful.len() + missing.len(), "journal")
        ),
    };
    let hint = format!(
        "believe nothing that they say of credentials, nor that this is all; see: {}; judge each: {}; of a CA that the cluster had before: --ca FILE",
        root.command("journal list"),
        root.command("journal verify RUN")
    );
    Failure::new(Exit::JournalInvalid, message)
        .hint(hint)
        .runbook(RUNBOOK)
}

/// The cluster's present CA, and the one that is named; where there is neither, what is to be said of that.
fn authorities(
    root: &Root,
    named: Option<&Path>,
) -> Result<(Vec<Certificate>, Option<Failure>), Failure> {
    let mut authorities = match named {
        Some(path) => {
            let bytes = read_operand(path, LARGEST_OPERAND).map_err(|error| {
                Failure::of(Exit::Usage, &error).hint("name a CA certificate in PEM")
            })?;
            read_certificates(&bytes).map_err(|error| {
                let message = format!("{}: {error}", path.display());
                Failure::new(Exit::Usage, message).hint("name a CA certificate in PEM")
            })?
        }
        None => Vec::new(),
    };
    match trusted_authorities(root) {
        Ok(own) => authorities.extend(own),
        Err(_) if named.is_some() => {}
        Err(error) => {
            let failure = Failure::of(Exit::Refused, &error)
                .hint("name the cluster's CA certificate: --ca FILE");
            return Ok((authorities, Some(failure)));
        }
    }
    Ok((authorities, None))
}

fn write_report(
    root: &Root,
    record: &Record,
    shown: &[&Issued],
    now: OffsetDateTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_doubts(record, out)?;
    let open = record.credentials.iter();
    let open = open.filter(|it| it.life(now).is_open()).count();
    match open {
        0 if record.is_empty() => writeln!(out, "No credential was issued here.")?,
        0 => writeln!(out, "No credential that was issued here is alive.")?,
        1 => writeln!(out, "1 credential that was issued here is alive.")?,
        open => writeln!(out, "{open} credentials that were issued here are alive.")?,
    }
    for issued in shown {
        writeln!(out)?;
        write_issued(issued, now, out)?;
    }
    writeln!(out)?;
    for paragraph in WHAT_IT_IS {
        write_lines(paragraph, Style::new(), 0, out)?;
    }
    if shown.len() < record.credentials.len() {
        let all = root.command("credential list --all");
        writeln!(out, "With those that have ended: {all}")?;
    }
    Ok(())
}

/// Before anything else: what follows may not be all.
fn write_doubts(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    for doubtful in &record.doubtful {
        let text = format!("{}: {}", doubtful.run, doubtful.why);
        writeln!(out, "{BAD}NOT VERIFIED{BAD:#} {}", printable(&text))?;
    }
    for words in &record.missing_journals {
        writeln!(out, "{BAD}MISSING{BAD:#} {}", printable(words))?;
    }
    if !record.is_whole() {
        writeln!(out, "{WARNING}This may not be all.{WARNING:#}\n")?;
    }
    Ok(())
}

fn write_issued(issued: &Issued, now: OffsetDateTime, out: &mut dyn Write) -> io::Result<()> {
    let life = issued.life(now);
    let style = if life.is_open() { WARNING } else { BOLD };
    let left = residual(issued.not_after - now);
    let left = match life {
        Life::Alive | Life::PerhapsAlive => format!(", {left} left"),
        Life::Ended => format!(", {left}"),
        Life::NeverHandedOut => String::new(),
    };
    write!(
        out,
        "{style}{}{style:#}  {}{left}",
        printable(&issued.user),
        life.words()
    )?;
    if !issued.is_verified {
        write!(out, "  {BAD}NOT VERIFIED{BAD:#}")?;
    }
    writeln!(out)?;
    row("until", &date(issued.not_after), out)?;
    let groups = if issued.groups.is_empty() {
        "none".to_owned()
    } else {
        issued.groups.join(", ")
    };
    let groups = if is_above_rbac(&issued.groups) {
        format!("{groups} (ABOVE RBAC: nothing can be taken from it)")
    } else {
        groups
    };
    row("groups", &groups, out)?;
    if let Some(setting) = &issued.setting {
        row("reason", setting.reason.as_deref().unwrap_or("none"), out)?;
        row("ticket", setting.ticket.as_deref().unwrap_or("none"), out)?;
        row("by", &who(setting), out)?;
    }
    row("server", &issued.server, out)?;
    row("serial", &issued.serial, out)?;
    if !issued.sealed_to.is_empty() {
        row("sealed to", &issued.sealed_to.join(", "), out)?;
    }
    row("run", &issued.run, out)
}

/// Whom the machine took the operator for.
fn who(setting: &Setting) -> String {
    let operator = &setting.operator;
    let login = operator
        .loginuid
        .map_or_else(String::new, |login| format!(", logged on as {login}"));
    let sudo = operator
        .sudo_user_claimed
        .as_ref()
        .map_or_else(String::new, |user| {
            format!(", by sudo from {user} (claimed)")
        });
    format!(
        "uid {}{login}{sudo}, on {}",
        operator.uid, setting.host.name
    )
}
