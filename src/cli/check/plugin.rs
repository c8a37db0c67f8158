//! What `check` says to Nagios, Icinga and their like: one line, `SERVICE STATUS: text | performance data`, and the exit code (Monitoring
//! Plugins Development Guidelines, <https://www.monitoring-plugins.org/doc/guidelines.html>).

use std::io::{self, Write};

use super::Look;
use super::tally::Tally;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::{count, residual};
use crate::elision::elide;

/// How many certificates are named; the rest is counted.
const NAMED: usize = 3;

/// Writes the line of a node that was looked at.
pub(super) fn write_status(look: &Look, out: &mut dyn Write) -> io::Result<Exit> {
    let tally = Tally::of(look);
    let findings = || {
        look.diagnosis
            .certificates
            .iter()
            .chain(&look.diagnosis.authorities)
    };
    let mut needy: Vec<_> = findings()
        .filter(|finding| !finding.state.is_healthy())
        .collect();
    needy.sort_by_key(|finding| finding.validity.map(|(_, not_after)| not_after));
    let named = needy.iter().take(NAMED).map(|finding| {
        let name = finding.name;
        let state = finding.state.as_str();
        match finding.validity {
            Some(_) => format!(
                "{name} {state} ({})",
                residual(finding.residual(look.diagnosis.at))
            ),
            None => format!("{name} {state}"),
        }
    });
    let mut text: Vec<String> = named.collect();
    if needy.len() > NAMED {
        text.push(format!("and {} more", needy.len() - NAMED));
    }
    text.extend(look.standing.in_words().map(str::to_owned));
    if let Some(obstacle) = look.diagnosis.obstacles.first() {
        text.push(obstacle.clone());
    }
    if text.is_empty() {
        text.push(format!("{} valid", count(tally.all, "certificate")));
    }
    let days = tally
        .first_end
        .map(|end| (end - look.diagnosis.at).whole_days());
    let days = days.map_or_else(String::new, |days| format!(" days={days}"));
    let (status, exit) = status(&tally, look);
    writeln!(
        out,
        "REKINDLE {status}: {} |{days} expired={} expiring={} faulty={} all={}",
        line(&text.join(", ")),
        tally.expired,
        tally.expiring,
        tally.faulty,
        tally.all
    )?;
    Ok(exit)
}

fn status(tally: &Tally, look: &Look) -> (&'static str, Exit) {
    let is_critical = tally.expired + tally.faulty > 0
        || look.standing.waits_for_a_person()
        || !look.diagnosis.obstacles.is_empty();
    if is_critical {
        ("CRITICAL", Exit::PluginCritical)
    } else if look.is_healthy() {
        ("OK", Exit::Done)
    } else {
        ("WARNING", Exit::PluginWarning)
    }
}

/// Writes the line of a node that could not be looked at.
pub(super) fn write_failure(failure: &Failure, out: &mut dyn Write) -> io::Result<Exit> {
    writeln!(out, "REKINDLE UNKNOWN: {}", line(&failure.text()))?;
    Ok(Exit::PluginUnknown)
}

/// One line in which nothing begins the performance data, and that is not endless.
fn line(text: &str) -> String {
    const LONGEST: usize = 500;
    let text = elide(text);
    let letters = text.chars().take(LONGEST);
    letters
        .map(|letter| match letter {
            '|' => '/',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect()
}
