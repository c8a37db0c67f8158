//! The lines of a journal, each judged against those before it: all that both the verifier and whoever takes a run up
//! again need to know. Pure. Whether a key is one to believe is for [`Trust`](super::Trust) to say.

use time::OffsetDateTime;

use super::act::Act;
use super::attempt::{Attempt, Direction, Torn};
use super::change::Change;
use super::checkpoint::{self, Checkpoint};
use super::defect::Defect;
use super::envelope::{Envelope, LONGEST_LINE};
use super::event::{Event, Record, RunOutcome};
use super::genesis::{AuthorityFacts, Genesis, KeyFacts, SCHEMA};
use super::merkle::Tree;
use super::order::OrderError;
use super::progress::{Committed, Progress};
use super::protocol::Protocol;
use super::read::{Line, lines};
use super::segment::Segment;
use super::statement::{Counts, Statement};
use crate::digest::Sha256Digest;

/// The whole lines of a journal, all of them good.
pub struct Chain {
    genesis: Genesis,
    /// One for each attempt, the first the genesis's.
    segments: Vec<Segment>,
    origin: String,
    previous: Option<Sha256Digest>,
    tree: Tree,
    protocol: Protocol,
    checkpoint: Option<Checkpoint>,
    /// How many bytes the whole lines have.
    whole: usize,
    /// What stands behind the last newline.
    torn: Vec<u8>,
    /// The torn lines that earlier attempts found.
    noted: Vec<Torn>,
}

/// A line that is not as it was written, or not in its place.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the journal is not as it was written")]
pub struct BrokenChain {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub defect: Defect,
}

