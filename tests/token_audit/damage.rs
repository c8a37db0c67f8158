//! Snapshots of a real etcd, damaged in every way: an error, or the truth; never a panic, and soon.

use std::time::{Duration, Instant};

use rekindle::token_audit::{TokenAudit, audit_snapshot};

use crate::cluster::{Cluster, secret};
use crate::support::interruption::wait_for;

/// What any of them may take, on a busy machine and in a build for tests.
const PATIENCE: Duration = Duration::from_secs(20);

fn audit(bytes: &[u8]) -> Option<TokenAudit> {
    let begin = Instant::now();
    let audit = audit_snapshot(&bytes, None, None);
    assert!(begin.elapsed() < PATIENCE);
    audit.ok()
}

#[test]
fn a_damaged_snapshot_is_an_error() {
    let Some(mut cluster) = Cluster::start() else {
        return;
    };
    let account = ["create", "serviceaccount", "robot", "-n", "default"];
    wait_for(|| {
        let namespaces = cluster.server.kubectl(&["get", "namespaces"]);
        namespaces.contains("default").then_some(())
    });
    cluster.server.kubectl(&account);
    cluster
        .server
        .apply(&secret("default", "robot-token", "robot"));
    cluster.token("default", "robot-token");
    let whole = cluster.take_snapshot();
    let truth = audit(&whole).unwrap();
    assert_eq!(truth.tokens.len(), 1);
    // With its checksum nothing can be changed.
    let length = whole.len();
    for number in 0..60 {
        let at = number * length / 60;
        assert!(audit(&whole[..at]).is_none(), "cut at {at}");
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        assert!(audit(&changed).is_none(), "changed at {at}");
    }
    // Without it a torn copy may be read; what it says is then part of the truth, or it is an error.
    let database = &whole[..length - 32];
    assert_eq!(audit(database).unwrap().tokens, truth.tokens);
    let mut errors = 0;
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..300 {
        let mut changed = database.to_vec();
        for _ in 0..8 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let at = usize::try_from(random >> 16).unwrap() % changed.len();
            // Most of a page is values; its header and elements are at its beginning.
            let at = if random & 1 == 0 {
                at
            } else {
                at / 4096 * 4096 + at % 64
            };
            changed[at] = random.to_le_bytes()[0];
        }
        match audit(&changed) {
            Some(audit) => assert!(audit.tokens.len() <= 2, "{audit:?}"),
            None => errors += 1,
        }
    }
    println!("{length} bytes; of 300 with eight bytes changed {errors} are errors");
    assert!(errors > 20, "{errors}");
    for number in 0..60 {
        let at = number * database.len() / 60 / 4096 * 4096;
        assert!(audit(&database[..at]).is_none(), "cut at {at}");
    }
}
