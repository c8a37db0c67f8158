//! A fault at every system call in turn: SIGKILL at each, an error at each that changes something. After each run every
//! file is the old one or the new one, and the node can be taken forward and back.

mod errors;
mod kills;
mod second;

use crate::aftermath::Aftermath;
use crate::contract::{self, Circumstances};
use crate::judge::{Judge, Phase};
use crate::pool::{chosen, each};
use crate::strace::{self, Call, Fault};
use crate::tally::Tally;
use crate::template::{Template, Workplace};

const RECOVER: [&str; 2] = ["recover", "--yes"];

/// A node, all that is known about it, and the calls that its recovery makes.
struct Bench {
    template: Template,
    judge: Judge,
    calls: Vec<Call>,
}

impl Bench {
    /// `None`, with a line that says so, where nobody can inject.
    fn new(name: &'static str) -> Option<Self> {
        if !strace::is_permitted() {
            println!("skipped: strace is not here, or may not trace");
            return None;
        }
        let template = Template::new(name);
        let judge = Judge::new(&template);
        let calls = longest(&RECOVER, &|workplace| template.copy(&workplace.root()));
        Some(Self {
            template,
            judge,
            calls,
        })
    }

    /// Tries these faults, or a slice of them.
    fn sweep(&self, what: &str, faults: Vec<Fault>, slice: usize) {
        let name = |fault: &Fault| format!("{} {} {fault}", self.template.name, RECOVER[0]);
        let faults = chosen(faults, slice, name);
        let tally = each(&faults, name, |number, fault, workplace, tally| {
            self.template.copy(&workplace.root());
            self.one(number, fault, &name(fault), workplace, tally);
        });
        tally.close(&format!("{what}, {}", self.template.name));
    }

    fn one(
        &self,
        number: usize,
        fault: &Fault,
        case: &str,
        workplace: &Workplace,
        tally: &mut Tally,
    ) {
        let ended = strace::run(&workplace.root(), &RECOVER, fault, workplace.scratch());
        let found = self.judge.look(&workplace.root());
        tally.damage(case, &found.damage);
        if self.judge.keys.are_in(&ended.stdout) || self.judge.keys.are_in(&ended.stderr) {
            tally.damage.leaked += 1;
            tally.fail(case, "a key is printed");
        }
        let outcome = match found.phase {
            // How often a call is made may differ from run to run: memory, random numbers.
            _ if !ended.hit => "no such call this time".to_owned(),
            Phase::Untouched if ended.was_killed() => "killed, nothing written".to_owned(),
            Phase::Committed if ended.was_killed() => "killed, unfinished".to_owned(),
            Phase::Ended if ended.was_killed() => "killed, at its end".to_owned(),
            _ => ended.outcome(),
        };
        tally.outcome(&outcome);
        let kept = contract::check(
            &self.judge,
            &ended,
            &found,
            Circumstances::of(fault, self.template.normal),
        );
        tally.expect(case, kept);
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

/// The calls of the longest of three runs of `rekindle ARGUMENTS`, each on what `lay_out` laid out.
fn longest(arguments: &[&str], lay_out: &dyn Fn(&Workplace)) -> Vec<Call> {
    let workplace = Workplace::new();
    let runs = (0..3).map(|_| {
        lay_out(&workplace);
        strace::calls(&workplace.root(), arguments, workplace.scratch())
    });
    runs.max_by_key(Vec::len).unwrap()
}
