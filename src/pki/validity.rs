//! How long a certificate is valid.

use std::time::Duration;

use time::OffsetDateTime;

use super::Certificate;

/// The last date that a certificate can hold: "no well-defined expiration date" (RFC 5280 section 4.1.2.5).
const END_OF_TIME: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59 UTC);

/// From when until when a certificate is valid, both ends included; in whole seconds, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: OffsetDateTime,
    /// The last second.
    pub not_after: OffsetDateTime,
}

impl Validity {
    /// How long before `now` a validity begins: a clock that is a little behind ours must not find the certificate to be of
    /// the future; kubeadm does the same.
    pub const BACKDATING: time::Duration = time::Duration::minutes(5);

    /// From [`Self::BACKDATING`] before `now` until `lifetime` after it, but never outside the validity of the `authority`.
    pub fn starting_at(
        now: OffsetDateTime,
        lifetime: Duration,
        authority: Option<&Certificate>,
    ) -> Self {
        let seconds =
            time::Duration::seconds(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX));
        let own = Self {
            not_before: whole_seconds(now.saturating_sub(Self::BACKDATING)),
            not_after: whole_seconds(now.saturating_add(seconds)).min(END_OF_TIME),
        };
        match authority {
            None => own,
            Some(authority) => own.within(&Self::of(authority)),
        }
    }

    /// That of a certificate.
    pub fn of(certificate: &Certificate) -> Self {
        Self {
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
        }
    }

    /// Whether it is valid at that instant.
    pub fn contains(&self, instant: OffsetDateTime) -> bool {
        (self.not_before..=self.not_after).contains(&instant)
    }

    /// As much of it as lies within that of its `authority`.
    #[must_use]
    pub fn within(self, authority: &Self) -> Self {
        Self {
            not_before: self.not_before.max(authority.not_before),
            not_after: self.not_after.min(authority.not_after),
        }
    }

    /// `lifetime` long, until `not_after`.
    pub fn ending_at(not_after: OffsetDateTime, lifetime: time::Duration) -> Self {
        let not_after = whole_seconds(not_after);
        Self {
            not_before: whole_seconds(not_after.saturating_sub(lifetime)),
            not_after,
        }
    }
}

/// Certificates have no fractions of a second; cut off, as kubeadm's Go does.
fn whole_seconds(instant: OffsetDateTime) -> OffsetDateTime {
    instant
        .checked_to_offset(time::UtcOffset::UTC)
        .unwrap_or(END_OF_TIME)
        .replace_nanosecond(0)
        .unwrap_or(END_OF_TIME)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::OpenSsl;
    use time::macros::datetime;

    const YEAR: Duration = Duration::from_hours(8760);

    #[test]
    fn it_begins_five_minutes_ago_in_whole_seconds() {
        let validity = Validity::starting_at(datetime!(2026-11-24 01:02:03.9 +1), YEAR, None);
        assert_eq!(validity.not_before, datetime!(2026-11-23 23:57:03 UTC));
        assert_eq!(validity.not_after, datetime!(2027-11-24 00:02:03 UTC));
    }

    #[test]
    fn it_never_leaves_the_authoritys() {
        let authority = OpenSsl::new().authority("ca", "/CN=ca");
        let authority = authority.certificate();
        let early = Validity::starting_at(authority.not_before(), YEAR, Some(authority));
        assert_eq!(early.not_before, authority.not_before());
        assert_eq!(early.not_after, authority.not_before() + YEAR);
        let late = Validity::starting_at(authority.not_after() - YEAR, 2 * YEAR, Some(authority));
        assert_eq!(late.not_after, authority.not_after());
    }

    #[test]
    fn its_first_and_its_last_second_are_of_it() {
        let validity = Validity::starting_at(datetime!(2026-11-24 00:00 UTC), YEAR, None);
        let second = time::Duration::SECOND;
        for end in [validity.not_before, validity.not_after] {
            assert!(validity.contains(end));
        }
        assert!(!validity.contains(validity.not_before - second));
        assert!(!validity.contains(validity.not_after + second));
    }

    #[test]
    fn an_endless_lifetime_ends_with_the_year_9999() {
        let validity = Validity::starting_at(datetime!(2026-11-24 00:00 UTC), Duration::MAX, None);
        assert_eq!(validity.not_after, datetime!(9999-12-31 23:59:59 UTC));
    }
}
