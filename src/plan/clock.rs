//! Whether the clock can be right: new certificates get their dates from it. Pure.

use time::{Duration, OffsetDateTime};

use super::signer::second;
use super::{Refusal, RefusalCode};
use crate::inventory::{Inventory, Trace, Witness};
use crate::kubernetes::AuthorityName;
use crate::pki::Certificate;

/// A right clock may be this far behind what was written: the step of a time service after boot.
const BEHIND: Duration = Duration::minutes(5);
/// A right clock may be this far ahead of the hardware clock, which may run in local time.
const AHEAD: Duration = Duration::days(1);

/// What speaks against `now`.
///
/// A clock *before* what was written is wrong. One *after* it is what a machine sees that was switched off for long, whatever the
/// distance; so that is held against what runs on whatever the clock is set to, as far as that can be right itself.
pub(super) fn clock_doubts(inventory: &Inventory, now: OffsetDateTime) -> Vec<Refusal> {
    let file = inventory.newest_file().map(|(path, written)| Trace {
        what: inventory.outside(path).display().to_string(),
        written,
    });
    let ca = inventory.authority(AuthorityName::Cluster);
    let ca = ca.and_then(|entry| entry.certificate(now));
    let earliest = file
        .iter()
        .map(|file| file.written)
        .chain(ca.map(Certificate::not_before))
        .max();
    let evidence = &inventory.clock;
    let behind = behind(now, file.iter().chain(&evidence.traces));
    let ahead = ahead(now, &evidence.witnesses, earliest);
    behind.into_iter().chain(ahead).collect()
}

/// The same in words of warning, for a person who says that the clock is right.
pub fn accepted_clock_doubts(inventory: &Inventory, now: OffsetDateTime) -> Vec<String> {
    let doubts = clock_doubts(inventory, now).into_iter();
    doubts
        .map(|doubt| format!("{}: accepted, as asked", doubt.evidence))
        .collect()
}

fn behind<'a>(now: OffsetDateTime, traces: impl Iterator<Item = &'a Trace>) -> Option<Refusal> {
    let later: Vec<String> = traces
        .filter(|trace| now + BEHIND < trace.written)
        .map(|trace| format!("{} was written at {}", trace.what, second(trace.written)))
        .collect();
    let evidence = format!("the clock says {}, but {}", second(now), later.join(", "));
    (!later.is_empty()).then(|| Refusal {
        code: RefusalCode::ClockBehind,
        subject: "clock".to_owned(),
        evidence,
        remedy: format!("{SET_IT} --accept-clock"),
    })
}

/// A witness before `earliest` is itself wrong, as a hardware clock with an empty battery is. One that agrees with the clock
/// is enough: the other may be of before a correction.
fn ahead(
    now: OffsetDateTime,
    witnesses: &[Witness],
    earliest: Option<OffsetDateTime>,
) -> Option<Refusal> {
    let can_be_right =
        |witness: &&Witness| earliest.is_none_or(|earliest| earliest <= witness.says + BEHIND);
    let witnesses: Vec<&Witness> = witnesses.iter().filter(can_be_right).collect();
    let disagree = |witness: &&Witness| witness.says + AHEAD < now;
    if witnesses.is_empty() || !witnesses.iter().all(disagree) {
        return None;
    }
    let say = |witness: &&Witness| {
        let Witness { what, says } = witness;
        format!("by {what}, it is {}", second(*says))
    };
    let said: Vec<String> = witnesses.iter().map(say).collect();
    Some(Refusal {
        code: RefusalCode::ClockAhead,
        subject: "clock".to_owned(),
        evidence: format!("the clock says {}, but {}", second(now), said.join("; ")),
        remedy: format!("{SET_IT} --accept-clock"),
    })
}

const SET_IT: &str = "set the clock right (timedatectl; chronyc tracking); if the clock is right:";

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-24 12:00 UTC);

    fn trace(written: OffsetDateTime) -> Trace {
        Trace {
            what: "/var/lib/etcd/member/wal/0.wal".to_owned(),
            written,
        }
    }

    fn witness(says: OffsetDateTime) -> Witness {
        Witness {
            what: "the hardware clock".to_owned(),
            says,
        }
    }

    #[test]
    fn a_clock_before_anything_that_was_written_is_behind_and_all_of_it_is_named() {
        let traces = [
            trace(NOW + Duration::minutes(4)),
            trace(NOW + Duration::minutes(6)),
            trace(NOW + Duration::days(400)),
        ];
        let refusal = behind(NOW, traces.iter()).unwrap();
        assert_eq!(refusal.code, RefusalCode::ClockBehind);
        assert!(!refusal.evidence.contains("12:04:00"), "{refusal:?}");
        for said in ["2026-11-24 12:06:00 UTC", "2027-12-29 12:00:00 UTC"] {
            assert!(refusal.evidence.contains(said), "{refusal:?}");
        }
        assert_eq!(behind(NOW, traces[..1].iter()), None);
    }

    /// Years after the last thing that was written: the machine was off.
    #[test]
    fn a_long_time_without_anything_written_is_no_evidence() {
        let written = [trace(NOW - Duration::days(3_000))];
        assert_eq!(behind(NOW, written.iter()), None);
        assert_eq!(ahead(NOW, &[], Some(NOW - Duration::days(3_000))), None);
    }

    #[test]
    fn a_clock_far_ahead_of_what_runs_by_itself_is_refused() {
        let earliest = Some(NOW - Duration::days(300));
        let at = |says| ahead(NOW, &[witness(says)], earliest);
        let refusal = at(NOW - Duration::days(200)).unwrap();
        assert_eq!(refusal.code, RefusalCode::ClockAhead);
        assert!(
            refusal
                .evidence
                .ends_with("by the hardware clock, it is 2026-05-08 12:00:00 UTC"),
            "{refusal:?}"
        );
        // A hardware clock in local time; one that is ahead itself.
        assert_eq!(at(NOW - Duration::hours(14)), None);
        assert_eq!(at(NOW + Duration::days(900)), None);
    }

    #[test]
    fn a_hardware_clock_without_a_battery_is_no_witness() {
        let file = NOW - Duration::days(300);
        let stuck = witness(datetime!(2000-01-01 00:00 UTC));
        assert_eq!(ahead(NOW, std::slice::from_ref(&stuck), Some(file)), None);
        // And does not speak for the clock either.
        let started = witness(NOW - Duration::days(200));
        assert!(ahead(NOW, &[stuck, started], Some(file)).is_some());
    }

    /// A virtual machine that was paused: its host knows the time.
    #[test]
    fn one_that_agrees_is_enough() {
        let witnesses = [witness(NOW), witness(NOW - Duration::days(200))];
        assert_eq!(ahead(NOW, &witnesses, None), None);
        assert!(ahead(NOW, &witnesses[1..], None).is_some());
    }
}
