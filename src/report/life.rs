//! The life of each certificate before and after a run.

use time::OffsetDateTime;

use super::change::Standing;
use super::text::shown;
use super::words::coarse;
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
    pub(super) target: String,
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
            target: shown(&change.target),
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
            target: "vouches for this journal".to_owned(),
            before: Some(Validity {
                from: certificate.not_before(),
                until: certificate.not_after(),
            }),
            after: None,
            standing: Standing::Untouched,
            rekeyed: false,
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
