//! Writing a journal: every record is signed, chained and on the disk before the next effect may begin.
//! Writes through [`Storage`] only.

use time::{OffsetDateTime, UtcOffset};

use super::certificate;
use super::change::Change;
use super::checkpoint::{self, Checkpoint};
use super::envelope::Envelope;
use super::error::JournalError;
use super::event::{Event, Record, RunOutcome};
use super::genesis::{AuthorityFacts, Circumstances, Genesis, KeyFacts, SCHEMA};
use super::intent::{Intent, Outcome, TouchIntent};
use super::merkle::Tree;
use super::protocol::Protocol;
use super::signature::JournalKey;
use crate::digest::Sha256Digest;
use crate::pki::{Authority, encode_certificate};

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
    origin: String,
    previous: Option<Sha256Digest>,
    tree: Tree,
    protocol: Protocol,
    stopped: bool,
}

/// What is left of a journal when it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The note over the whole file, the close included: to be kept elsewhere, for instance in the ticket.
    pub checkpoint: Checkpoint,
    /// SHA-256 of the journal key's SPKI: the anchor where no authority vouches for the key.
    pub key: Sha256Digest,
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
        let run = &circumstances.run.id;
        if !is_run_id(run) {
            return Err(JournalError::RunId { run: run.clone() });
        }
        let origin = checkpoint::origin(run);
        let key = JournalKey::generate().map_err(|source| JournalError::Key { source })?;
        let genesis = genesis(circumstances, &key, authority, now)?;
        let mut log = Self {
            storage,
            key,
            origin,
            previous: None,
            tree: Tree::default(),
            protocol: Protocol::default(),
            stopped: false,
        };
        log.write(Event::Genesis(Box::new(genesis)), now)?;
        log.checkpoint(now)?;
        Ok(log)
    }

    /// SHA-256 of the journal key's SPKI: the anchor where no authority vouches for
    /// it.
    pub fn key(&self) -> Sha256Digest {
        self.key.public().fingerprint()
    }

    /// Appends what has no verb of its own here: staged, backed up, left, failed, rolled back.
    pub fn append(&mut self, event: Event, now: OffsetDateTime) -> Result<(), JournalError> {
        match event {
            Event::Staged { .. }
            | Event::BackedUp { .. }
            | Event::Left { .. }
            | Event::Failed { .. }
            | Event::RolledBack { .. } => self.write(event, now),
            _ => Err(JournalError::OwnVerb),
        }
    }

    /// Commits the run to these changes, each staged and backed up before, and appends a checkpoint.
    pub fn commit(
        &mut self,
        changes: Vec<Change>,
        now: OffsetDateTime,
    ) -> Result<Checkpoint, JournalError> {
        self.write(Event::Commit { changes }, now)?;
        self.checkpoint(now)
    }

    /// Announces that a committed change is about to be made.
    pub fn intend(&mut self, change: usize, now: OffsetDateTime) -> Result<Intent, JournalError> {
        self.write(Event::Intent { change }, now)?;
        Ok(Intent::new(change))
    }

    /// Records what became of an intent.
    pub fn outcome(
        &mut self,
        intent: Intent,
        outcome: Outcome,
        now: OffsetDateTime,
    ) -> Result<(), JournalError> {
        let change = intent.into_change();
        let event = match outcome {
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
        let (size, root) = (self.tree.size(), self.tree.root());
        let checkpoint = Checkpoint::sign(&self.origin, size, root, &self.key)
            .map_err(|source| JournalError::Key { source })?;
        let note = checkpoint.to_string();
        self.write(Event::Checkpoint { note }, now)?;
        Ok(checkpoint)
    }

    /// Ends the run: appends the outcome with a statement of all that changed, then a last checkpoint over
    /// the whole file. The key goes with the log.
    pub fn close(
        mut self,
        outcome: RunOutcome,
        now: OffsetDateTime,
    ) -> Result<Closed, JournalError> {
        let statement = self.protocol.statement(outcome);
        self.write(Event::Close { outcome, statement }, now)?;
        Ok(Closed {
            checkpoint: self.checkpoint(now)?,
            key: self.key(),
        })
    }

    /// The one place from which a line leaves.
    fn write(&mut self, event: Event, now: OffsetDateTime) -> Result<(), JournalError> {
        if self.stopped {
            return Err(JournalError::Stopped);
        }
        self.protocol
            .accept(&event)
            .map_err(|source| JournalError::Order { source })?;
        // Until the line is there, the protocol is ahead of the file: nothing may follow.
        self.stopped = true;
        let durable = must_be_on_the_disk(&event);
        let record = Record {
            seq: self.tree.size(),
            previous: self.previous,
            at: now.checked_to_offset(UtcOffset::UTC).unwrap_or(now),
            event,
        };
        let encode = |source| JournalError::Encode { source };
        let payload = record.to_json().map_err(encode)?;
        let envelope =
            Envelope::sign(payload, &self.key).map_err(|source| JournalError::Key { source })?;
        let mut line = envelope.to_line().map_err(encode)?;
        self.previous = Some(Sha256Digest::of(&line));
        self.tree.push(&line);
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

/// Whether something is done in reliance on the record. What is only staged or backed up is relied on at the commit, and
/// genesis, commit and close are followed by a checkpoint; a change that was made shows itself.
fn must_be_on_the_disk(event: &Event) -> bool {
    match event {
        Event::Intent { .. }
        | Event::TouchIntent { .. }
        | Event::Failed { .. }
        | Event::RolledBack { .. }
        | Event::Checkpoint { .. } => true,
        Event::Genesis(_)
        | Event::Staged { .. }
        | Event::BackedUp { .. }
        | Event::Left { .. }
        | Event::Commit { .. }
        | Event::Done { .. }
        | Event::TouchDone { .. }
        | Event::Close { .. } => false,
    }
}

/// A run's identifier becomes part of a checkpoint's origin, where spaces and line ends have a meaning.
fn is_run_id(run: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !run.is_empty() && run.len() <= 128 && run.bytes().all(allowed)
}

fn genesis(
    circumstances: Circumstances,
    key: &JournalKey,
    authority: Option<&Authority>,
    now: OffsetDateTime,
) -> Result<Genesis, JournalError> {
    let certificate = authority
        .map(|authority| certificate::issue(key.public(), authority, now))
        .transpose()?;
    Ok(Genesis {
        schema: SCHEMA.to_owned(),
        key: KeyFacts::of(key.public(), certificate.as_ref()),
        authority: authority.map(|authority| AuthorityFacts {
            certificate: encode_certificate(authority.certificate()),
            spki_sha256: Sha256Digest::of(authority.certificate().public_key_der()),
        }),
        circumstances,
    })
}
