//! A proof under way on standard error: each condition as it was last seen.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::margin::{Margin, error_columns};
use super::render::{GOOD, printable};
use crate::proof::Finding;

/// How often a spinner turns.
pub(super) const TICK: Duration = Duration::from_millis(120);

/// How often all lines are drawn at most: a serial console of 115200 baud takes some 11 kB in a second, and they have 1.5 kB.
const DRAWS_PER_SECOND: u8 = 4;

/// What turns: no more than every console has in its font, a serial one too. The last stands when it is over.
pub(super) const TICKS: &str = "-\\|/ ";

/// A condition that is open, and one that holds.
const OPEN_LINE: &str = "  {spinner:6} {prefix:38} {elapsed:>4} {wide_msg}";
const PROVEN_LINE: &str = "  proven {prefix:38} {elapsed:>4} {wide_msg}";

/// On a terminal: a line for each, with what was last seen, and for how long it is waited for.
#[derive(Debug, Default)]
pub(super) struct Bars {
    /// All of them together: they go at once.
    all: Option<MultiProgress>,
    each: Vec<ProgressBar>,
    known: Known,
}

/// Elsewhere: a line for each step, and for each condition when it is proven.
#[derive(Debug, Default)]
pub(super) struct Lines {
    known: Known,
}

/// Which conditions were proven when they were last shown.
#[derive(Debug, Default)]
struct Known(Vec<bool>);

impl Known {
    /// Notes what is shown now: whether it was proven before, and is.
    fn note(&mut self, number: usize, finding: &Finding) -> (bool, bool) {
        let is_proven = finding.state.is_proven();
        let before = self.0.get_mut(number);
        let was_proven = before.is_some_and(|before| std::mem::replace(before, is_proven));
        (was_proven, is_proven)
    }
}

impl Bars {
    pub(super) fn begin(&mut self, findings: &[Finding]) {
        self.known = Known(vec![false; findings.len()]);
        let all =
            MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND));
        let style = line_style(OPEN_LINE);
        let bars = findings.iter().map(|finding| {
            let bar = all.add(ProgressBar::new_spinner());
            bar.set_style(style.clone());
            bar.set_prefix(label(finding));
            bar.enable_steady_tick(TICK);
            bar
        });
        self.each = bars.collect();
        self.all = Some(all);
    }

    pub(super) fn show(&mut self, number: usize, finding: &Finding) {
        let Some(bar) = self.each.get(number) else {
            return;
        };
        match self.known.note(number, finding) {
            (false, true) => {
                bar.disable_steady_tick();
                bar.set_style(line_style(PROVEN_LINE));
                bar.set_prefix(green(&label(finding)));
            }
            (true, false) => {
                bar.set_style(line_style(OPEN_LINE));
                bar.set_prefix(label(finding));
                bar.enable_steady_tick(TICK);
            }
            _ => {}
        }
        bar.set_message(printable(finding.state.evidence()));
        // Nothing else draws one that stands still.
        bar.tick();
    }

    /// A bar of a step while they are there, above them: two that draw by themselves write over each other.
    pub(super) fn above(&self, bar: ProgressBar) -> ProgressBar {
        match &self.all {
            Some(all) => all.insert(0, bar),
            None => bar,
        }
    }

    /// Has a line written that stays, with them out of its way.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        match &self.all {
            Some(all) => all.suspend(write),
            None => write(),
        }
    }

    /// Clears them: the report says it all.
    pub(super) fn end(&mut self) {
        for bar in &self.each {
            bar.disable_steady_tick();
        }
        // All at once: cleared one by one, those that scrolled up leave their lines.
        if let Some(all) = self.all.take() {
            let _ = all.clear();
            all.set_draw_target(ProgressDrawTarget::hidden());
        }
        self.each.clear();
    }
}

impl Lines {
    /// What is being done.
    pub(super) fn say(what: &str) {
        let mut out = Margin::new(std::io::stderr().lock(), error_columns());
        let _ = writeln!(out, "{}", printable(what));
    }

    pub(super) fn begin(&mut self, findings: &[Finding]) {
        self.known = Known(vec![false; findings.len()]);
    }

    pub(super) fn show(&mut self, number: usize, finding: &Finding) {
        if self.known.note(number, finding) == (false, true) {
            let evidence = finding.state.evidence();
            Self::say(&format!("proven  {} {evidence}", label(finding)));
        }
    }
}

fn label(finding: &Finding) -> String {
    format!("{:<24} {}", finding.subject, finding.condition.as_str())
}

/// As `--color` has it, which the bars' own library does not know.
fn green(text: &str) -> String {
    match anstream::AutoStream::choice(&std::io::stderr()) {
        anstream::ColorChoice::Never => text.to_owned(),
        _ => format!("{GOOD}{text}{GOOD:#}"),
    }
}

/// Whether bars can be drawn on standard error: on a terminal that moves its cursor. A serial console whose kind nobody named may
/// not.
#[allow(
    clippy::disallowed_methods,
    reason = "what kind of terminal it is stands in the environment alone"
)]
pub(super) fn can_draw() -> bool {
    let kind = std::env::var_os("TERM").unwrap_or_default();
    std::io::stderr().is_terminal() && !kind.is_empty() && kind != "dumb"
}

fn line_style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_chars(TICKS)
}
