//! Writing a journal: every record is signed, chained and on the disk before the next effect may begin.
//! Writes through [`Storage`] only.

use time::{OffsetDateTime, UtcOffset};

use super::act::Act;
use super::attempt::{Attempt, Direction, Torn};
use super::certificate;
use super::chain::Chain;
use super::change::Change;
use super::checkpoint::Checkpoint;
use super::defect::Defect;
use super::envelope::Envelope;
use super::error::JournalError;
use super::event::{Event, Record, RunOutcome};
use super::genesis::{AuthorityFacts, Circumstances, Genesis, KeyFacts, SCHEMA, Setting};
use super::intent::{ActIntent, Intent, Outcome, TouchIntent};
use super::order::OrderError;
use super::signature::JournalKey;
use crate::digest::Sha256Digest;
use crate::pki::Authority;

/// Where lines go.
pub trait Storage {
    /// Appends one line, its newline included; the next durable one brings it to the disk too.
    fn append(&mut self, line: &[u8]) -> std::io::Result<()>;

    /// Appends one line, its newline included, and returns when it is on the disk for certain. After an
    /// error nothing more is appended: a line that was cut short stays the file's last.
    fn append_durably(&mut self, line: &[u8]) -> std::io::Result<()>;
}

/// A journal being written. Its key exists in memory only, and no longer than the log.
///
/// Each `now` should be the wall clock of the start plus the monotonic clock since: a wall clock that is
/// set while the run goes on could otherwise leave the validity of the journal's certificate.
pub struct Log {
    storage: Box<dyn Storage>,
    key: JournalKey,
    chain: Chain,
    stopped: bool,
}

/// What a further attempt is about, and who makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakeUp {
    /// Where it is to lead.
    pub direction: Direction,
    /// Lines that a crash had cut short, each with its copy.
    pub torn: Vec<Torn>,
    /// Who, where, when and why.
    pub setting: Setting,
}

/// How long the line is, in bytes, with which a run commits to these changes and touches; none where it cannot be written.
/// More than [`LONGEST_LINE`](super::LONGEST_LINE) are not taken.
pub fn commit_size(changes: Vec<Change>, touches: Vec<String>) -> Option<usize> {
    let record = Record {
        seq: u64::from(u32::MAX),
        previous: Some(Sha256Digest::of(&[])),
        // With as many digits as any moment has.
        at: OffsetDateTime::UNIX_EPOCH + time::Duration::nanoseconds(1),
        event: Event::Commit { changes, touches },
    };
    Some(Envelope::line_length(record.to_json().ok()?.len()))
}

/// What is left of a journal when it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The note over the whole file, the close included: to be kept elsewhere, for instance in the ticket.
    pub checkpoint: Checkpoint,
    /// SHA-256 of the journal key's SPKI: the anchor where no authority vouches for the key.
    pub key: Sha256Digest,
    /// Whether an authority vouches for every key that signed lines of it.
    pub certified: bool,
}

impl Log {
    /// Opens a journal: makes its key, has the cluster's authority certify it if there is one, and writes the
    /// genesis and a first checkpoint.
    pub fn begin(
        storage: Box<dyn Storage>,
        circumstances: Circumstances,
        authority: Option<&Authority>,
        now: OffsetDateTime,
    ) -> Result<Self, JournalError> {
        let key = JournalKey::generate().map_err(|source| JournalError::Key { source })?;
        let genesis = Genesis {
            schema: SCHEMA.to_owned(),
            key: key_facts(&key, authority, now)?,
            authority: authority.map(AuthorityFacts::from),
            circumstances,
        };
        let record = Record {
            seq: 0,
            previous: None,
            at: utc(now),
            event: Event::Genesis(Box::new(genesis)),
        };
        let line = signed_line(&record, &key)?;
        let chain = Chain::begin(&record, &line).map_err(refused)?;
        let mut log = Self {
            storage,
            key,
            chain,
            stopped: false,
        };
        log.store(line, false)?;
        log.checkpoint(now)?;
        Ok(log)
    }

