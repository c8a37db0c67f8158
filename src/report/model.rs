//! The facts of one journal.

use time::{Duration, OffsetDateTime};

use super::change::{Standing, standings};
use super::ending::Ending;
use super::life::Life;
use super::remark::{Remark, RemarkKind};
use super::text::{shown, shown_whole};
use super::timeline::Timeline;
use super::trust::{self, Belief, Words};
use super::words::count;
use crate::journal::{Change, Event, Genesis, KeyFacts, Record, RunOutcome, Verdict, read_records};
use crate::pki::read_certificates;
use crate::shell::quote;

/// What one journal says, ready to be written into a report.
#[derive(Debug, Clone)]
pub struct NodeReport {
    /// Where the journal was read: a run of the node, or the name of a file.
    pub(super) source: String,
    pub(super) verdict: Words,
    /// Whether a line is broken, so that it and all behind it are left out.
    is_cut: bool,
    pub(super) run: Option<Run>,
    pub(super) timeline: Timeline,
    pub(super) lives: Vec<Life>,
    /// Files that are no certificate's: `(name, path, standing)`.
    pub(super) files: Vec<(String, String, Standing)>,
    pub(super) proofs: Vec<Proof>,
    /// What was done besides, and what went wrong or was left.
    pub(super) remarks: Vec<Remark>,
    pub(super) checkpoint: Option<String>,
    /// SHA-256 of each attempt's key, and whether an authority certified it.
    pub(super) keys: Vec<(String, bool)>,
    pub(super) records: usize,
    /// Whether a checkpoint that was kept elsewhere was held against it.
    pub(super) compared: bool,
    /// The run by which this one was taken back later.
    pub(super) taken_back_by: Option<String>,
}

/// The first record, and how the run went.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) host: String,
    pub(super) root: String,
    pub(super) verb: String,
    pub(super) begun: OffsetDateTime,
    pub(super) last: OffsetDateTime,
    pub(super) operator: String,
    pub(super) reason: Option<String>,
    pub(super) ticket: Option<String>,
    pub(super) tool: String,
    pub(super) reverses: Option<String>,
    pub(super) attempts: usize,
    pub(super) committed: bool,
    pub(super) outcome: Option<RunOutcome>,
}

/// One condition of the proof.
#[derive(Debug, Clone)]
pub(super) struct Proof {
    pub(super) component: String,
    pub(super) condition: String,
    pub(super) proven: bool,
    pub(super) evidence: String,
}

impl Proof {
    /// What was found, in a word; of a journal that is not to be believed, a claim.
    pub(super) fn result(&self, belief: Belief) -> &'static str {
        match (belief, self.proven) {
            (Belief::Bad, true) => "claimed: proven",
            (Belief::Bad, false) => "claimed: not proven",
            (_, true) => "proven",
            (_, false) => "not proven",
        }
    }
}

/// Where the journal has no proof.
pub(super) const NO_PROOF: &str = "The journal has no proof of what ran after this run: rekindle verify, on the node, takes one at any time.";

/// So many rows of one table are shown; the journal itself has the rest.
pub(super) const MOST_ROWS: usize = 300;

impl NodeReport {
    /// The facts of a journal on which this is the verdict. `source` says where it was read; `compared`, whether a checkpoint from
    /// elsewhere was held against it.
    pub fn of(source: &str, bytes: &[u8], verdict: &Verdict, compared: bool) -> Self {
        let believable = match verdict {
            Verdict::Tampered { line, .. } => line.saturating_sub(1),
            _ => usize::MAX,
        };
        let records: Vec<Record> = read_records(bytes)
            .take(believable)
            .map_while(Result::ok)
            .collect();
        let mut report = Self {
            source: shown(source),
            verdict: trust::words(verdict),
            is_cut: matches!(verdict, Verdict::Tampered { .. }),
            run: None,
            timeline: Timeline::of(&records),
            lives: Vec::new(),
            files: Vec::new(),
            proofs: Vec::new(),
            remarks: Vec::new(),
            checkpoint: None,
            keys: Vec::new(),
            records: records.len(),
            compared,
            taken_back_by: None,
        };
        for record in &records {
            report.learn(record);
        }
        let commit = records.iter().find_map(|record| match &record.event {
            Event::Commit { changes, .. } => Some(changes),
            _ => None,
        });
        if let Some(changes) = commit {
            report.learn_changes(changes, &standings(&records, changes.len()));
        }
        report
    }

    /// How the verdict is to be taken.
    pub fn belief(&self) -> Belief {
        self.verdict.belief
    }

