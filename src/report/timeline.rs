//! The times of a run, as a row of spans without a gap: each leads from one record to the next.

use time::{Duration, OffsetDateTime};

use super::text::shown;
use super::words::{self, count};
use crate::journal::{Act, Direction, Event, Record};

/// So many rows are shown; the journal itself has the rest.
const MOST_ROWS: usize = 200;
/// From here on, time between two steps is told as a wait of its own.
const A_WAIT: Duration = Duration::milliseconds(50);

/// What is to be known where the clock was set back.
pub(super) const CLOCK_WENT_BACK: &str = "The clock was set back during the run: a record claims to be older than the one before it. Such spans count as none.";

/// What a span is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Something was done.
    Work,
    /// Something else was waited for.
    Wait,
    /// The run was interrupted: nobody was at work. Not drawn to scale.
    Pause,
    /// A step that failed.
    Failure,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Work => "step",
            Self::Wait => "wait",
            Self::Pause => "interruption",
            Self::Failure => "failure",
        }
    }
}

/// One span.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) kind: Kind,
    pub(super) label: String,
    pub(super) start: OffsetDateTime,
    pub(super) length: Duration,
    /// How many records of the same sort it consists of.
    steps: usize,
    noun: &'static str,
}

impl Span {
    /// The label, with how many files it was about.
    pub(super) fn text(&self) -> String {
        match self.noun {
            "" => self.label.clone(),
            noun => format!("{} ({})", self.label, count(self.steps, noun)),
        }
    }
}

/// All spans.
#[derive(Debug, Clone, Default)]
pub(super) struct Timeline {
    pub(super) spans: Vec<Span>,
    /// How many there are besides.
    pub(super) left_off: usize,
    /// How long everything took, interruptions apart; those left off too.
    at_work: Duration,
    /// How much of it was spent waiting.
    waited: Duration,
    /// Whether it was interrupted.
    has_pause: bool,
    /// Whether a record claims to be older than the one before it.
    pub(super) clock_went_back: bool,
}

impl Timeline {
    pub(super) fn of(records: &[Record]) -> Self {
        let mut timeline = Self::default();
        let Some(first) = records.first() else {
            return timeline;
        };
        let mut before = first.at;
        let mut after_failure = false;
        for record in records.iter().skip(1) {
            timeline.clock_went_back |= record.at < before;
            let length = (record.at - before).max(Duration::ZERO);
            if let Some(span) = span(&record.event, before, length, after_failure) {
                timeline.push(span);
            } else if let Some(last) = timeline.spans.last_mut() {
                last.length += length;
            }
            after_failure = matches!(record.event, Event::Failed { .. });
            before = record.at;
        }
        for span in &timeline.spans {
            match span.kind {
                Kind::Pause => timeline.has_pause = true,
                kind => {
                    timeline.at_work += span.length;
                    if kind == Kind::Wait {
                        timeline.waited += span.length;
                    }
                }
            }
        }
        timeline.left_off = timeline.spans.len().saturating_sub(MOST_ROWS);
        timeline.spans.truncate(MOST_ROWS);
        timeline
    }

    fn push(&mut self, span: Span) {
        if let Some(last) = self.spans.last_mut()
            && last.kind == span.kind
            && last.label == span.label
        {
            last.length += span.length;
            last.steps += span.steps;
            return;
        }
        self.spans.push(span);
    }

    /// Whether it was interrupted.
    pub(super) fn has_pause(&self) -> bool {
        self.has_pause
    }

    /// How long all took, without the interruptions.
    pub(super) fn at_work(&self) -> Duration {
        self.at_work
    }

    /// How long was waited, in a few words.
    pub(super) fn waited_in_words(&self) -> String {
        if self.waited.is_zero() {
            return "none of it spent waiting".to_owned();
        }
        format!("of which {} were spent waiting", words::span(self.waited))
    }
}

/// What led to the record; nothing where it only goes on with what was done.
fn span(
    event: &Event,
    start: OffsetDateTime,
    length: Duration,
    after_failure: bool,
) -> Option<Span> {
    let (kind, label, noun, steps) = match event {
        Event::Staged { .. } | Event::BackedUp { .. } => (
            Kind::Work,
            "Copy the old files, lay the new ones ready".to_owned(),
            "",
            1,
        ),
        Event::Intent { .. } => (Kind::Work, "Replace".to_owned(), "file", 0),
        Event::Done { .. } | Event::Adopted { .. } => (Kind::Work, "Replace".to_owned(), "file", 1),
        Event::UndoIntent { .. } => (Kind::Work, "Bring back".to_owned(), "file", 0),
        Event::RolledBack { .. } => (Kind::Work, "Bring back".to_owned(), "file", 1),
        Event::TouchIntent { .. } => (Kind::Work, "Touch manifests".to_owned(), "file", 0),
        Event::TouchDone { .. } => (Kind::Work, "Touch manifests".to_owned(), "file", 1),
        Event::ActIntent {
            act: Act::ReleaseLease { .. },
        } if length >= A_WAIT => (
            Kind::Wait,
            "Wait until the Leases can be read".to_owned(),
            "",
            1,
        ),
        Event::ActIntent { .. } if length >= A_WAIT => {
            (Kind::Wait, "Wait for the node".to_owned(), "", 1)
        }
        Event::ActDone {
            act: act @ Act::EndProcess { .. },
        } if length >= A_WAIT => (Kind::Wait, capital(&shown(&act.to_string())), "", 1),
        Event::ActDone { act } => (Kind::Work, capital(&shown(&act.to_string())), "", 1),
        Event::Proof { .. } if length >= A_WAIT => (
            Kind::Wait,
            "Watch until the components run, or the time is up".to_owned(),
            "",
            1,
        ),
        Event::Proof { .. } => (Kind::Work, "Record the proof".to_owned(), "", 1),
        Event::Attempt(attempt) => {
            let way = match attempt.direction {
                Direction::Forward => "forward",
                Direction::Back => "back",
            };
            let label = format!("Interrupted, until attempt {} ({way})", attempt.number);
            (Kind::Pause, label, "", 1)
        }
        Event::Failed { step, .. } => (Kind::Failure, format!("Failed: {}", shown(step)), "", 1),
        _ if length >= A_WAIT && after_failure => {
            (Kind::Wait, "After the failure".to_owned(), "", 1)
        }
        Event::Close { .. } => (Kind::Work, "Close the journal".to_owned(), "", 1),
        Event::Commit { .. } => (Kind::Work, "Commit".to_owned(), "", 1),
        _ => return None,
    };
    Some(Span {
        kind,
        label,
        start,
        length,
        steps,
        noun,
    })
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}
