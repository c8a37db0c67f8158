//! Files that cannot grow beyond a size (RLIMIT_FSIZE): a write stops in the middle of a line or of a certificate, and the
//! next one fails, with SIGXFSZ on top. The real thing: the kernel tears the write.

use std::process::Command;

use super::{Bench, RECOVER};
use crate::pool::{chosen, each};
use crate::strace::{Ended, finish, program, under};
use crate::support::tree::{Content, Tree};
use crate::template::Workplace;

/// The step below the size of the largest certificate or kubeconfig, and above it, where only the journal is torn.
const STEPS: (u64, u64) = (32, 97);
const SMALL: u64 = 4096;

#[test]
fn a_write_that_is_torn_loses_nothing() {
    let bench = Bench::new();
    let limits = (0..SMALL)
        .step_by(usize::try_from(STEPS.0).unwrap())
        .chain((SMALL..bench.largest() + STEPS.1).step_by(usize::try_from(STEPS.1).unwrap()));
    let name = |limit: &u64| format!("no file beyond {limit} bytes");
    let limits = chosen(limits.collect(), 10, name);
    let tally = each(&limits, name, |number, limit, workplace, tally| {
        bench.template.copy(&workplace.root());
        let mut prlimit = Command::new("prlimit");
        prlimit.arg(format!("--fsize={limit}:{limit}"));
        let output = finish(under(prlimit, &program(&workplace.root(), &RECOVER)));
        let case = name(limit);
        let ended = Ended::of(output, true);
        let found = bench.judge(&case, &workplace.root(), &ended, tally);
        if found.damage.words.is_empty() {
            bench.follow(number, &case, &workplace.root(), workplace, tally);
        }
    });
    tally.close("torn writes: no file beyond so many bytes (RLIMIT_FSIZE)");
}

impl Bench {
    /// The size of the largest file that a run writes.
    fn largest(&self) -> u64 {
        let workplace = Workplace::new();
        self.template.copy(&workplace.root());
        crate::support::program::rekindle(&workplace.root(), &RECOVER).expect(self.template.normal);
        let tree = Tree::read(&workplace.root());
        let size = |path| match &tree.entry(path).content {
            Content::File(bytes) => bytes.len() as u64,
            _ => 0,
        };
        let state = tree
            .paths()
            .filter(|path| path.starts_with("/var/lib/rekindle/"));
        state.map(size).max().unwrap()
    }
}
