//! A token without an end.

use time::OffsetDateTime;

use super::object::Metadata;

/// A Secret with a service account token that never expires.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LongLivedToken {
    /// Where the Secret and the account are.
    pub namespace: String,
    /// The Secret's name.
    pub secret: String,
    /// The name of the account; none where the Secret does not say, and then its token is nobody's.
    pub account: Option<String>,
    /// The account's unique identifier.
    pub account_uid: Option<String>,
    /// When the Secret was made.
    pub created: Option<OffsetDateTime>,
    /// The day on which the API server saw the token last: `2026-11-24`.
    pub last_used: Option<String>,
    /// The day since when the API server refuses it.
    pub invalid_since: Option<String>,
    /// It was deleted, waits for a finalizer, and is refused.
    pub is_being_deleted: bool,
    /// The account lists it: it was made by Kubernetes up to 1.23, and not by a person. None where the accounts were not seen.
    pub is_listed: Option<bool>,
    /// Who manages the Secret, by its label.
    pub managed_by: Option<String>,
    /// The pods that use it, in the same namespace; none where not all pods were seen.
    pub mounted_by: Option<Vec<String>>,
}

impl LongLivedToken {
    /// Of a Secret that is one; who uses it is still to be found.
    pub(super) fn of(metadata: Metadata) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            account: owned(metadata.account_name()),
            account_uid: owned(metadata.account_uid()),
            created: metadata.creation_timestamp,
            last_used: owned(metadata.last_used()),
            invalid_since: owned(metadata.invalid_since()),
            is_being_deleted: metadata.deletion_timestamp.is_some(),
            is_listed: None,
            managed_by: owned(metadata.managed_by()),
            mounted_by: None,
            namespace: metadata.namespace,
            secret: metadata.name,
        }
    }

    /// Whether the API server refuses it already.
    pub fn is_refused(&self) -> bool {
        self.invalid_since.is_some() || self.is_being_deleted
    }
}
