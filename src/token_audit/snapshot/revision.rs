//! How etcd keeps its keys (`etcd/server/storage/mvcc/revision.go`, `etcd/api/mvccpb/kv.proto`): each change under its revision.

use crate::token_audit::protobuf::{InvalidMessage, last};

/// Eight bytes, an underscore, eight bytes.
const LENGTH: usize = 17;
/// What follows where the change is a deletion.
const TOMBSTONE: &[u8] = b"t";

/// One change of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change<'a> {
    /// That of the transaction.
    pub(super) revision: u64,
    /// Of whom.
    pub(super) key: &'a [u8],
    /// What it is from then on; nothing where it was deleted.
    pub(super) value: Option<&'a [u8]>,
}

impl<'a> Change<'a> {
    /// From a key and a value of the bucket.
    pub(super) fn parse(revision: &[u8], message: &'a [u8]) -> Result<Self, InvalidMessage> {
        let (revision, mark) = revision.split_at_checked(LENGTH).ok_or(InvalidMessage)?;
        let number = revision.first_chunk().ok_or(InvalidMessage)?;
        if revision.get(8) != Some(&b'_') || !(mark.is_empty() || mark == TOMBSTONE) {
            return Err(InvalidMessage);
        }
        let key = last(message, 1)?.ok_or(InvalidMessage)?;
        let value = last(message, 5)?.unwrap_or_default();
        Ok(Self {
            revision: u64::from_be_bytes(*number),
            key,
            value: mark.is_empty().then_some(value),
        })
    }
}
