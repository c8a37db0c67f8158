//! A node, all that is known about it, and what every row does after a run: look, hold it against the exit code, go both ways.

use std::path::Path;

use crate::aftermath::Aftermath;
use crate::contract::{self, Circumstances};
use crate::judge::{Found, Judge};
use crate::process::Ended;
use crate::tally::Tally;
use crate::template::{Template, Workplace};

pub const RECOVER: [&str; 2] = ["recover", "--yes"];

/// A node and its judge.
pub struct Bench {
    pub template: Template,
    pub judge: Judge,
}

impl Bench {
    pub fn new(name: &'static str) -> Self {
        let template = Template::new(name);
        let judge = Judge::new(&template);
        Self { template, judge }
    }

    /// Judges what a run left in `root` that ended so.
    pub fn judge(
        &self,
        case: &str,
        root: &Path,
        ended: &Ended,
        circumstances: Circumstances<'_>,
        tally: &mut Tally,
    ) -> Found {
        let found = self.judge.look(root);
        tally.damage(case, &found.damage);
        for text in [&ended.stdout, &ended.stderr] {
            tally.searched += text.len();
            if self.judge.keys.are_in(text) {
                tally.damage.leaked += 1;
                tally.fail(case, "a key is printed");
            }
        }
        let kept = contract::check(&self.judge, ended, &found, circumstances);
        tally.expect(case, kept);
        found
    }

    /// Goes forward and back from what was found in the workplace, unless it is damaged.
    pub fn follow(
        &self,
        number: usize,
        case: &str,
        found: &Found,
        workplace: &Workplace,
        tally: &mut Tally,
    ) {
        if found.damage.words.is_empty() {
            self.aftermath(number, case).follow(found, workplace, tally);
        }
    }

    pub fn aftermath<'a>(&'a self, number: usize, case: &'a str) -> Aftermath<'a> {
        Aftermath {
            template: &self.template,
            judge: &self.judge,
            case,
            number,
        }
    }
}
