//! Databases for tests, as bbolt writes them, and as it never would.

use super::meta::fnv1a;

/// The smallest pages that bbolt has.
pub(crate) const PAGE_SIZE: usize = 1024;

/// Pages behind the two meta pages: the first of them, number 2, is the root.
#[derive(Default)]
pub(crate) struct Writer {
    pages: Vec<u8>,
}

/// An element of a leaf: flags, key, value.
pub(crate) type Element<'a> = (u32, &'a [u8], &'a [u8]);

impl Writer {
    /// The number of the next page.
    pub(crate) fn next(&self) -> u64 {
        (2 + self.pages.len() / PAGE_SIZE) as u64
    }

    /// A page, with those that it goes on for; its number.
    pub(crate) fn page(&mut self, flags: u16, count: u16, behind_header: &[u8]) -> u64 {
        let number = self.next();
        let length = (16 + behind_header.len()).div_ceil(PAGE_SIZE) * PAGE_SIZE;
        let overflow = u32::try_from(length / PAGE_SIZE - 1).unwrap();
        let mut page = number.to_le_bytes().to_vec();
        page.extend(flags.to_le_bytes());
        page.extend(count.to_le_bytes());
        page.extend(overflow.to_le_bytes());
        page.extend(behind_header);
        page.resize(length, 0);
        self.pages.extend(page);
        number
    }

    pub(crate) fn leaf(&mut self, elements: &[Element<'_>]) -> u64 {
        let count = u16::try_from(elements.len()).unwrap();
        self.page(2, count, &leaf_body(elements))
    }

    pub(crate) fn branch(&mut self, children: &[u64]) -> u64 {
        let mut body = Vec::new();
        for child in children {
            body.extend([0; 8]);
            body.extend(child.to_le_bytes());
        }
        self.page(1, u16::try_from(children.len()).unwrap(), &body)
    }

    /// A root with the bucket `key`, whose tree begins at that page, and the file.
    pub(crate) fn finish(mut self, tree: u64) -> Vec<u8> {
        let bucket = [tree.to_le_bytes(), [0; 8]].concat();
        let root = self.leaf(&[(1, b"key", &bucket)]);
        self.file(root)
    }

    /// The file, with that root.
    pub(crate) fn file(self, root: u64) -> Vec<u8> {
        let pages = self.next();
        let mut file = meta(0, root, pages, 7);
        file.extend(meta(1, root, pages, 6));
        file.extend(self.pages);
        file
    }
}

pub(crate) fn leaf_body(elements: &[Element<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut data = Vec::new();
    for (index, (flags, key, value)) in elements.iter().enumerate() {
        let position = (elements.len() - index) * 16 + data.len();
        let lengths = [position, key.len(), value.len()];
        body.extend(flags.to_le_bytes());
        body.extend(
            lengths
                .map(|length| u32::try_from(length).unwrap().to_le_bytes())
                .concat(),
        );
        data.extend_from_slice(key);
        data.extend_from_slice(value);
    }
    body.extend(data);
    body
}

/// A meta page.
pub(crate) fn meta(number: u64, root: u64, pages: u64, transaction: u64) -> Vec<u8> {
    let mut meta = Vec::new();
    for word in [0xED0C_DAED_u32, 2, u32::try_from(PAGE_SIZE).unwrap(), 0] {
        meta.extend(word.to_le_bytes());
    }
    for word in [root, 0, u64::MAX, pages, transaction] {
        meta.extend(word.to_le_bytes());
    }
    meta.extend(fnv1a(&meta).to_le_bytes());
    let mut page = number.to_le_bytes().to_vec();
    page.extend(4_u16.to_le_bytes());
    page.extend([0; 6]);
    page.extend(meta);
    page.resize(PAGE_SIZE, 0);
    page
}