    fn learn(&mut self, record: &Record) {
        if let Some(run) = &mut self.run {
            run.last = run.last.max(record.at);
        }
        match &record.event {
            Event::Genesis(genesis) if self.run.is_none() => self.begin(genesis, record.at),
            Event::Attempt(attempt) => {
                self.learn_key(&attempt.key);
                // Each attempt watches anew.
                self.proofs.clear();
                if let Some(run) = &mut self.run {
                    run.attempts += 1;
                }
            }
            Event::Proof {
                component,
                condition,
                proven,
                evidence,
            } => self.proofs.push(Proof {
                component: shown(component),
                condition: shown(condition),
                proven: *proven,
                evidence: shown(evidence),
            }),
            Event::Commit { .. } => {
                if let Some(run) = &mut self.run {
                    run.committed = true;
                }
            }
            Event::ActDone { act } => self.remark(RemarkKind::Done, shown(&act.to_string())),
            Event::Left {
                name,
                reason,
                needs,
            } => {
                let text = format!("{name}: {reason}; needs {needs}");
                self.remark(RemarkKind::LeftAlone, shown_whole(&text));
            }
            Event::Failed { step, error } => {
                let text = format!("{step}: {error}");
                self.remark(RemarkKind::Failed, shown_whole(&text));
            }
            Event::Skipped { change, found } => {
                let text = format!("change {change}: found {found}");
                self.remark(RemarkKind::LeftAsFound, shown(&text));
            }
            Event::TurnedBack => {
                let text = "from here on only the way back was open".to_owned();
                self.remark(RemarkKind::TurnedBack, text);
            }
            Event::Checkpoint { note } => {
                // A chain with a note that is none does not verify, and this shows what it says.
                let text: String = note.lines().map(|line| shown_note(line) + "\n").collect();
                self.checkpoint = Some(text);
            }
            Event::Close { outcome, .. } => {
                if let Some(run) = &mut self.run {
                    run.outcome = Some(*outcome);
                }
            }
            _ => {}
        }
    }

    fn remark(&mut self, kind: RemarkKind, text: String) {
        self.remarks.push(Remark { kind, text });
    }

    fn learn_key(&mut self, key: &KeyFacts) {
        let certified = key.certificate.is_some();
        self.keys.push((key.sha256.to_string(), certified));
    }

    fn begin(&mut self, genesis: &Genesis, at: OffsetDateTime) {
        self.learn_key(&genesis.key);
        let circumstances = &genesis.circumstances;
        let setting = &circumstances.setting;
        let operator = match &setting.operator.sudo_user_claimed {
            Some(user) => format!("uid {}, by sudo as {user}", setting.operator.uid),
            None => format!("uid {}", setting.operator.uid),
        };
        let tool = match &setting.tool.sha256 {
            Some(digest) => format!("{} (sha256:{digest})", shown(&setting.tool.version)),
            None => shown(&setting.tool.version),
        };
        self.run = Some(Run {
            id: shown(&circumstances.run.id),
            host: shown(&setting.host.name),
            root: shown(&circumstances.root),
            verb: shown(&setting.arguments.join(" ")),
            begun: at,
            last: at,
            operator: shown(&operator),
            reason: setting.reason.as_deref().map(shown),
            ticket: setting.ticket.as_deref().map(shown),
            tool,
            reverses: genesis.reverses().map(shown),
            attempts: 1,
            committed: false,
            outcome: None,
        });
        let authority = genesis.authority.as_ref();
        let certificates = authority
            .and_then(|authority| read_certificates(authority.certificate.as_bytes()).ok());
        if let Some(certificate) = certificates.iter().flatten().next() {
            self.lives.push(Life::of_authority(certificate));
        }
    }

    fn learn_changes(&mut self, changes: &[Change], standings: &[Standing]) {
        let authority = self.lives.pop();
        for (change, standing) in changes.iter().zip(standings) {
            match Life::of(change, *standing) {
                Some(life) => {
                    let other = match self.lives.last_mut() {
                        Some(last) => last.join(life),
                        None => Some(life),
                    };
                    self.lives.extend(other);
                }
                None => self
                    .files
                    .push((shown(&change.name), shown(&change.target), *standing)),
            }
        }
        self.lives.extend(authority);
    }

    /// The certificates that the run was about; the authority that vouches for the journal is none of them.
    pub(super) fn renewed(&self) -> impl Iterator<Item = &Life> {
        self.lives.iter().filter(|life| life.after.is_some())
    }

