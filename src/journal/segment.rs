//! The lines of one attempt: what one key signed.

use time::OffsetDateTime;

use super::genesis::{AuthorityFacts, KeyFacts};
use super::signature::VerifyingKey;

/// The lines of one attempt.
pub(super) struct Segment {
    pub(super) key: VerifyingKey,
    pub(super) facts: KeyFacts,
    pub(super) authority: Option<AuthorityFacts>,
    /// When the earliest and the latest of its records were written.
    pub(super) written: (OffsetDateTime, OffsetDateTime),
}

impl Segment {
    /// None where the key is not well-formed.
    pub(super) fn begin(
        facts: &KeyFacts,
        authority: Option<&AuthorityFacts>,
        at: OffsetDateTime,
    ) -> Option<Self> {
        Some(Self {
            key: facts.verifying_key()?,
            facts: facts.clone(),
            authority: authority.cloned(),
            written: (at, at),
        })
    }

    /// A further record was written then.
    pub(super) fn extend(&mut self, at: OffsetDateTime) {
        let (first, last) = self.written;
        self.written = (first.min(at), last.max(at));
    }
}
