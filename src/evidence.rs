//! Evidence in words: an error with what caused it on one line, a moment.

use std::error::Error;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::elision::elide;

/// `2026-11-24T03:12:45Z`: to the second, in UTC.
pub fn moment(moment: OffsetDateTime) -> String {
    // A moment with an offset may have no date in UTC: the year 10000.
    let utc = moment.checked_to_offset(time::UtcOffset::UTC);
    let second = utc.unwrap_or(moment).truncate_to_second();
    second
        .format(&Rfc3339)
        .unwrap_or_else(|_| moment.to_string())
}

/// `error: cause: cause of the cause`. An error that shows its source itself (transparent) is not repeated, and what may be
/// a key is cut short: a value of a file can stand in it.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    elide(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_is_told_to_the_second_in_utc() {
        for (at, words) in [
            (datetime!(2026-11-24 04:12:45.9 +1), "2026-11-24T03:12:45Z"),
            // Whoever writes a date may write any.
            (
                datetime!(9999-12-31 23:59:59 -23:59),
                "9999-12-31T23:59:59-23:59",
            ),
        ] {
            assert_eq!(moment(at), words);
        }
    }
}
