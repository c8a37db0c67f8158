//! Databases of etcd for tests, as bbolt writes them, with what Kubernetes keeps in them; and as neither ever would. It uses nothing of
//! what reads them.
#![allow(dead_code, reason = "each of those who write some uses a part of it")]

/// The smallest pages that bbolt has.
pub const PAGE_SIZE: usize = 1024;

/// Pages behind the two meta pages: the first of them, number 2, is the root.
#[derive(Default)]
pub struct Writer {
    pages: Vec<u8>,
}

/// An element of a leaf: flags, key, value.
pub type Element<'a> = (u32, &'a [u8], &'a [u8]);

impl Writer {
    /// Behind the meta pages are these bytes, whatever they are.
    pub fn of_pages(bytes: &[u8]) -> Self {
        let mut pages = bytes.to_vec();
        pages.resize(bytes.len().next_multiple_of(PAGE_SIZE), 0);
        Self { pages }
    }

    /// What is behind the meta pages.
    pub fn into_pages(self) -> Vec<u8> {
        self.pages
    }

    /// The number of the next page.
    pub fn next(&self) -> u64 {
        (2 + self.pages.len() / PAGE_SIZE) as u64
    }

    /// A page, with those that it goes on for; its number.
    pub fn page(&mut self, flags: u16, count: u16, behind_header: &[u8]) -> u64 {
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

    pub fn leaf(&mut self, elements: &[Element<'_>]) -> u64 {
        let count = u16::try_from(elements.len()).unwrap();
        self.page(2, count, &leaf_body(elements))
    }

    pub fn branch(&mut self, children: &[u64]) -> u64 {
        let mut body = Vec::new();
        for child in children {
            body.extend([0; 8]);
            body.extend(child.to_le_bytes());
        }
        self.page(1, u16::try_from(children.len()).unwrap(), &body)
    }

    /// A root with the bucket `key`, whose tree begins at that page, and the file.
    pub fn finish(mut self, tree: u64) -> Vec<u8> {
        let bucket = [tree.to_le_bytes(), [0; 8]].concat();
        let root = self.leaf(&[(1, b"key", &bucket)]);
        self.file(root)
    }

    /// The file, with that root.
    pub fn file(self, root: u64) -> Vec<u8> {
        let pages = self.next();
        let mut file = meta(0, root, pages, 7);
        file.extend(meta(1, root, pages, 6));
        file.extend(self.pages);
        file
    }
}

pub fn leaf_body(elements: &[Element<'_>]) -> Vec<u8> {
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
pub fn meta(number: u64, root: u64, pages: u64, transaction: u64) -> Vec<u8> {
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

/// FNV-1a of 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// A database of etcd with these changes, from revision 2 on: a key, and its value or that it was deleted.
pub fn database(changes: &[(&str, Option<Vec<u8>>)]) -> Vec<u8> {
    let rows: Vec<(Vec<u8>, Vec<u8>)> = changes
        .iter()
        .zip(2_u64..)
        .map(|((key, value), revision)| {
            let mut name = revision.to_be_bytes().to_vec();
            name.push(b'_');
            name.extend([0; 8]);
            let mut message = field(1, key.as_bytes());
            match value {
                Some(value) => message.extend(field(5, value)),
                None => name.push(b't'),
            }
            (name, message)
        })
        .collect();
    let elements: Vec<_> = rows
        .iter()
        .map(|(key, value)| (0, key.as_slice(), value.as_slice()))
        .collect();
    let mut writer = Writer::default();
    let leaf = writer.leaf(&elements);
    writer.finish(leaf)
}

/// An object as Kubernetes writes it: a `runtime.Unknown` with the message in it.
pub fn stored(kind: &str, message: &[u8]) -> Vec<u8> {
    let kind = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
    let unknown = [
        field(1, &kind),
        field(2, message),
        field(3, b""),
        field(4, b""),
    ];
    [b"k8s\0".to_vec(), unknown.concat()].concat()
}

/// A field of Protocol Buffers.
pub fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = varint(usize::from(number) << 3 | 2);
    field.extend(varint(bytes.len()));
    field.extend(bytes);
    field
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}
