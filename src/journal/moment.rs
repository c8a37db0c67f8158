//! Moments as records have them: RFC 3339, within the years that UTC has here.

use serde::{Deserializer, Serializer, de::Error};
use time::serde::rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// Writes it as RFC 3339 has it.
///
/// # Errors
/// What the format cannot express: years with more than four digits.
pub(super) fn serialize<S: Serializer>(
    moment: &OffsetDateTime,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    rfc3339::serialize(moment, serializer)
}

/// Reads it. A moment that is past the last year in UTC, though not in its own zone, is none: whoever shows it in UTC could not.
///
/// # Errors
/// What is no such moment.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<OffsetDateTime, D::Error> {
    let moment = rfc3339::deserialize(deserializer)?;
    match moment.checked_to_offset(UtcOffset::UTC) {
        Some(_) => Ok(moment),
        None => Err(D::Error::custom("a moment beyond the years that UTC has")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct One {
        #[serde(with = "super")]
        at: OffsetDateTime,
    }

    fn read(at: &str) -> Option<OffsetDateTime> {
        let one: Result<One, _> = serde_json::from_str(&format!("{{\"at\":\"{at}\"}}"));
        one.ok().map(|one| one.at)
    }

    #[test]
    fn each_has_a_place_in_utc() {
        assert!(read("9999-12-31T23:59:59Z").is_some());
        assert!(read("2026-11-29T01:00:00+02:00").is_some());
        assert!(read("9999-12-31T23:59:59-23:59").is_none());
        assert!(read("10000-01-01T00:00:00Z").is_none());
    }
}
