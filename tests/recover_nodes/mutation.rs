//! Damage of every kind in every file of a node: never a panic, never a signal, never a half-done or wrong repair.

use std::path::Path;

use crate::support::der::{Lasting, of_pem};
use crate::support::leaf::{Leaf, leaves};
use crate::support::node::Node;
use crate::support::openssl;
use crate::support::program::rekindle;
use crate::support::tree::{Content, Tree};

const NODES: [&str; 4] = [
    "ecdsa-p256-stacked",
    "joined-control-plane",
    "embedded-kubelet",
    "ca-bundle",
];
const RUNS: u64 = 50;

#[test]
fn damage_is_refused_or_repaired_around_first_node() {
    damage(NODES[0], 1);
}

#[test]
fn damage_is_refused_or_repaired_around_second_node() {
    damage(NODES[1], 2);
}

#[test]
fn damage_is_refused_or_repaired_around_third_node() {
    damage(NODES[2], 3);
}

#[test]
fn damage_is_refused_or_repaired_around_fourth_node() {
    damage(NODES[3], 4);
}

fn damage(name: &str, seed: u64) {
    let mut chance = Chance(seed);
    let mut exits = [0; 4];
    for run in 0..RUNS {
        let node = Node::materialize(name);
        let good = Tree::read(node.path());
        let files: Vec<&str> = good
            .paths()
            .filter(|path| matches!(good.entry(path).content, Content::File(_)))
            .collect();
        let file = files[chance.below(files.len())];
        let bytes = chance.damaged(good.entry(file).bytes());
        node.write(file, &bytes);
        let what = format!(
            "{name}, seed {seed}, run {run}: {file}\n{}",
            String::from_utf8_lossy(&bytes)
        );
        let code = judge(&node, &leaves(&good), file, &what);
        exits[usize::try_from(code).unwrap()] += 1;
    }
    // Damage that nothing notices would be no test, nor would damage that always stops everything.
    println!("{name}: exit codes 0, 1, 2, 3: {exits:?}");
    assert!(exits[0] > 0 && exits[3] > 0, "{exits:?}");
    assert_eq!(exits[2], 0);
}

fn judge(node: &Node, good: &[Leaf], file: &str, what: &str) -> i32 {
    let before = Tree::read(node.path());
    let run = rekindle(node.path(), &["recover", "--yes"]);
    let code = run.code.unwrap_or_else(|| panic!("a signal: {what}"));
    let after = Tree::read(node.path());
    assert!(!run.stderr.contains("panicked"), "{what}\n{}", run.stderr);
    // A flag that names another file by now has its certificate made there.
    let is_elsewhere = file.contains("/manifests/") || file.ends_with("/config.yaml");
    let judged = || {
        if is_elsewhere {
            Vec::new()
        } else {
            leaves(&after)
        }
    };
    match code {
        3 => assert_eq!(after, before, "{what}"),
        0 => {
            for leaf in judged() {
                verify(node.path(), &leaf, good, file, what);
            }
            rekindle(node.path(), &["journal", "verify"]).expect(0);
            rekindle(node.path(), &["check"]).expect(0);
        }
        1 => {
            // What is left is named; all that was changed is good.
            let changed = before.differences(&after);
            assert!(run.stdout.contains("Left to you"), "{what}\n{}", run.stdout);
            for leaf in judged().iter().filter(|leaf| changed.contains(&leaf.file)) {
                verify(node.path(), leaf, good, file, what);
            }
        }
        other => panic!("exit {other}: {what}\n{}\n{}", run.stdout, run.stderr),
    }
    code
}

/// Good under its authority, and for the key that it always had, unless its own file was damaged, or that of its key.
fn verify(root: &Path, leaf: &Leaf, good: &[Leaf], damaged: &str, what: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let (certificate, _) = leaf.write(scratch.path());
    let authority = match &leaf.authority {
        Some(authority) => root.join(authority.trim_start_matches('/')),
        None => certificate.clone(),
    };
    let verified = openssl::verify(&certificate, &authority, leaf.purposes[0]);
    assert_eq!(verified, Ok(()), "{}: {what}", leaf.file);
    let stem = |file: &str| file.rsplit_once('.').map(|(stem, _)| stem.to_owned());
    let is_kubelets =
        |file: &str| file.contains("/kubelet-client-") || file.ends_with("/kubelet.conf");
    let was_rebuilt =
        stem(damaged) == stem(&leaf.file) || is_kubelets(damaged) && is_kubelets(&leaf.file);
    let lasting = |leaf: &Leaf| {
        let mut parts = Lasting::of(&of_pem(&leaf.certificate, "CERTIFICATE").unwrap().0).rest;
        if was_rebuilt {
            // Version, signature algorithm and subject are left.
            parts.truncate(3);
        }
        parts
    };
    let pair = leaf.write(scratch.path());
    let public = openssl::read(&pair.0).public_key;
    let fits = public == openssl::public_half(&pair.1);
    assert!(fits, "{}: {what}", leaf.file);
    assert!(
        good.iter().any(|good| lasting(good) == lasting(leaf)),
        "{}: {what}",
        leaf.file
    );
}

/// Chance that can be had again: xorshift64*.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    /// A bit flipped, a byte exchanged, an end cut off, a piece left out, or a piece twice.
    fn damaged(&mut self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        let (place, length) = (self.below(bytes.len()), 1 + self.below(40));
        let end = (place + length).min(bytes.len());
        match self.below(5) {
            0 if !bytes.is_empty() => bytes[place] ^= 1 << self.below(8),
            1 if !bytes.is_empty() => bytes[place] = u8::try_from(self.below(256)).unwrap(),
            2 => bytes.truncate(place),
            3 => drop(bytes.drain(place..end)),
            _ => {
                let piece = bytes[place..end].to_vec();
                drop(bytes.splice(place..place, piece));
            }
        }
        bytes
    }
}
