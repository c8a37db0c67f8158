//! One act, under its intent in the journal.

use crate::journal::{Act, ActIntent};
use crate::recovery::transaction::Transaction;
use crate::recovery::{Failure, Progress};

impl Transaction<'_> {
    /// Does one thing under its intent, and records what came of it.
    pub(in crate::recovery) fn act<T>(
        &mut self,
        act: Act,
        effect: impl FnOnce(&mut Self, &ActIntent) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let words = act.to_string();
        self.observer
            .progress(Progress::Acting { act: words.clone() });
        let intent = self.log.intend_act(act, self.clock.now())?;
        match effect(self, &intent) {
            Ok(value) => {
                self.log.acted(intent, self.clock.now())?;
                self.observer.progress(Progress::Acted { act: words });
                Ok(value)
            }
            // It did not come to nothing: whoever reads the journal is to take it for one that may have been done.
            Err(failure) if failure.leaves_file() => Err(failure),
            Err(failure) => {
                self.record_failure(&words, &failure);
                Err(failure)
            }
        }
    }

    /// The same, by the thread that may start programs, signal and connect.
    pub(super) fn act_unconfined<T: Send + 'static>(
        &mut self,
        act: Act,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, Failure> {
        self.act(act, |run, _| {
            let Some(live) = &run.live else {
                return Err(Failure::Live {
                    error: "this run is about files alone".to_owned(),
                });
            };
            let done = live.unconfined.run(work)?;
            done.map_err(|error| Failure::Live { error })
        })
    }
}
