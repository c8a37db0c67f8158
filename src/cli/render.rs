//! Dates, durations and states in the words of kubeadm's tables.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use super::table::Cell;
use crate::diagnosis::State;
use crate::elision::elide;

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const BOLD: Style = Style::new().bold();

/// `Nov 23, 2026 20:56 UTC`, as kubeadm prints it.
pub(super) fn date(moment: OffsetDateTime) -> String {
    moment
        .format(format_description!(
            "[month repr:short] [day], [year] [hour]:[minute] UTC"
        ))
        .unwrap_or_else(|_| moment.to_string())
}

/// A date in a table: with the time of day where there is room.
pub(super) fn date_cell(moment: OffsetDateTime, style: Style) -> Cell {
    Cell::styled(date(moment), style).or(day(moment))
}

/// `Nov 23, 2026`.
pub(super) fn day(moment: OffsetDateTime) -> String {
    moment
        .format(format_description!("[month repr:short] [day], [year]"))
        .unwrap_or_else(|_| moment.to_string())
}

/// `2026-11-23T20:56:30Z`, with all digits of a second that it has.
pub(super) fn timestamp(moment: OffsetDateTime) -> String {
    moment
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap_or_else(|_| moment.to_string())
}

/// The largest unit alone, as kubeadm prints it: `364d`, `9y`; in the past, how long ago.
pub(super) fn residual(left: Duration) -> String {
    if left.is_negative() {
        return format!("{} ago", largest_unit(-left));
    }
    largest_unit(left)
}

fn largest_unit(duration: Duration) -> String {
    let units = [
        (duration.whole_days() / 365, "y"),
        (duration.whole_days(), "d"),
        (duration.whole_hours(), "h"),
        (duration.whole_minutes(), "m"),
    ];
    units
        .into_iter()
        .find(|(number, _)| *number > 0)
        .map_or_else(
            || format!("{}s", duration.whole_seconds()),
            |(number, unit)| format!("{number}{unit}"),
        )
}

/// `365d`, `24h1m`, `9001h`: exact, in one word that the option of a duration takes.
pub(super) fn span(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    if seconds > 0 && seconds.is_multiple_of(86_400) {
        return format!("{}d", seconds / 86_400);
    }
    let units = [
        (seconds / 3_600, "h"),
        (seconds % 3_600 / 60, "m"),
        (seconds % 60, "s"),
    ];
    let told = units.iter().filter(|(number, _)| *number > 0);
    let words: Vec<String> = told
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if words.is_empty() {
        return "0s".to_owned();
    }
    words.concat()
}

/// The colour of a state.
pub(super) fn state_style(state: State) -> Style {
    match state {
        State::Valid | State::ExternallyManaged => GOOD,
        State::Expiring | State::NamesMissing => WARNING,
        _ => BAD,
    }
}

/// What was read may come from anywhere: no control character of it reaches the terminal, and nothing that may be a key.
pub(super) fn printable(text: &str) -> String {
    without_controls(&elide(text))
}

/// The same for base64 that is none: a checkpoint's root.
pub(super) fn without_controls(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}

/// The version of the documents that are Rekindle's own: fields are added to one, never renamed or removed.
pub(super) const API_VERSION: &str = "rekindle.dev/v1";

/// A document for programs, indented for people who look at it.
pub(super) fn write_document(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document).map_err(io::Error::from)?;
    writeln!(out)
}

/// One of several documents: a line each (JSON Lines).
pub(super) fn write_line(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, document).map_err(io::Error::from)?;
    writeln!(out)
}

pub(super) fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// `1 certificate`, `2 certificates`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_back() {
        for text in ["365d", "9001h", "1h30m", "1m1s", "24h1m", "30m", "0s"] {
            assert_eq!(span(humantime::parse_duration(text).unwrap()), text);
        }
        assert_eq!(span(std::time::Duration::from_hours(8760)), "365d");
    }

    #[test]
    fn the_largest_unit_is_enough() {
        assert_eq!(residual(Duration::days(364) + Duration::hours(3)), "364d");
        assert_eq!(residual(Duration::days(3649)), "9y");
        assert_eq!(residual(-Duration::minutes(90)), "1h ago");
        assert_eq!(residual(Duration::ZERO), "0s");
    }
}
