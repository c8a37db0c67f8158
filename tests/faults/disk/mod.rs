//! Real disks that are full, read-only or torn, and files that nobody may change. A run is refused before its first byte,
//! or undoes what it did, or stops where it can be resumed.

mod full;
mod immutable;
mod mounts;
mod read_only;
mod torn;

use std::path::Path;

use crate::aftermath::Aftermath;
use crate::contract::{self, Circumstances};
use crate::judge::{Found, Judge};
use crate::strace::Ended;
use crate::tally::Tally;
use crate::template::{Template, Workplace, copy};

const NODE: &str = "ecdsa-p256-stacked";
const RECOVER: [&str; 2] = ["recover", "--yes"];

/// A node and all that is known about it.
struct Bench {
    template: Template,
    judge: Judge,
}

impl Bench {
    fn new() -> Self {
        let template = Template::new(NODE);
        let judge = Judge::new(&template);
        Self { template, judge }
    }

    /// Judges what a run of `recover` left in `root`, under the circumstances of which it ended.
    fn judge(&self, case: &str, root: &Path, ended: &Ended, tally: &mut Tally) -> Found {
        let found = self.judge.look(root);
        tally.damage(case, &found.damage);
        if self.judge.keys.are_in(&ended.stdout) || self.judge.keys.are_in(&ended.stderr) {
            tally.damage.leaked += 1;
            tally.fail(case, "a key is printed");
        }
        tally.outcome(&ended.outcome());
        let circumstances = Circumstances::usual(self.template.normal);
        let kept = contract::check(&self.judge, ended, &found, circumstances);
        tally.expect(case, kept);
        found
    }

    /// Goes both ways from a copy, where there is nothing wrong with the disk.
    fn follow(
        &self,
        number: usize,
        case: &str,
        root: &Path,
        workplace: &Workplace,
        tally: &mut Tally,
    ) {
        if *root != workplace.root() {
            copy(root, &workplace.root());
        }
        let found = self.judge.look(&workplace.root());
        if found.damage.words.is_empty() {
            let aftermath = Aftermath {
                template: &self.template,
                judge: &self.judge,
                case,
                number,
            };
            aftermath.follow(&found, workplace, tally);
        }
    }
}
