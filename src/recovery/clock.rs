//! What makes the clock doubtful to a verb that would go on all the same. Pure.

use time::{Duration, OffsetDateTime};

use crate::pki::{Certificate, Validity};
use crate::plan::second;

/// So much earlier than what was written already the clock may be, as for files.
const TOLERANCE: Duration = Duration::minutes(5);

/// What is odd about `now`: the node's CA is not valid then, so that it cannot certify the key of a journal; or a journal here
/// was written later, `last`.
pub fn clock_doubts(
    now: OffsetDateTime,
    authorities: &[Certificate],
    last: Option<OffsetDateTime>,
) -> Vec<String> {
    let is_valid = |one: &Certificate| Validity::of(one).contains(now);
    let outside = authorities
        .first()
        .filter(|_| !authorities.iter().any(is_valid));
    let outside = outside.map(|authority| {
        format!(
            "the clock says {}, and the node's CA is valid from {} to {}: it cannot vouch for what is recorded now",
            second(now),
            second(authority.not_before()),
            second(authority.not_after())
        )
    });
    let behind = last.filter(|last| now + TOLERANCE < *last).map(|last| {
        format!(
            "the clock says {}, and the last record of a run on this node was written at {}: one of the two is wrong",
            second(now),
            second(last)
        )
    });
    outside.into_iter().chain(behind).collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_clock_before_the_last_record_is_doubtful() {
        let last = datetime!(2026-11-24 12:00 UTC);
        let at = |now| clock_doubts(now, &[], Some(last));
        assert!(at(datetime!(2026-11-24 12:00 UTC)).is_empty());
        assert!(at(datetime!(2026-11-24 11:55 UTC)).is_empty());
        let [doubt] = &at(datetime!(2026-11-24 10:00 UTC))[..] else {
            panic!("no doubt");
        };
        assert!(
            doubt.contains("2026-11-24 10:00:00 UTC") && doubt.contains("2026-11-24 12:00:00 UTC"),
            "{doubt}"
        );
        assert!(clock_doubts(datetime!(1970-01-01 00:00 UTC), &[], None).is_empty());
    }
}
