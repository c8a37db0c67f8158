//! How far each change of a run has come, by its records.

use crate::journal::{Event, Record};

/// Where a file stands, for all that the journal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not replaced.
    Untouched,
    /// About to be replaced, or brought back, when the journal ends.
    UnderWay,
    /// Replaced.
    Replaced,
    /// As it was before.
    BroughtBack,
    /// Left as somebody else made it.
    LeftForeign,
}

impl Standing {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Untouched => "not replaced",
            Self::UnderWay => "under way when the journal ends",
            Self::Replaced => "replaced",
            Self::BroughtBack => "brought back",
            Self::LeftForeign => "left as somebody else made it",
        }
    }
}

/// The standing of each of so many changes.
pub(super) fn standings(records: &[Record], changes: usize) -> Vec<Standing> {
    let mut standings = vec![Standing::Untouched; changes];
    for record in records {
        let (change, standing) = match record.event {
            Event::Intent { change } | Event::UndoIntent { change } => (change, Standing::UnderWay),
            Event::Done { change } | Event::Adopted { change } => (change, Standing::Replaced),
            Event::RolledBack { change } => (change, Standing::BroughtBack),
            Event::Skipped { change, .. } => (change, Standing::LeftForeign),
            _ => continue,
        };
        if let Some(place) = standings.get_mut(change) {
            *place = standing;
        }
    }
    standings
}