    /// Takes an interrupted run up again, with a key of its own: `storage` appends behind the whole lines of `chain`.
    /// Where the run had ended and only its last checkpoint was missing, this brings it, and nothing else may follow.
    pub fn take_up(
        storage: Box<dyn Storage>,
        chain: Chain,
        attempt: TakeUp,
        authority: Option<&Authority>,
        now: OffsetDateTime,
    ) -> Result<Self, JournalError> {
        let key = JournalKey::generate().map_err(|source| JournalError::Key { source })?;
        let attempt = Attempt {
            number: chain.attempts() + 1,
            direction: attempt.direction,
            key: key_facts(&key, authority, now)?,
            authority: authority.map(AuthorityFacts::from),
            torn: attempt.torn,
            setting: attempt.setting,
        };
        let mut log = Self {
            storage,
            key,
            chain,
            stopped: false,
        };
        log.write(Event::Attempt(Box::new(attempt)), now)?;
        log.checkpoint(now)?;
        Ok(log)
    }

    /// What was written so far, and how far the run has come.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// SHA-256 of the journal key's SPKI: the anchor where no authority vouches for
    /// it.
    pub fn key(&self) -> Sha256Digest {
        self.key.public().fingerprint()
    }

    /// Appends what has no verb of its own here: staged, backed up, left, failed, turned back, and what was found.
    pub fn append(&mut self, event: Event, now: OffsetDateTime) -> Result<(), JournalError> {
        match event {
            Event::Staged { .. }
            | Event::BackedUp { .. }
            | Event::Left { .. }
            | Event::Failed { .. }
            | Event::Adopted { .. }
            | Event::TurnedBack
            | Event::RolledBack { .. }
            | Event::Proof { .. }
            | Event::Skipped { .. } => self.write(event, now),
            _ => Err(JournalError::OwnVerb),
        }
    }

    /// Commits the run to these changes, each staged and backed up before, and to setting the times of these files
    /// afterwards; and appends a checkpoint.
    pub fn commit(
        &mut self,
        changes: Vec<Change>,
        touches: Vec<String>,
        now: OffsetDateTime,
    ) -> Result<Checkpoint, JournalError> {
        self.write(Event::Commit { changes, touches }, now)?;
        self.checkpoint(now)
    }

    /// Announces that a committed change is about to be made.
    pub fn intend(&mut self, change: usize, now: OffsetDateTime) -> Result<Intent, JournalError> {
        self.announce(change, false, now)
    }

    /// Announces that a change is about to be undone.
    pub fn intend_undo(
        &mut self,
        change: usize,
        now: OffsetDateTime,
    ) -> Result<Intent, JournalError> {
        self.announce(change, true, now)
    }

    fn announce(
        &mut self,
        change: usize,
        undo: bool,
        now: OffsetDateTime,
    ) -> Result<Intent, JournalError> {
        let order = |source| JournalError::Order { source };
        let target = match self.chain.change(change) {
            Some(recorded) => recorded.target.clone(),
            None if self.chain.changes().is_none() => return Err(order(OrderError::BeforeCommit)),
            None => return Err(order(OrderError::NoSuchChange { change })),
        };
        let event = if undo {
            Event::UndoIntent { change }
        } else {
            Event::Intent { change }
        };
        self.write(event, now)?;
        Ok(Intent::new(change, &target, undo))
    }

    /// Records what became of an intent.
    pub fn outcome(
        &mut self,
        intent: Intent,
        outcome: Outcome,
        now: OffsetDateTime,
    ) -> Result<(), JournalError> {
        let undo = intent.is_undo();
        let change = intent.into_change();
        let event = match outcome {
            Outcome::Done if undo => Event::RolledBack { change },
            Outcome::Done => Event::Done { change },
            Outcome::Failed { step, error } => Event::Failed { step, error },
        };
        self.write(event, now)
    }

