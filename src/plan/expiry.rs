//! The opposite of a recovery: every certificate ends in the past, to drill and to test with. The steps and their
//! issuance are the same; the dates are not.

use time::{Duration, OffsetDateTime};

use super::draft::Draft;
use super::signer::second;
use super::{ReSign, RecoveryPlan, RefusalCode, Step};
use crate::diagnosis::{Finding, State, diagnose};
use crate::inventory::{CredentialEntry, Inventory};
use crate::pki::Validity;

/// kubeadm's `certificateValidityPeriod`.
const YEAR: Duration = Duration::days(365);

/// Plans to back-date every certificate that can be signed again here, one that has expired already too: to a year that
/// ended a day before `now`, or to as much of it as the authority has seen. Of an authority that is not a day old, to
/// the first half of its life so far.
pub fn plan_expiry(inventory: &Inventory, now: OffsetDateTime) -> RecoveryPlan {
    let diagnosis = diagnose(inventory, now, Duration::ZERO);
    let mut draft = Draft::new(inventory, inventory.digest(), &diagnosis, now);
    if draft.check_node(false) {
        for (entry, finding) in inventory.credentials.iter().zip(&diagnosis.certificates) {
            decide(&mut draft, entry, finding);
        }
        draft.check_whole();
    }
    draft.plan
}

fn decide(draft: &mut Draft<'_>, entry: &CredentialEntry, finding: &Finding) {
    match finding.state {
        State::Missing => draft.leave_missing(entry, finding),
        State::Unreadable | State::CannotSign => draft.refuse_unreadable(entry),
        State::KeyMismatch => draft.refuse_mismatch(finding),
        State::WrongIssuer if !finding.externally_managed => draft.refuse_issuer(
            finding,
            "only certificates of the node's own authorities can be back-dated",
        ),
        State::Valid
        | State::NamesMissing
        | State::Expiring
        | State::Expired
        | State::NotYetValid
        | State::WrongIssuer
        | State::ExternallyManaged
        | State::AuthorityExpired => back_date(draft, entry, finding),
    }
}

fn back_date(draft: &mut Draft<'_>, entry: &CredentialEntry, finding: &Finding) {
    let Ok(signer) = draft.signer(entry, finding) else {
        return;
    };
    match past(draft.now, signer) {
        Ok(validity) => draft.plan.steps.push(Step::ReSign(ReSign {
            name: finding.name,
            authority: entry.issuer.authority(),
            location: entry.location.clone(),
            state: finding.state,
            validity,
            new_key: None,
            additional_names: Vec::new(),
        })),
        Err(TooYoung { not_before }) => {
            let evidence = format!(
                "its authority is valid since {}; now is {}",
                second(not_before),
                second(draft.now)
            );
            let remedy = "wait a few seconds: nothing can have expired before its authority began";
            draft.refuse(
                RefusalCode::AuthorityNotYetValid,
                finding.name,
                evidence,
                remedy,
            );
        }
    }
}

/// An authority whose life so far has no room for a certificate that has ended.
#[derive(Debug, PartialEq, Eq)]
struct TooYoung {
    not_before: OffsetDateTime,
}

fn past(now: OffsetDateTime, authority: Option<Validity>) -> Result<Validity, TooYoung> {
    let year = Validity::ending_at(now.saturating_sub(Duration::DAY), YEAR);
    authority.map_or(Ok(year), |authority| {
        within(year, authority.not_before, now)
    })
}

/// As much of `year` as lies behind `authority_not_before`.
fn within(
    year: Validity,
    authority_not_before: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Validity, TooYoung> {
    let not_before = year.not_before.max(authority_not_before);
    if not_before < year.not_after {
        return Ok(Validity { not_before, ..year });
    }
    // Whole seconds, for a certificate holds no others.
    let half = Duration::seconds((now - authority_not_before).whole_seconds() / 2);
    if half < Duration::SECOND {
        return Err(TooYoung {
            not_before: authority_not_before,
        });
    }
    Ok(Validity {
        not_before: authority_not_before,
        not_after: authority_not_before.saturating_add(half),
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00:00.5 UTC);

    fn since(authority_not_before: OffsetDateTime) -> Result<Validity, TooYoung> {
        within(past(NOW, None).unwrap(), authority_not_before, NOW)
    }

    #[test]
    fn an_old_authority_had_a_whole_year_until_yesterday() {
        let year = Validity {
            not_before: datetime!(2025-11-23 12:00:00 UTC),
            not_after: datetime!(2026-11-23 12:00:00 UTC),
        };
        assert_eq!(past(NOW, None), Ok(year));
        assert_eq!(since(datetime!(2020-01-01 0:00 UTC)), Ok(year));
    }

    #[test]
    fn nothing_begins_before_its_authority() {
        let begin = datetime!(2026-11-23 11:59:59 UTC);
        let validity = Validity {
            not_before: begin,
            not_after: datetime!(2026-11-23 12:00:00 UTC),
        };
        assert_eq!(since(begin), Ok(validity));
    }

    #[test]
    fn of_a_young_authority_it_is_the_first_half_of_its_life() {
        for (begin, not_after) in [
            (
                datetime!(2026-11-23 12:00:00 UTC),
                datetime!(2026-11-24 0:00:00 UTC),
            ),
            (
                datetime!(2026-11-24 11:55:00 UTC),
                datetime!(2026-11-24 11:57:30 UTC),
            ),
            (
                datetime!(2026-11-24 11:59:58 UTC),
                datetime!(2026-11-24 11:59:59 UTC),
            ),
        ] {
            let validity = Validity {
                not_before: begin,
                not_after,
            };
            assert_eq!(since(begin), Ok(validity));
        }
    }

    #[test]
    fn an_authority_of_this_very_second_has_no_past() {
        let not_before = datetime!(2026-11-24 11:59:59 UTC);
        assert_eq!(since(not_before), Err(TooYoung { not_before }));
    }
}
