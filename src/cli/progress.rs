//! A run as it happens: one bar on a terminal, nothing elsewhere. The report at the end says it all.

use indicatif::{ProgressBar, ProgressStyle};

use super::proof::Lines;
use crate::node::Undisturbed;
use crate::recovery::{Observer, Progress};

/// Draws on standard error, and only where that is a terminal. While it lives, signals do not end the process between two
/// files: the run is asked to stop. It is to live until the report is written, for nobody should have to guess what was done.
#[derive(Debug)]
pub(super) struct Watch {
    bar: ProgressBar,
    lines: Lines,
    signals: Undisturbed,
}

impl Watch {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self {
            bar,
            lines: Lines::default(),
            signals: Undisturbed::begin(),
        }
    }

    pub(super) fn finish(&mut self) {
        self.bar.finish_and_clear();
        self.lines.end();
    }
}

impl Observer for Watch {
    fn progress(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Begun { steps, .. } => self.bar.set_length(*steps as u64),
            Progress::Prepared { name } => {
                self.bar.set_message(format!("preparing {name}"));
                self.bar.inc(1);
            }
            Progress::Replaced { name, .. } => {
                self.bar.set_message(format!("replaced {name}"));
                self.bar.inc(1);
            }
            Progress::Touched { path } => {
                self.bar.set_message(format!("touched {}", path.display()));
            }
            Progress::Acting { act } => {
                self.bar.set_message((*act).to_owned());
                self.lines.say(act);
            }
            Progress::Acted { .. } => {}
            Progress::Copying { done, all } => {
                let done = indicatif::HumanBytes(*done);
                let all = indicatif::HumanBytes(*all);
                self.bar
                    .set_message(format!("copying etcd's data: {done} of {all}"));
            }
            Progress::Proving { findings } => {
                self.bar.finish_and_clear();
                self.lines.begin(findings);
            }
            Progress::Seen { number, finding } => self.lines.show(*number, finding),
            Progress::RollingBack { steps } => {
                self.bar.set_position(0);
                self.bar.set_length(*steps as u64);
                self.bar.set_message("going back");
            }
            Progress::RolledBack { path } => {
                self.bar
                    .set_message(format!("brought back {}", path.display()));
                self.bar.inc(1);
            }
        }
    }
    fn interrupted(&mut self) -> Option<&'static str> {
        self.signals.interrupted()
    }
}
