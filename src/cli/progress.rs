//! A recovery as it happens: one bar on a terminal, nothing elsewhere. The report at the end says it all.

use indicatif::{ProgressBar, ProgressStyle};

use crate::recovery::{Observer, Progress};

/// Draws on standard error, and only where that is a terminal.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Bar {
    fn progress(&mut self, progress: &Progress<'_>) {
        match progress {
            // Each file is prepared, then replaced.
            Progress::Begun { changes, .. } => self.bar.set_length(2 * *changes as u64),
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
            Progress::RollingBack => self.bar.set_message("undoing"),
            Progress::RolledBack { path } => {
                self.bar
                    .set_message(format!("brought back {}", path.display()));
            }
        }
    }
}
