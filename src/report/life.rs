//! The life of each certificate before and after a run.

use time::OffsetDateTime;

use super::change::Standing;
use super::text::shown;
use super::words::{coarse, day};
use crate::journal::{CertificateFacts, Change};
use crate::pki::Certificate;

/// From when to when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: OffsetDateTime,
    pub(super) until: OffsetDateTime,
}

impl From<&CertificateFacts> for Validity {
    fn from(facts: &CertificateFacts) -> Self {
        Self {
            from: facts.not_before,
            until: facts.not_after,
        }
    }
}

/// One certificate.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) name: String,
    /// Where it lies: in several files where one certificate is in each of them, as an authority's is.
    pub(super) targets: Vec<String>,
    pub(super) before: Option<Validity>,
    pub(super) after: Option<Validity>,
    pub(super) standing: Standing,
    /// Whether its key is another one.
    pub(super) rekeyed: bool,
}

impl Life {
    /// That of a change that is about a certificate.
    pub(super) fn of(change: &Change, standing: Standing) -> Option<Self> {
        let certificate = change.certificate.as_ref()?;
        let before = certificate.before.as_ref();
        Some(Self {
            name: shown(&change.name),
            targets: vec![shown(&change.target)],
            before: before.map(Validity::from),
            after: Some(Validity::from(&certificate.after)),
            standing,
            rekeyed: before.is_some_and(|old| old.spki_sha256 != certificate.after.spki_sha256),
        })
    }

    /// That of the authority, which the run left as it was.
    pub(super) fn of_authority(certificate: &Certificate) -> Self {
        Self {
            name: format!("CA: {}", shown(&certificate.subject())),
            targets: vec!["vouches for this journal".to_owned()],
            before: Some(Validity {
                from: certificate.not_before(),
                until: certificate.not_after(),
            }),
            after: None,
            standing: Standing::Untouched,
            rekeyed: false,
        }
    }

    /// Takes the other's files to its own if it tells the same of the same certificate; gives it back otherwise.
    pub(super) fn join(&mut self, other: Self) -> Option<Self> {
        let told = |life: &Self| (life.before, life.after, life.standing, life.rekeyed);
        if self.name != other.name || told(self) != told(&other) {
            return Some(other);
        }
        self.targets.extend(other.targets);
        None
    }

    /// Where it lies, in words.
    pub(super) fn places(&self) -> String {
        self.targets.join(", ")
    }

    /// Until when it was valid before the run; of the authority that vouches there is no before.
    pub(super) fn until_before(&self) -> String {
        until(self.after.and(self.before))
    }

    /// Until when what lies there after the run is valid, for all that the journal says.
    pub(super) fn until_now(&self) -> String {
        let (old, new) = (until(self.before), until(self.after));
        match (self.after, self.standing) {
            (None, _) => old,
            (_, Standing::Replaced) if self.rekeyed => format!("{new}, new key"),
            (_, Standing::Replaced) => new,
            (_, Standing::UnderWay) => format!("{old} or {new} ({})", self.standing.words()),
            (_, Standing::LeftForeign) => format!("unknown ({})", self.standing.words()),
            (_, standing) => format!("{old} ({})", standing.words()),
        }
    }

    /// How long it had been dead at that moment; nothing if it was alive, or was not there.
    pub(super) fn dead_for(&self, moment: OffsetDateTime) -> Option<time::Duration> {
        let until = self.before?.until;
        (until < moment).then(|| moment - until)
    }

    /// What was wrong with it at that moment.
    pub(super) fn ailment(&self, moment: OffsetDateTime) -> String {
        match (self.before, self.dead_for(moment)) {
            (None, _) => "missing or unreadable".to_owned(),
            (_, Some(dead)) => format!("expired {} before", coarse(dead)),
            (Some(before), None) if before.from > moment => "not valid yet".to_owned(),
            (Some(before), None) => format!("valid for another {}", coarse(before.until - moment)),
        }
    }
}

fn until(validity: Option<Validity>) -> String {
    validity.map_or_else(|| "–".to_owned(), |one| day(one.until))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn life(standing: Standing) -> Life {
        let year = |from, until| Validity { from, until };
        Life {
            name: "apiserver".to_owned(),
            targets: vec!["/etc/kubernetes/pki/apiserver.crt".to_owned()],
            before: Some(year(
                datetime!(2025-11-23 0:00 UTC),
                datetime!(2026-11-23 0:00 UTC),
            )),
            after: Some(year(
                datetime!(2026-11-29 0:00 UTC),
                datetime!(2027-11-29 0:00 UTC),
            )),
            standing,
            rekeyed: false,
        }
    }

    #[test]
    fn a_new_certificate_counts_only_where_it_is_in_place() {
        let now = |standing| life(standing).until_now();
        assert_eq!(now(Standing::Replaced), "2027-11-29");
        assert_eq!(now(Standing::Untouched), "2026-11-23 (not replaced)");
        assert_eq!(now(Standing::BroughtBack), "2026-11-23 (brought back)");
        assert_eq!(
            now(Standing::UnderWay),
            "2026-11-23 or 2027-11-29 (under way when the journal ends)"
        );
        assert!(now(Standing::LeftForeign).starts_with("unknown"));
    }
}
