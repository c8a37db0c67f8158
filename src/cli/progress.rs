//! A run as it happens, in the form that its reader wants.

use std::io::{self, IsTerminal};

use super::events::{Event, Events};
use super::proof::Lines;
use super::screen::Screen;
use super::voice::Voice;
use crate::node::{Root, Undisturbed};
use crate::recovery::{Ended, Observer, Progress};

/// Tells what happens. While it lives, signals do not end the process between two files: the run is asked to stop. It is to
/// live until the report is written, for nobody should have to guess what was done.
#[derive(Debug)]
pub(super) struct Watch {
    form: Form,
    signals: Undisturbed,
}

#[derive(Debug)]
enum Form {
    /// On standard error, a terminal.
    Screen(Screen),
    /// On standard error, no terminal: a line a step.
    Plain(Lines),
    /// On standard output.
    Events(Events),
    Silence,
}

impl Watch {
    pub(super) fn new(voice: Voice) -> Self {
        let form = match voice {
            Voice::People if io::stderr().is_terminal() => Form::Screen(Screen::default()),
            Voice::People => Form::Plain(Lines::default()),
            Voice::Nobody => Form::Silence,
            Voice::Program => Form::Events(Events::default()),
        };
        Self {
            form,
            signals: Undisturbed::begin(),
        }
    }

    /// Leaves the terminal to the report.
    pub(super) fn finish(&mut self) {
        match &mut self.form {
            Form::Screen(screen) => screen.finish(),
            Form::Plain(lines) => lines.end(),
            Form::Events(_) | Form::Silence => {}
        }
    }

    /// What came of it, for a program: the report is for people.
    pub(super) fn report(&self, root: &Root, ended: &Ended) {
        if matches!(self.form, Form::Events(_)) {
            Event::ended(root, ended).write(&mut io::stdout().lock());
        }
    }
}

impl Observer for Watch {
    fn progress(&mut self, progress: &Progress<'_>) {
        match &mut self.form {
            Form::Screen(screen) => screen.show(progress),
            Form::Plain(lines) => match progress {
                Progress::Acting { act } => lines.say(act),
                Progress::Proving { findings } => lines.begin(findings),
                Progress::Seen { number, finding } => lines.show(*number, finding),
                _ => {}
            },
            Form::Events(events) => events.say(progress, &mut io::stdout().lock()),
            Form::Silence => {}
        }
    }

    fn interrupted(&mut self) -> Option<&'static str> {
        self.signals.interrupted()
    }
}
