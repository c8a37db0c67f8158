//! A node in numbers.

use time::OffsetDateTime;

use super::Look;
use crate::diagnosis::State;

/// How many certificates there are, and how many of them are in what kind of state.
pub(super) struct Tally {
    /// All of them, authorities too.
    pub(super) all: usize,
    /// Past their end, or their authority is.
    pub(super) expired: usize,
    /// Good, but not for long, or not for every name.
    pub(super) expiring: usize,
    /// What no date explains: missing, unreadable, of another authority.
    pub(super) faulty: usize,
    /// When the first of them ends.
    pub(super) first_end: Option<OffsetDateTime>,
}

impl Tally {
    pub(super) fn of(look: &Look) -> Self {
        let mut tally = Self {
            all: 0,
            expired: 0,
            expiring: 0,
            faulty: 0,
            first_end: None,
        };
        let diagnosis = &look.diagnosis;
        for finding in diagnosis.certificates.iter().chain(&diagnosis.authorities) {
            tally.all += 1;
            let number = match finding.state {
                State::Valid | State::ExternallyManaged => None,
                State::Expired | State::AuthorityExpired => Some(&mut tally.expired),
                State::Expiring | State::NamesMissing => Some(&mut tally.expiring),
                State::NotYetValid
                | State::Missing
                | State::Unreadable
                | State::KeyMismatch
                | State::WrongIssuer
                | State::CannotSign => Some(&mut tally.faulty),
            };
            if let Some(number) = number {
                *number += 1;
            }
            if let Some((_, not_after)) = finding.validity {
                tally.first_end = Some(
                    tally
                        .first_end
                        .map_or(not_after, |first| first.min(not_after)),
                );
            }
        }
        tally
    }
}
