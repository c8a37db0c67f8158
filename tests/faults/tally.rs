//! Counts what came out of many runs, and makes one line of a table of it.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;

use crate::judge::Damage;
use crate::pool::is_repeated;

/// Names the file to which each line of the table is appended; `scripts/faults` prints it.
const TABLE: &str = "REKINDLE_FAULTS_TABLE";
/// So many failures are printed in full.
const SHOWN: usize = 20;

/// What came out of the runs of one row.
#[derive(Debug, Default)]
pub struct Tally {
    pub runs: usize,
    /// Bytes of output in which keys were searched for.
    pub searched: usize,
    pub outcomes: BTreeMap<String, usize>,
    pub damage: Damage,
    pub resumed: Ratio,
    pub rolled_back: Ratio,
    /// Each with the case, so that it can be repeated.
    pub failures: Vec<String>,
}

/// So many of so many.
#[derive(Debug, Default, Clone, Copy)]
pub struct Ratio {
    pub good: usize,
    pub all: usize,
}

impl Ratio {
    pub fn count(&mut self, good: bool) {
        self.all += 1;
        self.good += usize::from(good);
    }

    fn add(&mut self, other: Self) {
        self.good += other.good;
        self.all += other.all;
    }
}

impl Tally {
    /// One more of that outcome.
    pub fn outcome(&mut self, outcome: &str) {
        *self.outcomes.entry(outcome.to_owned()).or_default() += 1;
    }

    pub fn damage(&mut self, case: &str, damage: &Damage) {
        self.damage.lost += damage.lost;
        self.damage.half_written += damage.half_written;
        self.damage.mixed += damage.mixed;
        self.damage.leaked += damage.leaked;
        for words in &damage.words {
            self.fail(case, words);
        }
    }

    pub fn fail(&mut self, case: &str, words: &str) {
        self.failures.push(format!("{case}: {words}"));
    }

    /// A line that goes on where `check` fails.
    pub fn expect(&mut self, case: &str, check: Result<(), String>) -> bool {
        match check {
            Ok(()) => true,
            Err(words) => {
                self.fail(case, &words);
                false
            }
        }
    }

    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.searched += other.searched;
        for (outcome, count) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        self.damage.lost += other.damage.lost;
        self.damage.half_written += other.damage.half_written;
        self.damage.mixed += other.damage.mixed;
        self.damage.leaked += other.damage.leaked;
        self.resumed.add(other.resumed);
        self.rolled_back.add(other.rolled_back);
        self.failures.extend(other.failures);
    }

    /// Prints the line of the row `what`, hands it to the table, and fails the test if there was a failure.
    #[track_caller]
    pub fn close(self, what: &str) {
        let outcomes: Vec<String> = self
            .outcomes
            .iter()
            .map(|(outcome, count)| format!("{outcome} {count}"))
            .collect();
        let ratio = |ratio: Ratio| match ratio.all {
            0 => "-".to_owned(),
            all => format!("{} of {all}", ratio.good),
        };
        let line = [
            what.to_owned(),
            self.runs.to_string(),
            self.damage.lost.to_string(),
            self.damage.half_written.to_string(),
            self.damage.mixed.to_string(),
            self.damage.leaked.to_string(),
            ratio(self.resumed),
            ratio(self.rolled_back),
            self.failures.len().to_string(),
            outcomes.join(", "),
        ];
        append(&line.join("\t"));
        append_to(".failures", &self.failures);
        let shown = self.failures.len().min(SHOWN);
        assert!(
            self.failures.is_empty(),
            "{} failures, of which {shown}:\n{}",
            self.failures.len(),
            self.failures[..shown].join("\n")
        );
        assert!(self.runs > 0 || is_repeated(), "{what}: nothing was run");
    }
}

/// Adds a line of cells, with tabs between them, to the table.
pub fn append(line: &str) {
    println!("{line}");
    append_to("", &[line.to_owned()]);
}

/// Adds lines to the file of the table, or the one beside it with that ending.
fn append_to(ending: &str, lines: &[String]) {
    let Some(mut path) = std::env::var_os(TABLE) else {
        return;
    };
    path.push(ending);
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    for line in lines {
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}
