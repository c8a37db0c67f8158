//! What is on a page (`bbolt/internal/common/page.go`). Numbers are little-endian, as on every machine that Kubernetes is built for
//! but s390x.

use super::BoltError;

/// The header of a page: its number, flags, how many elements, how many further pages it goes on for.
pub(super) const HEADER: usize = 16;
/// An element of a page, before the keys and values.
const ELEMENT: usize = 16;

const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
/// On an element of a leaf: its value is a bucket.
const BUCKET: u32 = 0x01;

pub(super) fn number_u16(bytes: &[u8], at: usize) -> Option<u16> {
    let piece = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*piece))
}

pub(super) fn number_u32(bytes: &[u8], at: usize) -> Option<u32> {
    let piece = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*piece))
}

pub(super) fn number_u64(bytes: &[u8], at: usize) -> Option<u64> {
    let piece = bytes.get(at..)?.first_chunk()?;
    Some(u64::from_le_bytes(*piece))
}

/// One page with those that it goes on for, or a bucket's that is kept within a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page<'a> {
    number: u64,
    bytes: &'a [u8],
    count: usize,
    is_branch: bool,
}

/// An element of a leaf.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeafElement<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) is_bucket: bool,
}

impl<'a> Page<'a> {
    /// The page that is kept under `number`.
    pub(super) fn parse(number: u64, bytes: &'a [u8]) -> Result<Self, BoltError> {
        let damaged = |what| BoltError::damaged(number, what);
        let own = number_u64(bytes, 0).ok_or_else(|| damaged("it has no header"))?;
        if own != number {
            return Err(damaged("another page's number stands in it"));
        }
        Self::parse_inline(number, bytes)
    }

    /// The page of a bucket within a value: it has no number of its own.
    pub(super) fn parse_inline(number: u64, bytes: &'a [u8]) -> Result<Self, BoltError> {
        let damaged = |what| BoltError::damaged(number, what);
        let flags = number_u16(bytes, 8).ok_or_else(|| damaged("it has no header"))?;
        let count = number_u16(bytes, 10).ok_or_else(|| damaged("it has no header"))?;
        if flags != BRANCH && flags != LEAF {
            return Err(damaged("it is neither a branch nor a leaf"));
        }
        Ok(Self {
            number,
            bytes,
            count: usize::from(count),
            is_branch: flags == BRANCH,
        })
    }

    pub(super) fn is_branch(&self) -> bool {
        self.is_branch
    }

    /// The numbers of the pages beneath a branch.
    pub(super) fn children(&self) -> Result<Vec<u64>, BoltError> {
        let child = |index: usize| number_u64(self.bytes, HEADER + index * ELEMENT + 8);
        let children: Option<Vec<u64>> = (0..self.count).map(child).collect();
        children.ok_or_else(|| BoltError::damaged(self.number, "its elements do not fit into it"))
    }

    /// The elements of a leaf, in order. Each stands behind the one before, as bbolt writes them: so no bytes are read twice.
    pub(super) fn elements(self) -> impl Iterator<Item = Result<LeafElement<'a>, BoltError>> {
        let mut end_of_last = HEADER + self.count * ELEMENT;
        (0..self.count).map(move |index| {
            let damaged = || BoltError::damaged(self.number, "its elements do not fit into it");
            let (element, end) = self.element(index, end_of_last).ok_or_else(damaged)?;
            end_of_last = end;
            Ok(element)
        })
    }

    /// The element, which may not begin before `from`, and where it ends.
    fn element(&self, index: usize, from: usize) -> Option<(LeafElement<'a>, usize)> {
        let at = HEADER + index * ELEMENT;
        let number = |offset| usize::try_from(number_u32(self.bytes, at + offset)?).ok();
        let key = at.checked_add(number(4)?)?;
        let value = key.checked_add(number(8)?)?;
        let end = value.checked_add(number(12)?)?;
        let element = LeafElement {
            key: self.bytes.get(key..value)?,
            value: self.bytes.get(value..end)?,
            is_bucket: number_u32(self.bytes, at)? & BUCKET != 0,
        };
        (key >= from && key < value).then_some((element, end))
    }
}
