//! A node, all that is known about it, and what every row does after a run: look, hold it against the exit code, go both ways.

use std::path::Path;

use crate::aftermath::Aftermath;
use crate::authorities;
use crate::contract::{self, Circumstances};
use crate::judge::{Found, Judge};
use crate::process::Ended;
use crate::tally::Tally;
use crate::template::{Template, Workplace};

pub const RECOVER: [&str; 2] = ["recover", "--yes"];
pub const REKEY: [&str; 3] = ["recover", "--rekey", "--yes"];

/// What of a node is lost before it is rebuilt: a certificate, and the key of another.
const LOST: &str =
    "cd etc/kubernetes; rm pki/apiserver.crt; echo noise >pki/apiserver-kubelet-client.key";

/// A node and its judge.
pub struct Bench {
    pub template: Template,
    pub judge: Judge,
}

/// How a node is recovered.
#[derive(Debug, Clone, Copy)]
pub enum Subject {
    /// Every certificate is signed again.
    Renewal,
    /// The same with new keys.
    Rekeying,
    /// A certificate and the key of another one are gone.
    Rebuilding,
    /// The authorities have expired, and get new dates.
    Reissue,
    /// What was signed elsewhere is installed.
    Import,
}

impl Bench {
    pub fn new(name: &'static str) -> Self {
        Self::of(name, Subject::Renewal)
    }

    pub fn of(name: &'static str, subject: Subject) -> Self {
        let template = match subject {
            Subject::Renewal => Template::new(name, name, &RECOVER, None),
            Subject::Rekeying => Template::new(name, name, &REKEY, None),
            Subject::Rebuilding => Template::new(name, "rebuilding", &RECOVER, Some(LOST)),
            Subject::Reissue => authorities::expired(name),
            Subject::Import => authorities::kept_elsewhere(name),
        };
        let judge = Judge::new(&template);
        Self { template, judge }
    }

    /// The run as the names of cases have it.
    pub fn run(&self) -> String {
        let Template {
            label, arguments, ..
        } = &self.template;
        let words: Vec<&str> = arguments
            .iter()
            .copied()
            .filter(|word| *word != "--yes")
            .collect();
        format!("{label} {}", words.join(" "))
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
            if self.judge.keys.are_in(text) || found.new_keys.are_in(text) {
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
