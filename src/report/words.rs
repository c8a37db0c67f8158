//! Moments and spans of time in words.

use time::macros::format_description;
use time::{Duration, OffsetDateTime};

/// `2026-11-24 03:12:45 UTC`.
pub(super) fn moment(moment: OffsetDateTime) -> String {
    moment
        .checked_to_offset(time::UtcOffset::UTC)
        .unwrap_or(moment)
        .format(format_description!(
            "[year]-[month]-[day] [hour]:[minute]:[second] UTC"
        ))
        .unwrap_or_else(|_| moment.to_string())
}

/// `2026-11-24`.
pub(super) fn day(moment: OffsetDateTime) -> String {
    let utc = moment.checked_to_offset(time::UtcOffset::UTC);
    utc.unwrap_or(moment).date().to_string()
}

/// How long something took: `340 µs`, `3.2 ms`, `9.24 s`, `4 min 5 s`, `2 h 10 min`, `3 d 4 h`.
#[allow(
    clippy::cast_precision_loss,
    reason = "below a minute: far within what a f64 carries"
)]
pub(super) fn span(span: Duration) -> String {
    let micros = span.whole_microseconds();
    match micros {
        ..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", micros as f64 / 1e3),
        1_000_000..60_000_000 => format!("{:.2} s", micros as f64 / 1e6),
        _ => coarse(span),
    }
}

/// A long span in its two largest units.
pub(super) fn coarse(span: Duration) -> String {
    let (days, hours) = (span.whole_days(), span.whole_hours() % 24);
    let (minutes, seconds) = (span.whole_minutes() % 60, span.whole_seconds() % 60);
    let (years, days_left) = (days / 365, days % 365);
    match (years, days, hours, minutes) {
        (1.., ..) => format!("{years} y {days_left} d"),
        (_, 1.., ..) => format!("{days} d {hours} h"),
        (_, _, 1.., _) => format!("{hours} h {minutes} min"),
        (_, _, _, 1..) => format!("{minutes} min {seconds} s"),
        _ => format!("{seconds} s"),
    }
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_the_unit_that_fits() {
        assert_eq!(span(Duration::microseconds(340)), "340 µs");
        assert_eq!(span(Duration::microseconds(3_240)), "3.2 ms");
        assert_eq!(span(Duration::milliseconds(9_240)), "9.24 s");
        assert_eq!(span(Duration::seconds(245)), "4 min 5 s");
        assert_eq!(span(Duration::hours(76)), "3 d 4 h");
        assert_eq!(coarse(Duration::days(800)), "2 y 70 d");
    }
}
