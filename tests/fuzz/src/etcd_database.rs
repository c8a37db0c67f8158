//! A database of etcd: whatever its pages, keys and values are, an audit ends, holds no more than names, and finds nothing in what was
//! deleted again.

use rekindle::token_audit::{SnapshotError, TokenAudit, audit_snapshot};

use super::database_writer::{PAGE_SIZE, Writer, database};

/// The longest run of pages that is read at once, in bytes.
const LONGEST_PAGE: usize = 32 << 20;
/// The longest value that is looked into, in bytes.
const LONGEST_VALUE: usize = 2 << 20;
/// How many bytes it takes to name more than is held, 64 MiB with 256 bytes for each, under [`KEYS`]: a name is two bytes at least.
const FEWEST_NAMES: usize = (64 << 20) / 256 * 2 / KEYS.len();
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
    let pages = audit(&Writer::of_pages(bytes).file(2));
    let mut changes = vec![("/registry/namespaces/default", Some(Vec::new()))];
    changes.extend(KEYS.map(|key| (key, Some(bytes.to_vec()))));
    let kept = match judged(&database(&changes)) {
        Ok(kept) => kept,
        Err(SnapshotError::TooMuch { .. }) => {
            assert!(bytes.len() > FEWEST_NAMES);
            return false;
        }
        // All of them are in one leaf: one that is longer than any that etcd writes is refused.
        Err(error) => {
            let length = KEYS.len() * bytes.len();
            assert!(length > LONGEST_PAGE - 2 * PAGE_SIZE, "{error}");
            return false;
        }
    };
    // A value that is too long is not looked into, and that is said.
    if bytes.len() > LONGEST_VALUE {
        assert_eq!(kept.unseen.len(), KEYS.len(), "{:?}", kept.unseen);
    }
    changes.extend(KEYS.map(|key| (key, None)));
    let none = audit(&database(&changes)).unwrap();
    assert!(none.is_clean(), "{none:?}");
    !kept.tokens.is_empty() || whole.is_some() || pages.is_some()
}

fn audit(bytes: &[u8]) -> Option<TokenAudit> {
    judged(bytes).ok()
}

fn judged(bytes: &[u8]) -> Result<TokenAudit, SnapshotError> {
    let audit = audit_snapshot(&bytes, None, None)?;
    for token in &audit.tokens {
        for text in [&token.account, &token.account_uid, &token.last_used]
            .into_iter()
            .flatten()
        {
            assert!(text.len() <= LONGEST_NAME);
        }
    }
    Ok(audit)
}
