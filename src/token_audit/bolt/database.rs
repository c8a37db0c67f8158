//! A database in its latest whole state.

use super::meta::Meta;
use super::page::{Page, number_u64};
use super::walk::Walk;
use super::{BoltError, Source};

/// What stands before the page of a bucket that is kept within a value: its root, 0, and a sequence.
const INLINE_HEADER: usize = 16;

/// A bbolt database.
#[derive(Debug)]
pub struct Database<'a, S> {
    source: &'a S,
    meta: Meta,
}

/// Where a bucket is.
enum Bucket {
    /// A tree of its own.
    Root(u64),
    /// Within the value that it has in the bucket of buckets.
    Inline(Vec<u8>),
}

impl<'a, S: Source> Database<'a, S> {
    /// Opens it in the state of the later of its two meta pages that is whole.
    pub fn open(source: &'a S) -> Result<Self, BoltError> {
        let meta = Meta::find(source)?;
        let length = meta.pages.checked_mul(meta.page_size);
        match length {
            Some(length) if length <= source.size() => Ok(Self { source, meta }),
            _ => Err(BoltError::cut_short(source, source.size())),
        }
    }

    /// Shows each key of a bucket at the top with its value, in the order of the keys, until one is answered with an error.
    pub fn for_each<E: From<BoltError>>(
        &self,
        bucket: &'static str,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut walk = Walk::new(self.source, self.meta);
        let mut found = None;
        walk.visit(self.meta.root, |element| {
            if element.is_bucket && element.key == bucket.as_bytes() {
                found = Some(element.value.to_vec());
            }
            Ok::<_, E>(())
        })?;
        let found = found.ok_or(BoltError::NoBucket { bucket })?;
        match Self::locate(self.meta.root, found)? {
            Bucket::Root(root) => walk.visit(root, |element| visit(element.key, element.value)),
            Bucket::Inline(bytes) => {
                let bytes = bytes.get(INLINE_HEADER..).unwrap_or_default();
                let page = Page::parse_inline(self.meta.root, bytes)?;
                if page.is_branch() {
                    let what = "a bucket within a value has branches";
                    return Err(BoltError::damaged(self.meta.root, what).into());
                }
                for element in page.elements() {
                    let element = element?;
                    visit(element.key, element.value)?;
                }
                Ok(())
            }
        }
    }

    fn locate(page: u64, value: Vec<u8>) -> Result<Bucket, BoltError> {
        match number_u64(&value, 0) {
            Some(0) => Ok(Bucket::Inline(value)),
            Some(root) => Ok(Bucket::Root(root)),
            None => Err(BoltError::damaged(page, "a bucket has no root")),
        }
    }
}
