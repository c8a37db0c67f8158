//! The record with which a further attempt at a run begins: who takes it up again, and with which key. Plain data.

use serde::{Deserialize, Serialize};

use super::genesis::{AuthorityFacts, KeyFacts, Setting};
use crate::digest::Sha256Digest;

/// A further attempt at a run that was interrupted. Its lines follow those of the earlier ones in the same file, and are
/// signed by a key of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Which attempt at the run, from 2.
    pub number: u64,
    /// Where it is to lead.
    pub direction: Direction,
    /// The key that signs this record and all after it.
    pub key: KeyFacts,
    /// The cluster's authority that vouches for the key; none where its own key could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityFacts>,
    /// Lines that a crash had cut short: copied aside, then cut off.
    pub torn: Vec<Torn>,
    /// Who makes the attempt, where, when and why.
    #[serde(flatten)]
    pub setting: Setting,
}

/// Where an attempt is to lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Every change made.
    Forward,
    /// No change left.
    Back,
}

/// A line that was cut short, and its copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Torn {
    /// Where the copy lies.
    pub path: String,
    /// How many bytes there were.
    pub size: u64,
    /// Their digest.
    pub sha256: Sha256Digest,
}
