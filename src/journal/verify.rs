//! Verifying a journal: every byte of the file, then whether its key is one to believe. Pure.

use time::OffsetDateTime;

use super::anchor::Trust;
use super::checkpoint::{self, Checkpoint};
use super::defect::Defect;
use super::envelope::Envelope;
use super::event::{Event, Record};
use super::genesis::{Genesis, SCHEMA};
use super::merkle::Tree;
use super::order::OrderError;
use super::protocol::Protocol;
use super::read::{Line, lines};
use super::signature::VerifyingKey;
use super::verdict::{Summary, Verdict};
use crate::digest::Sha256Digest;

/// Judges the bytes of a journal file.
///
/// A last line without its newline was cut short by a crash. Any other defect is tampering: a line is
/// appended whole, and none behind one that failed.
pub fn verify(bytes: &[u8], trust: &Trust<'_>) -> Verdict {
    let mut chain: Option<Chain> = None;
    let mut torn_tail = false;
    for (number, line) in (1..).zip(lines(bytes)) {
        let judged = match (&mut chain, line) {
            (None, Line::Whole(line)) => Chain::begin(line).map(|begun| chain = Some(begun)),
            (Some(chain), Line::Whole(line)) => chain.advance(line),
            // Nothing was being written any more, so no crash left this.
            (Some(chain), Line::CutShort) if chain.protocol.is_sealed() => {
                Err(OrderError::AfterClose.into())
            }
            (_, Line::CutShort) => {
                torn_tail = true;
                Ok(())
            }
        };
        if let Err(defect) = judged {
            return Verdict::Tampered {
                line: number,
                defect,
            };
        }
    }
    match chain {
        Some(chain) => chain.verdict(torn_tail, trust),
        None => Verdict::Incomplete {
            summary: None,
            resumable: false,
            torn_tail,
        },
    }
}

/// The lines judged so far, all of them good.
struct Chain {
    key: VerifyingKey,
    genesis: Genesis,
    origin: String,
    previous: Option<Sha256Digest>,
    tree: Tree,
    protocol: Protocol,
    written: (OffsetDateTime, OffsetDateTime),
    checkpoint: Option<Checkpoint>,
}

impl Chain {
    /// Takes the key from the first line, and judges that line with it.
    fn begin(line: &[u8]) -> Result<Self, Defect> {
        let envelope = Envelope::parse(line)?;
        let record = Record::parse(&envelope.payload)?;
        let Event::Genesis(genesis) = &record.event else {
            return Err(Defect::Genesis);
        };
        if genesis.schema != SCHEMA {
            return Err(Defect::Schema {
                found: genesis.schema.clone(),
            });
        }
        let mut chain = Self {
            key: genesis.key.verifying_key().ok_or(Defect::Genesis)?,
            genesis: Genesis::clone(genesis),
            origin: checkpoint::origin(&genesis.circumstances.run.id),
            previous: None,
            tree: Tree::default(),
            protocol: Protocol::default(),
            written: (record.at, record.at),
            checkpoint: None,
        };
        envelope.verify(&chain.key)?;
        chain.take(&record, line)?;
        Ok(chain)
    }

    fn advance(&mut self, line: &[u8]) -> Result<(), Defect> {
        let envelope = Envelope::parse(line)?;
        envelope.verify(&self.key)?;
        self.take(&Record::parse(&envelope.payload)?, line)
    }

    fn take(&mut self, record: &Record, line: &[u8]) -> Result<(), Defect> {
        if record.seq != self.tree.size() {
            return Err(Defect::Sequence {
                found: record.seq,
                expected: self.tree.size(),
            });
        }
        if record.previous != self.previous {
            return Err(Defect::Previous);
        }
        self.protocol.accept(&record.event)?;
        if let Event::Checkpoint { note } = &record.event {
            let checkpoint = Checkpoint::parse(note)?;
            checkpoint.verify(&self.key)?;
            checkpoint.covers(&self.origin, self.tree.size(), self.tree.root())?;
            self.checkpoint = Some(checkpoint);
        }
        let (first, last) = self.written;
        self.written = (first.min(record.at), last.max(record.at));
        self.previous = Some(Sha256Digest::of(line));
        self.tree.push(line);
        Ok(())
    }

    fn verdict(self, torn_tail: bool, trust: &Trust<'_>) -> Verdict {
        let anchored = trust.check(&self.key, &self.genesis, self.written);
        let ended = self.protocol.is_sealed();
        let summary = Summary {
            genesis: self.genesis,
            records: self.tree.size(),
            written: self.written,
            committed: self.protocol.committed(),
            counts: self.protocol.counts(),
            outcome: self.protocol.outcome(),
            checkpoint: self.checkpoint,
        };
        match anchored {
            Err(reason) => Verdict::NotAnchored { summary, reason },
            Ok(()) if ended => Verdict::Complete { summary },
            Ok(()) => Verdict::Incomplete {
                resumable: summary.committed.is_some() && summary.outcome.is_none(),
                summary: Some(summary),
                torn_tail,
            },
        }
    }
}