    /// Announces that a file's modification time is about to be set.
    pub fn intend_touch(
        &mut self,
        path: String,
        modified_before: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<TouchIntent, JournalError> {
        let intent = TouchIntent::new(path.clone());
        let event = Event::TouchIntent {
            path,
            modified_before,
        };
        self.write(event, now)?;
        Ok(intent)
    }

    /// Announces that something is about to be done besides changing files.
    pub fn intend_act(&mut self, act: Act, now: OffsetDateTime) -> Result<ActIntent, JournalError> {
        self.write(Event::ActIntent { act: act.clone() }, now)?;
        Ok(ActIntent::new(act))
    }

    /// Records that it was done. If it could not be, [`append`](Self::append) the failure and drop the intent.
    pub fn acted(&mut self, intent: ActIntent, now: OffsetDateTime) -> Result<(), JournalError> {
        let act = intent.into_act();
        self.write(Event::ActDone { act }, now)
    }

    /// Records that a modification time was set. If it could not be, [`append`](Self::append) the failure and
    /// drop the intent.
    pub fn touched(
        &mut self,
        intent: TouchIntent,
        modified_after: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<(), JournalError> {
        let event = Event::TouchDone {
            path: intent.into_path(),
            modified_after,
        };
        self.write(event, now)
    }

    /// Appends a signed note over all lines so far.
    fn checkpoint(&mut self, now: OffsetDateTime) -> Result<Checkpoint, JournalError> {
        let chain = &self.chain;
        let checkpoint = Checkpoint::sign(chain.origin(), chain.size(), chain.root(), &self.key)
            .map_err(|source| JournalError::Key { source })?;
        let note = checkpoint.to_string();
        self.write(Event::Checkpoint { note }, now)?;
        Ok(checkpoint)
    }

    /// Ends the run: appends the outcome with a statement of all that changed, then a last checkpoint over
    /// the whole file. Nothing can follow.
    pub fn close(
        &mut self,
        outcome: RunOutcome,
        now: OffsetDateTime,
    ) -> Result<Closed, JournalError> {
        if !self.chain.is_sealed() {
            let statement = self.chain.statement(outcome);
            self.write(Event::Close { outcome, statement }, now)?;
            self.checkpoint(now)?;
        }
        match self.chain.checkpoint() {
            Some(checkpoint) => Ok(Closed {
                checkpoint: checkpoint.clone(),
                key: self.key(),
                certified: self.chain.is_certified(),
            }),
            None => Err(JournalError::Stopped),
        }
    }

    /// The one place from which a line leaves, but for the first. An event that is refused leaves the chain as it was, as
    /// long as the file: the next one may come.
    fn write(&mut self, event: Event, now: OffsetDateTime) -> Result<(), JournalError> {
        if self.stopped {
            return Err(JournalError::Stopped);
        }
        let durable = must_be_on_the_disk(&event);
        let record = self.chain.record(event, utc(now));
        let line = signed_line(&record, &self.key)?;
        self.chain.take(&record, &line).map_err(refused)?;
        self.store(line, durable)
    }

    fn store(&mut self, mut line: Vec<u8>, durable: bool) -> Result<(), JournalError> {
        // Until the line is there, the chain is ahead of the file: nothing may follow.
        self.stopped = true;
        line.push(b'\n');
        let written = if durable {
            self.storage.append_durably(&line)
        } else {
            self.storage.append(&line)
        };
        written.map_err(|source| JournalError::Storage { source })?;
        self.stopped = false;
        Ok(())
    }
}

fn signed_line(record: &Record, key: &JournalKey) -> Result<Vec<u8>, JournalError> {
    let encode = |source| JournalError::Encode { source };
    let payload = record.to_json().map_err(encode)?;
    let envelope = Envelope::sign(payload, key).map_err(|source| JournalError::Key { source })?;
    Ok(envelope.to_line())
}

fn refused(defect: Defect) -> JournalError {
    match defect {
        Defect::Order(source) => JournalError::Order { source },
        Defect::RunId { run } => JournalError::RunId { run },
        source => JournalError::Chain { source },
    }
}

fn utc(now: OffsetDateTime) -> OffsetDateTime {
    now.checked_to_offset(UtcOffset::UTC).unwrap_or(now)
}

/// Whether something is done in reliance on the record. What is only staged or backed up is relied on at the commit, and
/// genesis, attempt, commit and close are followed by a checkpoint; a change that was made or undone shows itself.
fn must_be_on_the_disk(event: &Event) -> bool {
    match event {
        Event::Intent { .. }
        | Event::TurnedBack
        | Event::UndoIntent { .. }
        | Event::TouchIntent { .. }
        | Event::ActIntent { .. }
        | Event::Failed { .. }
        | Event::Skipped { .. }
        | Event::Checkpoint { .. } => true,
        Event::Genesis(_)
        | Event::Attempt(_)
        | Event::Staged { .. }
        | Event::BackedUp { .. }
        | Event::Left { .. }
        | Event::Commit { .. }
        | Event::Done { .. }
        | Event::Adopted { .. }
        | Event::RolledBack { .. }
        | Event::TouchDone { .. }
        | Event::ActDone { .. }
        | Event::Proof { .. }
        | Event::Close { .. } => false,
    }
}

fn key_facts(
    key: &JournalKey,
    authority: Option<&Authority>,
    now: OffsetDateTime,
) -> Result<KeyFacts, JournalError> {
    let certificate = authority
        .map(|authority| certificate::issue(key.public(), authority, now))
        .transpose()?;
    Ok(KeyFacts::of(key.public(), certificate.as_ref()))
}
