//! What `tokens audit` says to people.

use std::io::{self, Write};

use anstyle::Style;
use time::OffsetDateTime;

use super::super::render::{BOLD, GOOD, WARNING, count, printable, residual};
use super::super::table::{Cell, Table, terminal_columns};
use crate::evidence::moment;
use crate::node::Root;
use crate::token_audit::{Integrity, LongLivedToken, TokenAudit, Unseen, View};

/// How many pods are named in a row.
const PODS: usize = 3;

/// Writes what was found, where it was seen, what was not seen, and what to do.
pub(super) fn write_report(
    root: &Root,
    audit: &TokenAudit,
    now: OffsetDateTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !audit.tokens.is_empty() {
        write_tokens(audit, now, out)?;
        write_notes(audit, out)?;
        writeln!(out)?;
    }
    write_view(audit, out)?;
    for unseen in &audit.unseen {
        writeln!(
            out,
            "{WARNING}not seen:{WARNING:#} {}",
            printable(&unseen.to_string())
        )?;
    }
    let is_encrypted = |unseen: &Unseen| matches!(unseen, Unseen::Encrypted { .. });
    if audit.unseen.iter().any(is_encrypted) {
        writeln!(
            out,
            "What is encrypted the API server can read: {}",
            root.command("tokens audit")
        )?;
    }
    writeln!(out)?;
    write_summary(audit, out)
}

fn write_tokens(audit: &TokenAudit, now: OffsetDateTime, out: &mut dyn Write) -> io::Result<()> {
    let heading = [
        "NAMESPACE",
        "ACCOUNT",
        "SECRET",
        "AGE",
        "LAST USED",
        "MOUNTED BY",
    ];
    let mut table = Table::with_heading(heading.map(Cell::from).into());
    for token in &audit.tokens {
        table.push(vec![
            token.namespace.as_str().into(),
            token.account.as_deref().unwrap_or("-").into(),
            token.secret.as_str().into(),
            age(token, now).into(),
            last_used(token, audit.tracked_since.as_deref()),
            mounted_by(token).into(),
        ]);
    }
    table.write(out, 0, terminal_columns())
}

fn age(token: &LongLivedToken, now: OffsetDateTime) -> String {
    token.created.map_or_else(
        || "?".to_owned(),
        |created| residual((now - created).max(time::Duration::ZERO)),
    )
}

fn last_used(token: &LongLivedToken, tracked_since: Option<&str>) -> Cell {
    match (&token.last_used, tracked_since) {
        (Some(day), _) => Cell::styled(day, WARNING),
        (None, Some(since)) => Cell::styled(format!("not since {since}"), Style::new()),
        (None, None) => "?".into(),
    }
}

fn mounted_by(token: &LongLivedToken) -> String {
    let Some(pods) = &token.mounted_by else {
        return "?".to_owned();
    };
    let named = pods.iter().take(PODS).map(String::as_str);
    let named = named.collect::<Vec<_>>().join(", ");
    match pods.len() {
        0 => "no pod".to_owned(),
        number if number > PODS => format!("{named} and {} more", number - PODS),
        _ => named,
    }
}

/// What the table has no column for.
fn write_notes(audit: &TokenAudit, out: &mut dyn Write) -> io::Result<()> {
    let notes = audit.tokens.iter().filter_map(|token| {
        let mut words = Vec::new();
        if let Some(day) = &token.invalid_since {
            words.push(format!("refused by the API server since {day}"));
        }
        if token.is_being_deleted {
            words.push("deleted, and refused; a finalizer holds the Secret".to_owned());
        }
        if token.is_listed == Some(true) {
            words.push("listed by its account, as Kubernetes up to 1.23 made them".to_owned());
        }
        let words = words.join("; ");
        (!words.is_empty()).then(|| format!("{}/{}: {words}", token.namespace, token.secret))
    });
    for (number, note) in notes.enumerate() {
        if number == 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}", printable(&note))?;
    }
    Ok(())
}

/// Where it was seen, and as of when.
fn write_view(audit: &TokenAudit, out: &mut dyn Write) -> io::Result<()> {
    match &audit.view {
        View::Api => writeln!(
            out,
            "Asked: the API server of this node, of Secrets for the metadata alone."
        )?,
        View::Snapshot {
            revision,
            written,
            integrity,
            prefix,
        } => {
            let written = written.map_or_else(String::new, |written| {
                format!(", in a file written at {}", moment(written))
            });
            let prefix = printable(prefix);
            writeln!(
                out,
                "Seen: etcd beneath {prefix} as of its revision {revision}{written}. What came later is not in it."
            )?;
            let vouching = match integrity {
                Integrity::Checksum => "Its checksum holds.",
                Integrity::Nothing => {
                    "Nothing vouches that it is whole: it is no snapshot, but etcd's own file. Copied while etcd runs, it may be torn."
                }
            };
            writeln!(out, "{vouching}")?;
        }
    }
    Ok(())
}

fn write_summary(audit: &TokenAudit, out: &mut dyn Write) -> io::Result<()> {
    let is_whole = audit.unseen.is_empty();
    let number = audit.tokens.len();
    if number == 0 {
        return if is_whole {
            writeln!(out, "{GOOD}There is no token without an end.{GOOD:#}")
        } else {
            writeln!(
                out,
                "No token without an end was found; but not all could be looked at."
            )
        };
    }
    let refused = audit.tokens.iter().filter(|token| token.is_refused());
    let refused = match refused.count() {
        0 => String::new(),
        some => format!(", {some} of them refused already"),
    };
    let tokens = count(number, "token");
    let rest = if is_whole {
        ""
    } else {
        " Not all could be looked at: there may be more."
    };
    writeln!(out, "{BOLD}{tokens} without an end{refused}.{BOLD:#}{rest}")?;
    write!(out, "{ADVICE}")
}

/// What to do. Which label refuses a token, and that the day of its use is still written then: `legacy.go`.
const ADVICE: &str = "\
Whoever has copied such a token is that account for as long as the Secret is there. For each:
  1. Give its user a bound token. A pod: leave the token to Kubernetes, or ask for a projected volume (serviceAccountToken).
     Anything else: kubectl create token ACCOUNT -n NAMESPACE --duration 1h, asked for anew each time.
  2. Look whether it is still used: LAST USED, to the day; who: the API server's audit log.
  3. Refuse it, and look on for a week; this can be taken back:
     kubectl label secret SECRET -n NAMESPACE kubernetes.io/legacy-token-invalid-since=$(date -u +%F)
  4. Delete it: kubectl delete secret SECRET -n NAMESPACE
Kubernetes itself does 3 and 4 only with those that an account lists, after a year without use.
Step by step: rekindle runbook bound-tokens
";
