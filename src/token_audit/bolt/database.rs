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
        let damaged = |what| BoltError::damaged(self.meta.root, what);
        match number_u64(&found, 0) {
            None => Err(damaged("a bucket has no root").into()),
            // Within the value that it has in the bucket of buckets.
            Some(0) => {
                let bytes = found.get(INLINE_HEADER..).unwrap_or_default();
                let page = Page::parse_inline(self.meta.root, bytes)?;
                if page.is_branch() {
                    return Err(damaged("a bucket within a value has branches").into());
                }
                for element in page.elements() {
                    let element = element?;
                    visit(element.key, element.value)?;
                }
                Ok(())
            }
            Some(root) => walk.visit(root, |element| visit(element.key, element.value)),
        }
    }
}
