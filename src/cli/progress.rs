//! A run as it happens, in the form that its reader wants.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::conditions::{Lines, can_draw};
use super::events::{Event, Events};
use super::screen::Screen;
use super::voice::Voice;
use crate::node::{Root, Undisturbed};
use crate::recovery::{Ended, Observer, Progress};

/// So much may be untold: then what comes next is not told at all.
const UNTOLD: usize = 4096;
/// For the rest to be told at the end.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells what happens. While it lives, signals do not end the process between two files: the run is asked to stop. It is to
/// live until the report is written, for nobody should have to guess what was done.
#[derive(Debug)]
pub(super) struct Watch {
    voice: Voice,
    /// Whether standard error is one.
    can_draw: bool,
    /// None before there is something to tell.
    teller: Option<Teller>,
    signals: Option<Undisturbed>,
}

/// The thread that talks: a terminal that is stopped (Ctrl-S), or a pipe that nobody reads, takes no more words, and a run that
/// has stopped a control plane waits for neither.
#[derive(Debug)]
struct Teller {
    moments: SyncSender<Progress>,
    ended: Receiver<()>,
}

#[derive(Debug)]
enum Form {
    /// On standard error, a terminal.
    Screen(Screen),
    /// On standard error, no terminal: a line a step.
    Plain(Lines),
    /// On standard output.
    Events(Events),
}

impl Watch {
    pub(super) fn new(voice: Voice) -> Self {
        Self {
            voice,
            can_draw: can_draw(),
            teller: None,
            signals: Some(Undisturbed::begin()),
        }
    }

    /// Leaves the terminal to the report.
    pub(super) fn finish(&mut self) {
        if let Some(Teller { moments, ended }) = self.teller.take() {
            drop(moments);
            // Whoever hangs then is left behind. The report will hang in the same place; it is all that is left to do, and
            // whoever wants this to end is to have it. A pipe may be full by the report alone.
            let hangs = ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
            if hangs || self.voice == Voice::Program {
                self.signals = None;
            }
        }
    }

    /// What came of it, for a program: the report is for people.
    pub(super) fn report(&self, root: &Root, ended: &Ended) {
        if self.voice == Voice::Program {
            Event::ended(root, ended).write(&mut io::stdout().lock());
        }
    }
}

impl Observer for Watch {
    fn progress(&mut self, progress: Progress) {
        let is_told = match self.voice {
            Voice::Nobody => false,
            Voice::Program => true,
            Voice::People => self.can_draw || Form::is_for_plain(&progress),
        };
        if !is_told {
            return;
        }
        // Not before: it is to be confined as whoever asks for it.
        let (voice, can_draw) = (self.voice, self.can_draw);
        let teller = self
            .teller
            .get_or_insert_with(|| Teller::begin(voice, can_draw));
        // Full, or gone: then nobody listens.
        let _ = teller.moments.try_send(progress);
    }

    fn interrupted(&mut self) -> Option<&'static str> {
        self.signals.as_mut()?.interrupted()
    }
}

impl Teller {
    fn begin(voice: Voice, can_draw: bool) -> Self {
        let (moments, untold) = sync_channel::<Progress>(UNTOLD);
        let (end, ended) = sync_channel(1);
        let mut form = match voice {
            Voice::Program => Form::Events(Events::default()),
            _ if can_draw => Form::Screen(Screen::default()),
            _ => Form::Plain(Lines::default()),
        };
        let tell = move || {
            for moment in untold {
                form.tell(&moment);
            }
            form.end();
            let _ = end.send(());
        };
        // Where no thread can be had, nothing is told.
        let _ = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(tell);
        Self { moments, ended }
    }
}

impl Form {
    /// Files are replaced within a moment, and stand in the report.
    fn is_for_plain(progress: &Progress) -> bool {
        matches!(
            progress,
            Progress::Acting { .. } | Progress::Proving { .. } | Progress::Seen { .. }
        )
    }

    fn tell(&mut self, progress: &Progress) {
        match self {
            Self::Screen(screen) => screen.show(progress),
            Self::Plain(lines) => match progress {
                Progress::Acting { act } => Lines::say(act),
                Progress::Proving { findings } => lines.begin(findings),
                Progress::Seen { number, finding } => lines.show(*number, finding),
                _ => {}
            },
            Self::Events(events) => events.say(progress, &mut io::stdout().lock()),
        }
    }

    fn end(&mut self) {
        match self {
            Self::Screen(screen) => screen.finish(),
            Self::Plain(_) | Self::Events(_) => {}
        }
    }
}
