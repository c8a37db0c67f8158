//! The meta pages (`bbolt/internal/common/meta.go`): the first two, written in turns, so that one of them is always whole.

use super::page::{HEADER, number_u32, number_u64};
use super::{BoltError, Source};

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
/// magic, version, page size, flags, root bucket (page, sequence), freelist, high-water mark, transaction, checksum.
const LENGTH: usize = 64;
/// bbolt looks for the second meta page behind a first one of 1 KiB to 16 MiB.
const PAGE_SIZES: std::ops::RangeInclusive<u32> = 10..=24;

/// One state of the whole database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meta {
    /// In bytes.
    pub(super) page_size: u64,
    /// The page at the root of the bucket of buckets.
    pub(super) root: u64,
    /// How many pages there are: none has a higher number.
    pub(super) pages: u64,
    transaction: u64,
}

impl Meta {
    /// The latest state that is whole, as bbolt takes it: of the two the one with the higher transaction whose checksum holds.
    pub(super) fn find(source: &impl Source) -> Result<Self, BoltError> {
        let first = Self::read(source, 0)?;
        let page_size = match first {
            Some(meta) => meta.page_size,
            None => Self::page_size_of_second(source)?,
        };
        let second = Self::read(source, page_size)?;
        let both = [first, second].into_iter().flatten();
        let same_size = both.filter(|meta| meta.page_size == page_size);
        let latest = same_size.max_by_key(|meta| meta.transaction);
        latest.ok_or(BoltError::NotBolt)
    }

    fn page_size_of_second(source: &impl Source) -> Result<u64, BoltError> {
        for size in PAGE_SIZES.map(|power| 1 << power) {
            if let Some(meta) = Self::read(source, size)?
                && meta.page_size == size
            {
                return Ok(size);
            }
        }
        Err(BoltError::NotBolt)
    }

    /// The meta of the page at that byte; `None` where there is none that is whole.
    fn read(source: &impl Source, at: u64) -> Result<Option<Self>, BoltError> {
        let mut page = [0; HEADER + LENGTH];
        let end = at.checked_add((HEADER + LENGTH) as u64);
        if end.is_none_or(|end| end > source.size()) {
            return Ok(None);
        }
        source.read_at(&mut page, at)?;
        Ok(Self::parse(page.get(HEADER..).unwrap_or_default()))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let page_size = u64::from(number_u32(bytes, 8)?);
        let sound = number_u32(bytes, 0)? == MAGIC
            && number_u32(bytes, 4)? == VERSION
            && number_u64(bytes, 56)? == fnv1a(bytes.get(..56)?)
            && PAGE_SIZES
                .map(|power| 1 << power)
                .any(|size| size == page_size);
        sound.then_some(Self {
            page_size,
            root: number_u64(bytes, 16)?,
            pages: number_u64(bytes, 40)?,
            transaction: number_u64(bytes, 48)?,
        })
    }
}

/// FNV-1a of 64 bits (`hash/fnv`), the checksum of a meta page.
pub(super) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
