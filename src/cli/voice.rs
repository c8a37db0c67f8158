//! How a verb that changes a node tells what it does: to people, to a program, or not at all.

use std::io::{self, Write};

use super::arguments::{Output, Telling};
use super::events::Event;
use super::exit::Exit;
use super::failure::Failure;
use super::progress::Watch;

/// To whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// To people: progress on standard error, a report on standard output.
    People,
    /// To nobody: errors and the exit code are enough.
    Nobody,
    /// To a program: an event a line on standard output, as it happens.
    Program,
}

impl Telling {
    pub(super) fn voice(&self) -> Voice {
        match (self.quiet, self.output) {
            (true, _) => Voice::Nobody,
            (false, Output::Table) => Voice::People,
            (false, Output::Json) => Voice::Program,
        }
    }

    /// Fails where somebody would have to be asked who does not listen.
    pub(super) fn demand(&self, yes: bool) -> Result<Voice, Failure> {
        let voice = self.voice();
        let flag = match voice {
            Voice::People => return Ok(voice),
            Voice::Nobody => "--quiet",
            Voice::Program => "--output json",
        };
        if yes {
            return Ok(voice);
        }
        Err(Failure::usage(format!("{flag} leaves nobody to ask")).hint("say --yes"))
    }
}

impl Voice {
    /// Has `work` done, whose report is for people; a program gets how it ended as the last event.
    pub(super) fn tell(
        self,
        out: &mut dyn Write,
        work: impl FnOnce(&mut dyn Write) -> Result<Exit, Failure>,
    ) -> Result<Exit, Failure> {
        if self == Self::People {
            return work(out);
        }
        let ended = work(&mut io::sink());
        if self == Self::Program {
            let last = match &ended {
                Ok(exit) => Event::exit(*exit),
                Err(failure) => Event::failed(failure),
            };
            last.write(out);
        }
        ended
    }

    /// What follows a run, and what holds signals back meanwhile.
    pub(super) fn watch(self) -> Watch {
        Watch::new(self)
    }
}
