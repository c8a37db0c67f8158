//! What a run changed, as an in-toto Statement v1 (in-toto attestation, `spec/v1/statement.md`). Plain data.

use serde::{Deserialize, Serialize};

use super::change::FileIdentity;
use super::event::RunOutcome;
use crate::digest::Sha256Digest;

/// An in-toto Statement whose subjects are the files that the run changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The URI of in-toto's Statement v1.
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// Every file that holds new bytes at the end.
    pub subject: Vec<Subject>,
    /// The URI that says how to read the predicate.
    #[serde(rename = "predicateType")]
    pub predicate_type: String,
    /// How the run ended, and its counts.
    pub predicate: Predicate,
}

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its path.
    pub name: String,
    /// Its digest.
    pub digest: DigestSet,
}

/// The digests of a file, one of them (in-toto attestation, `spec/v1/digest_set.md`, which lets a predicate define its own).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestSet {
    /// SHA-256 of the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
    /// Of a private key's file: SHA-256 of the public half's SPKI DER.
    #[serde(
        default,
        rename = "publicKeySha256",
        skip_serializing_if = "Option::is_none"
    )]
    pub public_key_sha256: Option<Sha256Digest>,
}

impl From<FileIdentity> for DigestSet {
    fn from(identity: FileIdentity) -> Self {
        Self {
            sha256: match identity {
                FileIdentity::Sha256(digest) => Some(digest),
                FileIdentity::PublicKey(_) | FileIdentity::Size(_) => None,
            },
            public_key_sha256: match identity {
                FileIdentity::PublicKey(digest) => Some(digest),
                FileIdentity::Sha256(_) | FileIdentity::Size(_) => None,
            },
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Predicate {
    /// The outcome.
    pub outcome: RunOutcome,
    /// What was done.
    pub counts: Counts,
}

/// What a run has done so far, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Files and links that are changed, those included of which an undoing was begun and not confirmed.
    pub changed: usize,
    /// Changes that were undone.
    pub rolled_back: usize,
    /// Changes that were left as somebody else had made them.
    pub skipped: usize,
    /// Files whose modification time was set.
    pub touched: usize,
    /// Credentials that were left alone.
    pub left: usize,
    /// Steps that failed.
    pub failed: usize,
}

impl Statement {
    pub(super) fn new(subject: Vec<Subject>, outcome: RunOutcome, counts: Counts) -> Self {
        Self {
            statement_type: "https://in-toto.io/Statement/v1".to_owned(),
            subject,
            predicate_type: "https://rekindle.dev/recovery/v1".to_owned(),
            predicate: Predicate { outcome, counts },
        }
    }
}
