//! Where things lie on an axis, in thousandths of its length.

use time::{Duration, OffsetDateTime};

use super::life::{Life, Validity};
use super::timeline::{Kind, Timeline};
use super::words::{day, span};

/// The length of every axis.
pub(super) const LENGTH: f64 = 1000.0;
/// A mark is at least so wide: three milliseconds beside nine seconds can be seen.
const LEAST: f64 = 4.0;

/// A part of an axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar {
    pub(super) x: f64,
    pub(super) width: f64,
    /// Whether it is drawn wider than it is.
    pub(super) widened: bool,
}

fn bar(x: f64, width: f64) -> Bar {
    let drawn = width.max(LEAST);
    let x = x.clamp(0.0, LENGTH - LEAST);
    Bar {
        x,
        width: drawn.min(LENGTH - x),
        widened: width < LEAST,
    }
}

/// The bar of each span of a timeline, and of what length the axis is. Interruptions have none: they are not to scale.
pub(super) fn timeline_bars(timeline: &Timeline) -> (Vec<Option<Bar>>, Duration) {
    let all = timeline.at_work();
    let unit = LENGTH / all.as_seconds_f64().max(1e-9);
    let mut at = Duration::ZERO;
    let bars = timeline.spans.iter().map(|one| {
        if one.kind == Kind::Pause {
            return None;
        }
        let start = at;
        at += one.length;
        Some(bar(
            start.as_seconds_f64() * unit,
            one.length.as_seconds_f64() * unit,
        ))
    });
    (bars.collect(), all)
}

/// `0`, the middle and the end of a timeline.
pub(super) fn timeline_ticks(all: Duration) -> [String; 3] {
    ["0".to_owned(), span(all / 2), span(all)]
}

/// The axis of the lives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Years {
    from: OffsetDateTime,
    until: OffsetDateTime,
}

/// How far an axis reaches from the run at most: what lies beyond is cut off, and its date is told.
const BEFORE: Duration = Duration::days(5 * 365);
const AFTER: Duration = Duration::days(12 * 365);

impl Years {
    pub(super) fn of<'life>(lives: impl Iterator<Item = &'life Life>, run: OffsetDateTime) -> Self {
        let (mut from, mut until) = (run, run);
        for one in lives.flat_map(|life| [life.before, life.after]).flatten() {
            from = from.min(one.from);
            until = until.max(one.until);
        }
        let limit = |by: Duration| run.checked_add(by).unwrap_or(run);
        from = from.max(limit(-BEFORE));
        until = until.min(limit(AFTER)).max(from);
        // So that what ended long before, or lived for minutes, does not stick to the edge.
        let margin = (until - from) / 40;
        from = from.checked_sub(margin).unwrap_or(from);
        Self { from, until }
    }

    /// Where a moment is; those beyond the axis are at its end.
    pub(super) fn place(&self, moment: OffsetDateTime) -> f64 {
        let all = (self.until - self.from).as_seconds_f64().max(1.0);
        ((moment - self.from).as_seconds_f64() / all * LENGTH).clamp(0.0, LENGTH)
    }

    pub(super) fn bar(&self, validity: Validity) -> Bar {
        let x = self.place(validity.from);
        bar(x, self.place(validity.until) - x)
    }

    /// The ends of the axis.
    pub(super) fn ticks(&self) -> [String; 2] {
        [day(self.from), day(self.until)]
    }
}
