//! The checksum that `etcdctl snapshot save` has from the server (`etcd/server/etcdserver/api/v3rpc/maintenance.go`).

use std::io::{self, Read};

use super::SnapshotError;
use crate::digest::Sha256Digest;
use crate::token_audit::bolt::{BoltError, Source};

/// The length of a SHA-256 in bytes.
const CHECKSUM: u64 = 32;
/// No page of a database is shorter; by what is left over etcd knows that there is a checksum (`etcdutl snapshot restore`).
const PAGE: u64 = 512;

/// What vouches for a database being whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// The SHA-256 behind it is its own: it is as etcd gave it out.
    Checksum,
    /// Nothing: it is a copy of etcd's own file. Copied from one that runs, it may be torn.
    Nothing,
}

impl Integrity {
    pub(super) fn of(source: &impl Source) -> Result<Self, SnapshotError> {
        let size = source.size();
        match size % PAGE {
            0 if size > 0 => Ok(Self::Nothing),
            CHECKSUM => {
                let length = size - CHECKSUM;
                let mut expected = [0; 32];
                source.read_at(&mut expected, length)?;
                let mut bytes = Bytes {
                    source,
                    at: 0,
                    end: length,
                    failed: None,
                };
                let digest = Sha256Digest::of_reader(&mut bytes);
                if let Some(error) = bytes.failed {
                    return Err(error.into());
                }
                match digest {
                    Ok(digest) if digest.as_bytes() == &expected => Ok(Self::Checksum),
                    _ => Err(SnapshotError::Checksum),
                }
            }
            _ => Err(SnapshotError::Length { size }),
        }
    }
}

/// A source from its beginning to `end`.
struct Bytes<'a, S> {
    source: &'a S,
    at: u64,
    end: u64,
    failed: Option<BoltError>,
}

impl<S: Source> Read for Bytes<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let piece = buffer.get_mut(..length).unwrap_or_default();
        if let Err(error) = self.source.read_at(piece, self.at) {
            self.failed = Some(error);
            return Err(io::ErrorKind::Other.into());
        }
        self.at += length as u64;
        Ok(length)
    }
}
