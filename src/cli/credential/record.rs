//! What the journals of this node say about credentials that were handed out.

use time::OffsetDateTime;

use super::super::journal::missing_predecessor;
use super::traces::Traces;
use crate::evidence::with_causes;
use crate::journal::{Act, Event, Setting, Trust, Verdict, read_records, verify};
use crate::node::{FileError, Root};
use crate::pki::{Certificate, Validity};
use crate::recovery::{History, JournalState, RunJournal};

/// What was found.
#[derive(Default)]
pub(super) struct Record {
    /// The credentials, in the order in which they were made.
    pub(super) credentials: Vec<Issued>,
    /// The journals that do not hold, and those that are not here though something of their runs is.
    pub(super) doubtful: Vec<Doubtful>,
    /// The journals that are missing or others, as those of the runs after them say.
    pub(super) missing_journals: Vec<String>,
}

/// A credential that was made here.
pub(super) struct Issued {
    /// The run whose journal it is in.
    pub(super) run: String,
    /// Whether that journal holds: what it says may have been written by anybody otherwise.
    pub(super) is_verified: bool,
    pub(super) user: String,
    pub(super) groups: Vec<String>,
    pub(super) server: String,
    pub(super) serial: String,
    /// SHA-256 of the certificate, as the API server's audit log has it.
    pub(super) fingerprint: String,
    pub(super) made: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
    pub(super) sealed_to: Vec<String>,
    /// Who made it, where and why; none where the journal does not say.
    pub(super) setting: Option<Setting>,
    pub(super) handed_out: HandedOut,
}

/// Whether the file was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandedOut {
    /// It was.
    Yes,
    /// Writing it failed, and nothing of it is left.
    No,
    /// The run was interrupted while it was being written: it may be there.
    Perhaps,
}

/// How a credential stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It logs on, as far as its dates go: under another CA than that of then it does not.
    Alive,
    /// It would log on, if its file was written.
    PerhapsAlive,
    /// It has ended.
    Ended,
    /// It never was in anybody's hands.
    NeverHandedOut,
}

/// A journal that does not hold, or is not here.
pub(super) struct Doubtful {
    pub(super) run: String,
    pub(super) why: String,
}

impl Issued {
    /// How it stands `now`. At its last second it is alive, and not a fraction later, as the API server's Go has it.
    pub(super) fn life(&self, now: OffsetDateTime) -> Life {
        let validity = Validity {
            // A clock that was set back since ends nothing.
            not_before: self.made.min(now),
            not_after: self.not_after,
        };
        match self.handed_out {
            HandedOut::No => Life::NeverHandedOut,
            _ if !validity.contains(now) => Life::Ended,
            HandedOut::Perhaps => Life::PerhapsAlive,
            HandedOut::Yes => Life::Alive,
        }
    }
}

impl Life {
    /// Whether somebody may be able to use it.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Alive | Self::PerhapsAlive)
    }

    /// For people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::PerhapsAlive => "perhaps alive",
            Self::Ended => "ended",
            Self::NeverHandedOut => "never handed out",
        }
    }

    /// For programs.
    pub(super) fn identifier(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::PerhapsAlive => "perhaps-alive",
            Self::Ended => "ended",
            Self::NeverHandedOut => "never-handed-out",
        }
    }
}

impl Record {
    /// Reads and verifies the journals of a node. `authorities` vouch for them.
    pub(super) fn read(root: &Root, authorities: &[Certificate]) -> Result<Self, FileError> {
        let traces = Traces::read(root)?;
        let history = History::read(root)?;
        let journals: Vec<RunJournal> = history
            .runs
            .iter()
            .map(|run| RunJournal::read(root, run))
            .collect();
        let mut contradictions = traces.contradictions(root, &journals);
        let mut record = Self::default();
        for journal in &journals {
            let place = contradictions.iter().position(|it| it.run == journal.run);
            let against = place.map(|place| contradictions.remove(place).why);
            record.add(journal, against, authorities);
            record
                .missing_journals
                .extend(missing_predecessor(journal, &journals));
        }
        // Those of which there is no journal.
        record.doubtful.append(&mut contradictions);
        Ok(record)
    }

    /// Whether it is all that ever was here, as far as this node can tell.
    pub(super) fn is_whole(&self) -> bool {
        self.doubtful.is_empty() && self.missing_journals.is_empty()
    }

    /// Whether no credential was made here, and no journal is doubtful or missing in which one may be.
    pub(super) fn is_empty(&self) -> bool {
        self.credentials.is_empty() && self.is_whole()
    }