    /// How many of them were dead when the run began, and for how long at most.
    pub(super) fn dead(&self) -> (usize, Option<Duration>) {
        let Some(run) = &self.run else {
            return (0, None);
        };
        let dead: Vec<Duration> = self
            .renewed()
            .filter_map(|life| life.dead_for(run.begun))
            .collect();
        (dead.len(), dead.into_iter().max())
    }

    /// Whether what runs was proven to run on the new files.
    pub(super) fn proven(&self) -> String {
        let open = self.proofs.iter().filter(|proof| !proof.proven).count();
        let words = match (self.proofs.len(), open) {
            (0, _) if self.has_only_handed_out() => return "none needed".to_owned(),
            (0, _) => return "no proof recorded".to_owned(),
            (all, 0) => format!("proven ({})", count(all, "condition")),
            (all, open) => format!("not proven ({open} of {} open)", count(all, "condition")),
        };
        match self.belief() {
            // What nobody vouches for must not read like a success.
            Belief::Bad => format!("claimed, not to be believed: {words}"),
            Belief::Good | Belief::Unfinished => words,
        }
    }

    /// How the run ended.
    pub(super) fn ending(&self) -> Ending {
        Ending::of(self.run.as_ref(), self.is_cut)
    }

    /// The remarks of that kind.
    pub(super) fn remarks_of(&self, kind: RemarkKind) -> impl Iterator<Item = &str> {
        let remarks = self.remarks.iter();
        remarks
            .filter(move |remark| remark.kind == kind)
            .map(|remark| remark.text.as_str())
    }

    /// The node's name, or where the journal was read.
    pub(super) fn title(&self) -> &str {
        self.run.as_ref().map_or(&self.source, |run| &run.host)
    }

    /// What the run was for, and where.
    pub(super) fn heading(&self) -> String {
        let verb = self.run.as_ref().map_or("", |run| &run.verb);
        let deed = match verb.split(' ').collect::<Vec<_>>().as_slice() {
            ["node", "issue", ..] => "Kubelet credentials issued on",
            ["credential", ..] => "Break-glass credential issued on",
            ["ca", ..] => "Authorities given new dates on",
            ["rollback", ..] => "A run taken back on",
            _ => "Recovery of",
        };
        format!("{deed} {}", self.title())
    }

    /// The run, by its journal.
    pub fn run(&self) -> Option<&str> {
        self.run.as_ref().map(|run| run.id.as_str())
    }

    /// The run that this one has taken back, all of it; nothing where it is not to be believed.
    pub fn takes_back(&self) -> Option<&str> {
        let run = self.run.as_ref()?;
        let is_whole = run.outcome == Some(RunOutcome::Completed);
        (is_whole && self.belief() == Belief::Good).then_some(run.reverses.as_deref()?)
    }

    /// Notes that this run was taken back later.
    pub fn was_taken_back_by(&mut self, run: &str) {
        self.taken_back_by = Some(shown(run));
    }

    /// What the report is about: the run, and its verb.
    pub fn subject(&self) -> String {
        match &self.run {
            Some(run) => {
                let words: Vec<&str> = run.verb.split(' ').collect();
                let verb = words.iter().take_while(|word| !word.starts_with('-'));
                let verb: Vec<&str> = verb.take(2).copied().collect();
                format!("the run {} ({})", run.id, verb.join(" "))
            }
            None => self.source.clone(),
        }
    }

    /// Whether the run came to its end and changed no file of the node: what it made is for elsewhere.
    pub fn has_only_handed_out(&self) -> bool {
        let run = self.run.as_ref();
        run.is_some_and(|run| run.outcome == Some(RunOutcome::Completed))
            && self.files.is_empty()
            && self.renewed().next().is_none()
    }

    /// How to judge the journal again: as `journal export` names its file. Keys without a certificate have to be named.
    pub(super) fn verify_command(&self) -> String {
        let file = match &self.run {
            Some(run) => quote(format!("./{}.jsonl", run.id)),
            None => "FILE".to_owned(),
        };
        let mut command = format!("rekindle journal verify {file}");
        if self.keys.is_empty() || self.keys.iter().any(|(_, certified)| *certified) {
            command += " --ca CA-CERTIFICATE";
        }
        for (key, _) in self.keys.iter().filter(|(_, certified)| !certified) {
            command += " --key ";
            command += key;
        }
        command + " --expect CHECKPOINT"
    }
}

/// A line of a note: base64 by its nature, so that it is not taken for a key.
fn shown_note(line: &str) -> String {
    let line: String = line.chars().take(400).collect();
    line.chars()
        .map(|letter| {
            if letter.is_ascii_graphic() || letter == ' ' || letter == '\u{2014}' {
                letter
            } else {
                '\u{fffd}'
            }
        })
        .collect()
}
