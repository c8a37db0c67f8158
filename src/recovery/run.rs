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
