//! The Merkle tree over a journal's lines (RFC 6962, section 2.1). Pure.

use ring::digest::{Context, SHA256};

use crate::digest::Sha256Digest;

/// A tree that only grows. It keeps one hash for each perfect subtree, so a line costs
/// O(log n) at most, and so does a root.
#[derive(Default)]
pub(super) struct Tree {
    size: u64,
    /// Roots of the perfect subtrees, the largest (leftmost) first: one for each 1 in `size`.
    subtrees: Vec<Sha256Digest>,
}

impl Tree {
    /// Adds a line (its bytes without the newline) as the rightmost leaf.
    pub(super) fn push(&mut self, line: &[u8]) {
        let mut hash = hash(&[&[LEAF], line]);
        let mut size = self.size;
        while size & 1 == 1 {
            let Some(left) = self.subtrees.pop() else {
                break;
            };
            hash = parent(&left, &hash);
            size >>= 1;
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// How many lines the tree holds.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The hash over all lines so far; of an empty tree, that of no bytes at all.
    pub(super) fn root(&self) -> Sha256Digest {
        self.subtrees
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| parent(&left, &right))
            .unwrap_or_else(|| Sha256Digest::of(b""))
    }
}

/// Leaves and inner nodes are hashed behind different first bytes, so that none passes for the other.
const LEAF: u8 = 0;
const INNER: u8 = 1;

fn parent(left: &Sha256Digest, right: &Sha256Digest) -> Sha256Digest {
    hash(&[&[INNER], left.as_bytes(), right.as_bytes()])
}

fn hash(parts: &[&[u8]]) -> Sha256Digest {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    context.finish().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962 word for word: split at the largest power of two below n.
    fn root_by_definition(lines: &[Vec<u8>]) -> Sha256Digest {
        match lines {
            [] => Sha256Digest::of(b""),
            [line] => Sha256Digest::of(&[&[0], line.as_slice()].concat()),
            _ => {
                let mut split = 1;
                while split * 2 < lines.len() {
                    split *= 2;
                }
                let (left, right) = lines.split_at(split);
                let (left, right) = (root_by_definition(left), root_by_definition(right));
                Sha256Digest::of(&[&[1], &left.as_bytes()[..], right.as_bytes()].concat())
            }
        }
    }

    #[test]
    fn the_growing_tree_has_the_root_that_the_definition_has_at_every_size() {
        let lines: Vec<Vec<u8>> = (0..70u8).map(|n| vec![n; usize::from(n)]).collect();
        let mut tree = Tree::default();
        for (size, line) in lines.iter().enumerate() {
            assert_eq!(tree.root(), root_by_definition(&lines[..size]), "{size}");
            assert_eq!(tree.size(), size as u64);
            tree.push(line);
        }
    }

    #[test]
    fn the_published_example_comes_out() {
        // Inputs and root of the certificate-transparency reference tests, eight leaves.
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let mut tree = Tree::default();
        for leaf in leaves {
            let bytes: Vec<u8> = (0..leaf.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&leaf[at..at + 2], 16).unwrap())
                .collect();
            tree.push(&bytes);
        }
        assert_eq!(
            tree.root().to_string(),
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }
}
