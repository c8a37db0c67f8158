//! The identifier of a run.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::pki::NoRandomness;

/// When the run began, to the millisecond, and a few random digits: sorts by time, and is unique on every node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId(String);

impl RunId {
    /// A new identifier for a run that begins `now`.
    pub fn new(now: OffsetDateTime) -> Result<Self, NoRandomness> {
        let mut random = [0; 3];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| NoRandomness)?;
        let second = now
            .format(format_description!(
                "[year][month][day]T[hour][minute][second].[subsecond digits:3]Z"
            ))
            .unwrap_or_else(|_| now.unix_timestamp().to_string());
        let [first, middle, last] = random;
        Ok(Self(format!("{second}-{first:02x}{middle:02x}{last:02x}")))
    }

    /// Whether a name is one that a run can have; a copy, or what somebody else put there, has another.
    pub fn is_well_formed(name: &str) -> bool {
        const SHAPE: &[u8] = b"00000000T000000.000Z-xxxxxx";
        name.len() == SHAPE.len()
            && name.bytes().zip(SHAPE).all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                b'x' => byte.is_ascii_hexdigit(),
                other => byte == *other,
            })
    }

    /// The identifier as text: letters, digits, `.` and `-`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn an_identifier_has_the_shape_that_it_is_known_by() {
        let run = RunId::new(datetime!(2026-11-24 03:12:45.118 UTC)).unwrap();
        assert!(RunId::is_well_formed(run.as_str()), "{run}");
        assert!(run.as_str().starts_with("20261124T031245.118Z-"), "{run}");
        for name in [
            "",
            "copy",
            "20261124T031245.118Z-1f5a9e.old",
            "20261124T031245.118Z-1f5a9",
            "20261124T031245.118Z-1f5a9\u{fffd}",
        ] {
            assert!(!RunId::is_well_formed(name), "{name}");
        }
    }
}
