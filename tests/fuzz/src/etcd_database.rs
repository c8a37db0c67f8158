//! A database of etcd: whatever its pages, keys and values are, an audit ends, holds no more than names, and finds nothing in what was
//! deleted again.

use rekindle::token_audit::{TokenAudit, audit_snapshot};

/// The smallest pages that bbolt has.
const PAGE: usize = 1024;
/// No name in Kubernetes is longer.
const LONGEST_NAME: usize = 253;
/// Where the bytes are put as a value, one after the other.
const KEYS: [&str; 4] = [
    "/registry/secrets/a/b",
    "/registry/pods/a/b",
    "/registry/serviceaccounts/a/b",
    "/registry/configmaps/kube-system/kube-apiserver-legacy-service-account-token-tracking",
];

/// Reads the bytes as a database, as the pages of one, and as what Kubernetes keeps in one.
pub fn check(bytes: &[u8]) -> bool {
    let whole = audit(bytes);
    let pages = audit(&with_metas(bytes));
    let mut rows = vec![(b"/registry/namespaces/default".to_vec(), Some(Vec::new()))];
    for key in KEYS {
        rows.push((key.into(), Some(bytes.to_vec())));
    }
    let kept = audit(&database(&rows));
    // Larger values than etcd's are refused.
    let Some(kept) = kept else {
        assert!(bytes.len() > 1 << 20);
        return false;
    };
    for key in KEYS {
        rows.push((key.into(), None));
    }
    let none = audit(&database(&rows)).unwrap();
    assert!(none.is_clean(), "{none:?}");
    !kept.tokens.is_empty() || whole.is_some() || pages.is_some()
}

fn audit(bytes: &[u8]) -> Option<TokenAudit> {
    let audit = audit_snapshot(&bytes, None, None).ok()?;
    for token in &audit.tokens {
        for text in [&token.account, &token.account_uid, &token.last_used]
            .into_iter()
            .flatten()
        {
            assert!(text.len() <= LONGEST_NAME);
        }
    }
    Some(audit)
}

/// The bytes as the pages behind two meta pages, the first of them the root.
fn with_metas(bytes: &[u8]) -> Vec<u8> {
    let pages = 2 + bytes.len().div_ceil(PAGE);
    let mut file = [meta(0, 2, pages), meta(1, 2, pages)].concat();
    file.extend(bytes);
    file.resize(pages * PAGE, 0);
    file
}

fn meta(number: u64, root: u64, pages: usize) -> Vec<u8> {
    let mut meta = Vec::new();
    for word in [0xED0C_DAED, 2, u32::try_from(PAGE).unwrap(), 0] {
        meta.extend(u32::to_le_bytes(word));
    }
    for word in [root, 0, u64::MAX, pages as u64, 1] {
        meta.extend(word.to_le_bytes());
    }
    let sum = meta.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    meta.extend(sum.to_le_bytes());
    let mut page = number.to_le_bytes().to_vec();
    page.extend([4, 0, 0, 0, 0, 0, 0, 0]);
    page.extend(meta);
    page.resize(PAGE, 0);
    page
}

/// A database with these changes in etcd's bucket: a key, and its value or that it was deleted.
fn database(rows: &[(Vec<u8>, Option<Vec<u8>>)]) -> Vec<u8> {
    let changes = rows.iter().zip(1_u64..).map(|((key, value), number)| {
        let mut revision = number.to_be_bytes().to_vec();
        revision.push(b'_');
        revision.extend([0; 8]);
        let mut message = field(1, key);
        match value {
            Some(value) => message.extend(field(5, value)),
            None => revision.push(b't'),
        }
        (0, revision, message)
    });
    let tree = page(3, 2, &changes.collect::<Vec<_>>());
    let bucket = [3_u64.to_le_bytes(), [0; 8]].concat();
    let root = page(2, 2, &[(1, b"key".to_vec(), bucket)]);
    with_metas(&[root, tree].concat())
}

/// A leaf, with the pages that it goes on for.
fn page(number: u64, flags: u16, elements: &[(u32, Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut table = Vec::new();
    let mut data = Vec::new();
    for (index, (flags, key, value)) in elements.iter().enumerate() {
        let position = (elements.len() - index) * 16 + data.len();
        table.extend(flags.to_le_bytes());
        for length in [position, key.len(), value.len()] {
            table.extend(u32::try_from(length).unwrap().to_le_bytes());
        }
        data.extend_from_slice(key);
        data.extend_from_slice(value);
    }
    let length = (16 + table.len() + data.len()).div_ceil(PAGE) * PAGE;
    let further = u32::try_from(length / PAGE - 1).unwrap();
    let mut page = number.to_le_bytes().to_vec();
    page.extend(flags.to_le_bytes());
    page.extend(u16::try_from(elements.len()).unwrap().to_le_bytes());
    page.extend(further.to_le_bytes());
    page.extend(table);
    page.extend(data);
    page.resize(length, 0);
    page
}

/// A field of Protocol Buffers.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length > 0x7f {
        field.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap());
    field.extend(bytes);
    field
}
