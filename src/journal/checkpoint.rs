//! Checkpoints: a C2SP signed note (signed-note.md) around a C2SP tlog-checkpoint body, with one
//! Ed25519 signature. A few lines of text that pin every line of a journal so far. Pure.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::signature::{JournalKey, VerifyingKey};
use crate::digest::Sha256Digest;
use crate::pki::KeyError;

/// A signed statement of how many lines a journal has and what their Merkle root is. Shown and parsed as the
/// note's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Sha256Digest,
    key_hash: [u8; 4],
    signature: Vec<u8>,
}

/// Why a text is not a checkpoint, or not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is not a signed note with one signature around an origin, a size and a root.
    #[error("this is not the text of a checkpoint")]
    Malformed,
    /// The text has the beginning of a checkpoint, and not the rest of it.
    #[error("line {line} begins a checkpoint that is not as it was written")]
    Damaged {
        /// The number of the line, from 1.
        line: usize,
    },
    /// The signature is not the journal key's.
    #[error("the checkpoint of {origin} is not signed by the journal's key")]
    Signature {
        /// The origin that the checkpoint names.
        origin: String,
    },
    /// It belongs to another journal.
    #[error("the checkpoint is one of {found}, and this is {expected}")]
    Origin {
        /// The origin that the checkpoint names.
        found: String,
        /// The journal's own.
        expected: String,
    },
    /// It is about another number of lines.
    #[error("the checkpoint covers {found} lines, and there are {expected}")]
    Size {
        /// The size that the checkpoint names.
        found: u64,
        /// The lines that it should cover.
        expected: u64,
    },
    /// It fits the lines, but was taken from behind them, or never was there.
    #[error("the checkpoint itself is missing behind the {size} lines that it covers")]
    Absent {
        /// The lines that it covers.
        size: u64,
    },
    /// The lines are others.
    #[error("the checkpoint's root is {found}, and that of the lines is {expected}")]
    Root {
        /// The root that the checkpoint names.
        found: Sha256Digest,
        /// The root of the lines.
        expected: Sha256Digest,
    },
}

/// The first line of every checkpoint of this run, and the name of its key.
pub(super) fn origin(run: &str) -> String {
    format!("{ORIGIN}{run}")
}

const ORIGIN: &str = "rekindle.dev/journal/";

impl Checkpoint {
    pub(super) fn sign(
        origin: &str,
        size: u64,
        root: Sha256Digest,
        key: &JournalKey,
    ) -> Result<Self, KeyError> {
        let origin = origin.to_owned();
        let signature = key.sign(body(&origin, size, &root).as_bytes())?;
        let key_hash = key_hash(&origin, key.public());
        Ok(Self {
            origin,
            size,
            root,
            key_hash,
            signature,
        })
    }

    /// Finds all notes in a text as people keep it: indented or quoted in a ticket, with other text around them, their
    /// last lines wrapped. What is found is what was written: a note with the beginning of one alone is an error.
    pub fn find_all(text: &str) -> Result<Vec<Self>, CheckpointError> {
        let decoration = |sign: char| sign.is_whitespace() || ['>', '|', '`'].contains(&sign);
        let lines: Vec<&str> = text
            .lines()
            .map(|line| line.trim_matches(decoration))
            .collect();
        let begins = |lines: &[&str]| {
            lines.first().is_some_and(|line| line.starts_with(ORIGIN))
                && lines.get(1).is_some_and(|line| line.parse::<u64>().is_ok())
        };
        let mut found = Vec::new();
        for at in 0..lines.len() {
            let rest = lines.get(at..).unwrap_or_default();
            if begins(rest) {
                let note = Self::unwrap(rest);
                found.push(note.ok_or(CheckpointError::Damaged { line: at + 1 })?);
            }
        }
        if found.is_empty() {
            return Err(CheckpointError::Malformed);
        }
        Ok(found)
    }

    /// Puts a note together again whose signature line may go over several lines.
    fn unwrap(lines: &[&str]) -> Option<Self> {
        const LINES_OF_SIGNATURE: usize = 6;
        let [origin, size, root, rest @ ..] = lines else {
            return None;
        };
        let mut tail = String::new();
        for line in rest.iter().take(LINES_OF_SIGNATURE) {
            tail.extend(line.split_whitespace());
            if let Some((_, signature)) = tail.split_once(origin) {
                let note = format!("{origin}\n{size}\n{root}\n\n\u{2014} {origin} {signature}\n");
                if let Ok(checkpoint) = Self::parse(&note) {
                    return Some(checkpoint);
                }
            }
        }
        None
    }