impl Chain {
    /// Judges every line; `None` where not even the first one is whole.
    ///
    /// A last line without its newline was cut short by a crash. Any other defect is tampering: a line is
    /// appended whole, and none behind one that failed; and none is cut short that is longer than any record.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, BrokenChain> {
        let mut chain: Option<Self> = None;
        for (number, line) in (1..).zip(lines(bytes)) {
            let judged = match (&mut chain, line) {
                (None, Line::Whole(line)) => Self::first(line).map(|begun| chain = Some(begun)),
                (Some(chain), Line::Whole(line)) => chain.next(line),
                // Nothing was being written any more, so no crash left this.
                (Some(chain), Line::CutShort(_)) if chain.is_sealed() => {
                    Err(OrderError::AfterClose.into())
                }
                (_, Line::CutShort(rest)) if rest.len() > LONGEST_LINE => {
                    Err(Defect::LineTooLong { bytes: rest.len() })
                }
                (Some(chain), Line::CutShort(rest)) => {
                    chain.torn = rest.to_vec();
                    Ok(())
                }
                (None, Line::CutShort(_)) => Ok(()),
            };
            judged.map_err(|defect| BrokenChain {
                line: number,
                defect,
            })?;
        }
        Ok(chain)
    }

    /// The same for the file of `run`: that of another run is not what was written there.
    pub fn read_run(run: &str, bytes: &[u8]) -> Result<Option<Self>, BrokenChain> {
        let chain = Self::read(bytes)?;
        if let Some(chain) = &chain {
            let checked = chain.genesis.check_run(run);
            checked.map_err(|defect| BrokenChain { line: 1, defect })?;
        }
        Ok(chain)
    }

    /// The first record.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    pub(super) fn into_genesis(self) -> Genesis {
        self.genesis
    }

    /// The committed changes with their progress, by number; none before the commit.
    pub fn changes(&self) -> Option<&[(Change, Progress)]> {
        self.protocol.committed().map(Committed::changes)
    }

    /// The committed files whose time is still to be set.
    pub fn untouched(&self) -> impl Iterator<Item = &str> {
        self.protocol.untouched()
    }

    /// The services that are stopped because of this run, for all that it knows.
    pub fn stopped_services(&self) -> impl Iterator<Item = &str> {
        self.protocol.stopped_services()
    }

    /// The manifests that are away because of this run, for all that it knows, with where they are.
    pub fn moved_manifests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.protocol.moved_manifests()
    }

    /// What was begun besides changing files, and broke off before anybody could say how it ended.
    pub fn act_under_way(&self) -> Option<&Act> {
        self.protocol.act_under_way()
    }

    /// What was done so far.
    pub fn counts(&self) -> Counts {
        self.protocol.counts()
    }

    /// How many attempts were begun.
    pub fn attempts(&self) -> u64 {
        self.protocol.attempts()
    }

    /// Whether the run has turned back, so that only the way back is open.
    pub fn is_undoing(&self) -> bool {
        self.protocol.is_undoing()
    }

    /// Where a further attempt may lead, until nothing more can follow.
    pub fn open_directions(&self) -> &'static [Direction] {
        self.protocol.open_directions()
    }

    /// How the run ended, if it did.
    pub fn outcome(&self) -> Option<RunOutcome> {
        self.protocol.outcome()
    }

    /// Whether the run ended and its last checkpoint is there: nothing more can follow.
    pub fn is_sealed(&self) -> bool {
        self.protocol.is_sealed()
    }

    /// The last checkpoint.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_ref()
    }

    /// How many bytes the whole lines have.
    pub fn whole_bytes(&self) -> usize {
        self.whole
    }

    /// The start of a line that a crash cut short; empty where none was.
    pub fn torn(&self) -> &[u8] {
        &self.torn
    }

    /// The lines cut short that earlier attempts found, copied aside and noted.
    pub fn noted(&self) -> &[Torn] {
        &self.noted
    }

    /// The key of each attempt.
    pub fn keys(&self) -> impl Iterator<Item = &KeyFacts> {
        self.segments.iter().map(|segment| &segment.facts)
    }

    /// The authorities that certified these keys, as the journal itself names them.
    pub fn authorities(&self) -> impl Iterator<Item = &AuthorityFacts> {
        let segments = self.segments.iter();
        segments.filter_map(|segment| segment.authority.as_ref())
    }

    /// Whether an authority certified the key of every attempt.
    pub(super) fn is_certified(&self) -> bool {
        let mut segments = self.segments.iter();
        segments.all(|segment| segment.authority.is_some())
    }

    /// How many lines there are.
    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    pub(super) fn root(&self) -> Sha256Digest {
        self.tree.root()
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// When the latest record was written.
    pub fn last_written(&self) -> OffsetDateTime {
        self.written().1
    }

    /// When the earliest and the latest record were written.
    pub(super) fn written(&self) -> (OffsetDateTime, OffsetDateTime) {
        let all = self.segments.iter().map(|segment| segment.written);
        all.reduce(|(first, last), (begin, end)| (first.min(begin), last.max(end)))
            .unwrap_or((OffsetDateTime::UNIX_EPOCH, OffsetDateTime::UNIX_EPOCH))
    }

    /// The change of that number.
    pub(super) fn change(&self, number: usize) -> Option<&Change> {
        self.protocol.committed()?.change(number)
    }

    /// The one statement that fits what was recorded.
    pub(super) fn statement(&self, outcome: RunOutcome) -> Statement {
        self.protocol.statement(outcome)
    }

    /// The record that would follow now.
    pub(super) fn record(&self, event: Event, at: OffsetDateTime) -> Record {
        Record {
            seq: self.tree.size(),
            previous: self.previous,
            at,
            event,
        }
    }

    /// Takes the key from the first line, and judges that line with it.
    fn first(line: &[u8]) -> Result<Self, Defect> {
        let envelope = Envelope::parse(line)?;
        let record = Record::parse(&envelope.payload)?;
        let Event::Genesis(genesis) = &record.event else {
            return Err(Defect::Genesis);
        };
        let key = genesis.key.verifying_key().ok_or(Defect::Genesis)?;
        envelope.verify(&key)?;
        Self::begin(&record, line)
    }

    fn next(&mut self, line: &[u8]) -> Result<(), Defect> {
        let envelope = Envelope::parse(line)?;
        let now = self.segments.last().map(|segment| &segment.key);
        let now = now.ok_or(Defect::Genesis)?;
        if envelope.names(now) {
            envelope.verify(now)?;
            let record = Record::parse(&envelope.payload)?;
            if matches!(record.event, Event::Attempt(_)) {
                return Err(Defect::Attempt);
            }
            return self.take(&record, line);
        }
        // Another key: it may only introduce itself.
        let record = Record::parse(&envelope.payload)?;
        match &record.event {
            Event::Attempt(attempt) => {
                envelope.verify(&attempt.key.verifying_key().ok_or(Defect::Attempt)?)?;
            }
            _ => envelope.verify(now)?,
        }
        self.take(&record, line)
    }

    /// A chain of one line, whose signature is good.
    pub(super) fn begin(record: &Record, line: &[u8]) -> Result<Self, Defect> {
        let Event::Genesis(genesis) = &record.event else {
            return Err(Defect::Genesis);
        };
        if genesis.schema != SCHEMA {
            return Err(Defect::Schema {
                found: genesis.schema.clone(),
            });
        }
        let run = &genesis.circumstances.run.id;
        if !is_run_id(run) {
            return Err(Defect::RunId { run: run.clone() });
        }
        let segment = Segment::begin(&genesis.key, genesis.authority.as_ref(), record.at)
            .ok_or(Defect::Genesis)?;
        let mut chain = Self {
            genesis: Genesis::clone(genesis),
            segments: vec![segment],
            origin: checkpoint::origin(run),
            previous: None,
            tree: Tree::default(),
            protocol: Protocol::default(),
            checkpoint: None,
            whole: 0,
            torn: Vec::new(),
            noted: Vec::new(),
        };
        chain.take(record, line)?;
        Ok(chain)
    }

    /// Takes the next line, whose signature is good. One that is refused leaves everything as it was.
    pub(super) fn take(&mut self, record: &Record, line: &[u8]) -> Result<(), Defect> {
        if line.len() > LONGEST_LINE {
            return Err(Defect::LineTooLong { bytes: line.len() });
        }
        if record.seq != self.tree.size() {
            return Err(Defect::Sequence {
                found: record.seq,
                expected: self.tree.size(),
            });
        }
        if record.previous != self.previous {
            return Err(Defect::Previous);
        }
        match &record.event {
            Event::Attempt(attempt) => {
                let segment = self.further_segment(attempt, record.at)?;
                self.protocol.accept(&record.event)?;
                self.segments.push(segment);
                self.noted.extend(attempt.torn.iter().cloned());
            }
            Event::Checkpoint { note } => {
                let checkpoint = self.covering(note)?;
                self.protocol.accept(&record.event)?;
                self.checkpoint = Some(checkpoint);
            }
            event => self.protocol.accept(event)?,
        }
        if let Some(segment) = self.segments.last_mut() {
            segment.extend(record.at);
        }
        self.previous = Some(Sha256Digest::of(line));
        self.tree.push(line);
        self.whole += line.len() + 1;
        Ok(())
    }

    /// The segment that an attempt begins, with a key that no other attempt has.
    fn further_segment(&self, attempt: &Attempt, at: OffsetDateTime) -> Result<Segment, Defect> {
        let segment =
            Segment::begin(&attempt.key, attempt.authority.as_ref(), at).ok_or(Defect::Attempt)?;
        let key = segment.facts.sha256;
        if self.segments.iter().any(|other| other.facts.sha256 == key) {
            return Err(Defect::Attempt);
        }
        Ok(segment)
    }

    /// The checkpoint of that note, if it is one over all lines so far.
    fn covering(&self, note: &str) -> Result<Checkpoint, Defect> {
        let checkpoint = Checkpoint::parse(note)?;
        let key = self.segments.last().map(|segment| &segment.key);
        checkpoint.verify(key.ok_or(Defect::Genesis)?)?;
        checkpoint.covers(&self.origin, self.tree.size(), self.tree.root())?;
        Ok(checkpoint)
    }
}

/// A run's identifier becomes part of a checkpoint's origin, where spaces and line ends have a meaning.
fn is_run_id(run: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !run.is_empty() && run.len() <= 128 && run.bytes().all(allowed)
}
