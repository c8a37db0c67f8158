//! Going through a tree of pages, page by page, with bounds that a hostile file cannot move.

use zeroize::Zeroizing;

use super::meta::Meta;
use super::page::{HEADER, LeafElement, Page, number_u32};
use super::{BoltError, Source};

/// How deep a tree may be. bbolt's branches have two children at least (`node.minKeys`), so that no disk holds a deeper one of its
/// making; those of a hostile file may have one.
const DEPTH: usize = 64;
/// The longest run of pages that is held at once, in bytes. bbolt gives one element a run of its own where it does not fit with
/// others, and etcd takes values of 1.5 MiB unless `--max-request-bytes` says more.
const LONGEST_PAGE: u64 = 32 << 20;

/// Goes through trees; each page once at most, whatever the file says.
pub(super) struct Walk<'a, S> {
    source: &'a S,
    meta: Meta,
    /// How many pages may still be read: there are no more.
    left: u64,
    /// The page that is being read: it may hold a secret.
    buffer: Zeroizing<Vec<u8>>,
}

impl<'a, S: Source> Walk<'a, S> {
    pub(super) fn new(source: &'a S, meta: Meta) -> Self {
        Self {
            source,
            meta,
            left: meta.pages,
            buffer: Zeroizing::default(),
        }
    }

    /// Shows each element of the leaves beneath `root`, in order.
    pub(super) fn visit<E: From<BoltError>>(
        &mut self,
        root: u64,
        mut show: impl FnMut(LeafElement<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // Of each level what is still to be read, the next last.
        let mut levels = vec![vec![root]];
        let mut last: Zeroizing<Vec<u8>> = Zeroizing::default();
        while let Some(level) = levels.last_mut() {
            let Some(number) = level.pop() else {
                levels.pop();
                continue;
            };
            let depth = levels.len();
            let page = self.read(number)?;
            if page.is_branch() {
                if depth == DEPTH {
                    return Err(BoltError::damaged(number, "the tree is too deep").into());
                }
                let mut children = page.children()?;
                children.reverse();
                levels.push(children);
                continue;
            }
            for element in page.elements() {
                let element = element?;
                if element.key <= last.as_slice() {
                    return Err(BoltError::damaged(number, "its keys are not in order").into());
                }
                show(element)?;
                last.clear();
                last.extend_from_slice(element.key);
            }
        }
        Ok(())
    }

    /// Reads a page with all that it goes on for.
    fn read(&mut self, number: u64) -> Result<Page<'_>, BoltError> {
        let damaged = |what| BoltError::damaged(number, what);
        // The two meta pages are in no tree.
        if number < 2 || number >= self.meta.pages {
            return Err(damaged("there is no such page"));
        }
        let at = number.saturating_mul(self.meta.page_size);
        let mut header = [0; HEADER];
        self.source.read_at(&mut header, at)?;
        let further = u64::from(number_u32(&header, 12).unwrap_or_default());
        let run = further + 1;
        if number + run > self.meta.pages {
            return Err(damaged("it goes on behind the end"));
        }
        let left = self.left.checked_sub(run);
        self.left = left.ok_or_else(|| damaged("pages lead to it more than once"))?;
        let length = run.saturating_mul(self.meta.page_size);
        let length = usize::try_from(length).ok();
        let length = length.filter(|length| *length as u64 <= LONGEST_PAGE);
        let length = length.ok_or_else(|| damaged("it is longer than any that etcd writes"))?;
        if length > self.buffer.capacity() {
            // To grow in place would free the old page as it is, unwiped.
            self.buffer = Zeroizing::new(vec![0; length]);
        } else {
            self.buffer.resize(length, 0);
        }
        self.source.read_at(&mut self.buffer, at)?;
        Page::parse(number, &self.buffer)
    }
}