    /// Reads the text of a note. Only the text that [`Display`](fmt::Display) writes is one.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        Self::read(text)
            .filter(|checkpoint| checkpoint.to_string() == text)
            .ok_or(CheckpointError::Malformed)
    }

    /// The run whose journal it is about.
    pub fn run(&self) -> &str {
        self.origin.strip_prefix(ORIGIN).unwrap_or(&self.origin)
    }

    /// Which journal it is about.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// How many lines it covers, from the first.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The Merkle root (RFC 6962) of these lines.
    pub fn root(&self) -> Sha256Digest {
        self.root
    }

    /// Checks that the journal's key signed it.
    pub(super) fn verify(&self, key: &VerifyingKey) -> Result<(), CheckpointError> {
        let body = body(&self.origin, self.size, &self.root);
        if self.key_hash != key_hash(&self.origin, key)
            || !key.verifies(body.as_bytes(), &self.signature)
        {
            return Err(CheckpointError::Signature {
                origin: self.origin.clone(),
            });
        }
        Ok(())
    }

    /// Checks that it is about these lines of this journal.
    pub(super) fn covers(
        &self,
        origin: &str,
        size: u64,
        root: Sha256Digest,
    ) -> Result<(), CheckpointError> {
        if self.origin != origin {
            return Err(CheckpointError::Origin {
                found: self.origin.clone(),
                expected: origin.to_owned(),
            });
        }
        if self.size != size {
            return Err(CheckpointError::Size {
                found: self.size,
                expected: size,
            });
        }
        if self.root != root {
            return Err(CheckpointError::Root {
                found: self.root,
                expected: root,
            });
        }
        Ok(())
    }

    fn read(text: &str) -> Option<Self> {
        let (body, signature_line) = text.split_once("\n\n")?;
        let mut lines = body.split('\n');
        let origin = lines.next()?.to_owned();
        let size = lines.next()?.parse().ok()?;
        let root: [u8; 32] = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        let (_, signature) = signature_line.trim_end().rsplit_once(' ')?;
        let signature = STANDARD.decode(signature).ok()?;
        let (key_hash, signature) = signature.split_first_chunk::<4>()?;
        if signature.len() != SIGNATURE_LENGTH {
            return None;
        }
        Some(Self {
            origin,
            size,
            root: Sha256Digest::from(root),
            key_hash: *key_hash,
            signature: signature.to_vec(),
        })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = STANDARD.encode([&self.key_hash[..], &self.signature].concat());
        let body = body(&self.origin, self.size, &self.root);
        writeln!(formatter, "{body}\n\u{2014} {} {signature}", self.origin)
    }
}

/// The text that is signed: it ends with a newline.
fn body(origin: &str, size: u64, root: &Sha256Digest) -> String {
    format!("{origin}\n{size}\n{}\n", STANDARD.encode(root.as_bytes()))
}

/// The type of an Ed25519 signature in a note.
const ED25519: u8 = 0x01;
/// How many bytes such a signature has.
const SIGNATURE_LENGTH: usize = 64;

/// The four bytes by which a signature line names its key.
fn key_hash(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let digest = Sha256Digest::of(&[name.as_bytes(), b"\n", &[ED25519], key.raw()].concat());
    let [first, second, third, fourth, ..] = *digest.as_bytes();
    [first, second, third, fourth]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> (Checkpoint, JournalKey) {
        let key = JournalKey::generate().unwrap();
        let root = Sha256Digest::of(b"lines");
        (Checkpoint::sign(&origin("r1"), 7, root, &key).unwrap(), key)
    }

    #[test]
    fn a_note_has_its_three_lines_and_its_signature_and_comes_back_from_its_text() {
        let (checkpoint, key) = checkpoint();
        let text = checkpoint.to_string();
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!(lines[..2], ["rekindle.dev/journal/r1", "7"]);
        assert_eq!(lines[3], "");
        assert!(lines[4].starts_with("\u{2014} rekindle.dev/journal/r1 "));
        assert_eq!(lines[5..], [""]);
        let parsed = Checkpoint::parse(&text).unwrap();
        assert_eq!(parsed, checkpoint);
        parsed.verify(key.public()).unwrap();
    }

    #[test]
    fn every_changed_bit_of_a_note_is_noticed() {
        let (checkpoint, key) = checkpoint();
        let text = checkpoint.to_string();
        for at in 0..text.len() * 8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at / 8] ^= 1 << (at % 8);
            let accepted = String::from_utf8(bytes)
                .ok()
                .and_then(|changed| Checkpoint::parse(&changed).ok())
                .is_some_and(|changed| changed.verify(key.public()).is_ok());
            assert!(!accepted, "bit {at}");
        }
    }

    #[test]
    fn a_note_speaks_for_its_own_lines_only() {
        let (checkpoint, _) = checkpoint();
        let (origin, root) = (origin("r1"), Sha256Digest::of(b"lines"));
        assert_eq!(checkpoint.covers(&origin, 7, root), Ok(()));
        let other = Sha256Digest::of(b"other lines");
        let refused = [
            checkpoint.covers("rekindle.dev/journal/r2", 7, root),
            checkpoint.covers(&origin, 8, root),
            checkpoint.covers(&origin, 7, other),
        ];
        assert!(matches!(
            refused,
            [
                Err(CheckpointError::Origin { .. }),
                Err(CheckpointError::Size { .. }),
                Err(CheckpointError::Root { .. })
            ]
        ));
    }
}