    /// `against` is what the node has that speaks against it.
    fn add(&mut self, journal: &RunJournal, against: Option<String>, authorities: &[Certificate]) {
        let mut issued = credentials(journal);
        let doubt = match &journal.state {
            JournalState::Unbegun => None,
            // Whatever it holds, no credential was made in it.
            JournalState::Good(_) if issued.is_empty() => None,
            JournalState::Good(_) => not_anchored(&journal.bytes, authorities),
            JournalState::Exchanged(chain) => {
                let other = &chain.genesis().circumstances.run.id;
                Some(format!("its file holds the journal of the run {other}"))
            }
            JournalState::Emptied => Some("its file was emptied".to_owned()),
            JournalState::Broken(broken) => Some(with_causes(broken)),
            JournalState::Unreadable(error) => Some(with_causes(error)),
        };
        let doubt = doubt.or(against);
        for one in &mut issued {
            one.is_verified = doubt.is_none();
        }
        self.credentials.append(&mut issued);
        self.doubtful.extend(doubt.map(|why| Doubtful {
            run: journal.run.clone(),
            why,
        }));
    }
}

fn not_anchored(bytes: &[u8], authorities: &[Certificate]) -> Option<String> {
    let trust = Trust {
        authorities,
        ..Trust::default()
    };
    match verify(bytes, &trust) {
        Verdict::Complete { .. } | Verdict::Incomplete { .. } => None,
        Verdict::NotAnchored { reason, .. } => Some(with_causes(&reason)),
        Verdict::Tampered { defect, .. } => Some(with_causes(&defect)),
    }
}

/// The credentials of which a journal speaks, as far as it can be read.
fn credentials(journal: &RunJournal) -> Vec<Issued> {
    let mut found: Vec<Issued> = Vec::new();
    let mut setting = None;
    for record in read_records(&journal.bytes).map_while(Result::ok) {
        match record.event {
            Event::Genesis(genesis) => setting = Some(genesis.circumstances.setting),
            Event::ActIntent { act } => {
                found.extend(issued(&journal.run, act, record.at, setting.clone()));
            }
            Event::ActDone { act } => {
                if let (Act::Credential { .. }, Some(last)) = (&act, found.last_mut()) {
                    last.handed_out = HandedOut::Yes;
                }
            }
            // Of what was under way: a file that cannot be written whole is removed.
            Event::Failed { .. } => {
                let last = found.last_mut();
                if let Some(last) = last.filter(|it| it.handed_out == HandedOut::Perhaps) {
                    last.handed_out = HandedOut::No;
                }
            }
            // What was under way broke off, and what comes now is about something else.
            Event::Attempt(_) => break,
            _ => {}
        }
    }
    found
}

fn issued(run: &str, act: Act, at: OffsetDateTime, setting: Option<Setting>) -> Option<Issued> {
    let Act::Credential {
        user,
        groups,
        server,
        serial,
        fingerprint,
        not_after,
        sealed_to,
    } = act
    else {
        return None;
    };
    Some(Issued {
        run: run.to_owned(),
        is_verified: false,
        user,
        groups,
        server,
        serial,
        fingerprint: fingerprint.to_string(),
        made: at,
        not_after,
        sealed_to,
        setting,
        handed_out: HandedOut::Perhaps,
    })
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use time::macros::datetime;

    use super::*;

    const MADE: OffsetDateTime = datetime!(2026-11-24 03:12:45.118 UTC);
    const NOT_AFTER: OffsetDateTime = datetime!(2026-11-24 04:12:45 UTC);

    fn life(handed_out: HandedOut, now: OffsetDateTime) -> Life {
        let issued = Issued {
            run: "20261124T031245.118Z-1f5a9e".to_owned(),
            is_verified: true,
            user: "alice".to_owned(),
            groups: Vec::new(),
            server: "https://192.0.2.10:6443".to_owned(),
            serial: "1".to_owned(),
            fingerprint: "0".repeat(64),
            made: MADE,
            not_after: NOT_AFTER,
            sealed_to: Vec::new(),
            setting: None,
            handed_out,
        };
        issued.life(now)
    }

    #[test]
    fn it_lives_until_its_last_second_and_no_longer() {
        let later = NOT_AFTER + Duration::milliseconds(1);
        for alive in [MADE, NOT_AFTER - Duration::SECOND, NOT_AFTER] {
            assert_eq!(life(HandedOut::Yes, alive), Life::Alive, "{alive}");
            assert_eq!(life(HandedOut::Perhaps, alive), Life::PerhapsAlive);
        }
        for ended in [later, NOT_AFTER + Duration::days(3)] {
            assert_eq!(life(HandedOut::Yes, ended), Life::Ended, "{ended}");
            assert_eq!(life(HandedOut::Perhaps, ended), Life::Ended);
        }
        for moment in [MADE, later] {
            assert_eq!(life(HandedOut::No, moment), Life::NeverHandedOut);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_ends_nothing() {
        let before = MADE - Duration::days(3);
        assert_eq!(life(HandedOut::Yes, before), Life::Alive);
    }
}
