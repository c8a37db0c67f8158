//! A run on a terminal: a spinner or a bar for what is under way, and a line for each step that is done.

use std::io::Write;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::conditions::{Bars, TICK, TICKS};
use super::margin::{Margin, error_columns};
use super::render::{GOOD, count, printable};
use crate::recovery::Progress;

/// Draws on standard error.
#[derive(Debug, Default)]
pub(super) struct Screen {
    step: Option<Step>,
    proof: Bars,
}

/// What is under way, since when.
#[derive(Debug)]
struct Step {
    bar: ProgressBar,
    since: Instant,
    files: Option<Files>,
}

/// How many files there were so far, and what became of them.
#[derive(Debug)]
struct Files {
    word: &'static str,
    number: usize,
}

impl Screen {
    pub(super) fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Begun { .. } | Progress::RollingBack { .. } => self.settle(),
            Progress::Prepared { name } => self.advance("prepared", name),
            Progress::Replaced { name, .. } => self.advance("replaced", name),
            Progress::RolledBack { path } => {
                self.advance("brought back", &path.display().to_string());
            }
            Progress::Touched { path } => self.advance("touched", &path.display().to_string()),
            Progress::Acting { act } => {
                self.settle();
                self.step = Some(Step::begin(&self.proof, act, None));
            }
            Progress::Acted { act } => {
                if let Some(step) = self.step.take() {
                    step.end(&self.proof, act);
                }
            }
            Progress::Copying { done, all } => {
                if let Some(step) = &self.step {
                    step.measure(*done, *all);
                }
            }
            Progress::Proving { findings } => {
                self.settle();
                self.proof.begin(findings);
            }
            Progress::Seen { number, finding } => self.proof.show(*number, finding),
        }
    }

    /// Leaves the lines of what was done, and nothing that moves.
    pub(super) fn finish(&mut self) {
        self.settle();
        self.proof.end();
    }

    /// Another file has come so far.
    fn advance(&mut self, word: &'static str, name: &str) {
        let goes_on = |step: &Step| step.files.as_ref().is_some_and(|files| files.word == word);
        if !self.step.as_ref().is_some_and(goes_on) {
            self.settle();
            let files = Some(Files { word, number: 0 });
            self.step = Some(Step::begin(&self.proof, word, files));
        }
        if let Some(step) = &mut self.step
            && let Some(files) = &mut step.files
        {
            files.number += 1;
            step.bar.set_message(printable(&format!("{word} {name}")));
        }
    }

    /// Ends what is under way: an act that was not done leaves no line, for the error tells of it.
    fn settle(&mut self) {
        let Some(step) = self.step.take() else { return };
        match &step.files {
            Some(Files { word, number }) => {
                let words = format!("{word} {}", count(*number, "file"));
                step.end(&self.proof, &words);
            }
            None => step.bar.finish_and_clear(),
        }
    }
}

impl Step {
    fn begin(proof: &Bars, words: &str, files: Option<Files>) -> Self {
        let bar = proof.above(ProgressBar::new_spinner());
        bar.set_style(style("{spinner} {elapsed:>4}  {wide_msg}"));
        bar.set_message(printable(words));
        bar.enable_steady_tick(TICK);
        Self {
            bar,
            since: Instant::now(),
            files,
        }
    }

    /// Shows how many bytes are done.
    fn measure(&self, done: u64, all: u64) {
        if self.bar.length().is_none() {
            let template = "{spinner} {elapsed:>4}  {bar:30} {bytes} of {total_bytes}, {eta} left";
            self.bar.set_style(style(template));
            self.bar.set_length(all);
        }
        self.bar.set_position(done);
    }

    fn end(self, proof: &Bars, words: &str) {
        self.bar.finish_and_clear();
        let seconds = self.since.elapsed().as_secs_f32();
        proof.aside(|| {
            let mut out = Margin::new(anstream::stderr().lock(), error_columns());
            let _ = writeln!(
                out,
                "  {GOOD}done{GOOD:#} {seconds:>5.1} s  {}",
                printable(words)
            );
        });
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .tick_chars(TICKS)
        .progress_chars("=> ")
}
