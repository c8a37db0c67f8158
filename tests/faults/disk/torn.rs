//! Files that cannot grow beyond a size (`RLIMIT_FSIZE`): a write stops in the middle of a line or of a certificate, and the
//! next one fails, with SIGXFSZ on top. The real thing: the kernel tears the write.

use std::process::Command;

use super::mounts::run;
use super::{NODE, follow, judge};
use crate::bench::{Bench, RECOVER};
use crate::pool::{chosen, each};
use crate::process::{Ended, finish, program, under};
use crate::strace::{self, Call};
use crate::support::tree::{Content, Tree};
use crate::template::Workplace;

/// Between one limit and the next: below the size of the largest certificate or kubeconfig, and above it, where only the
/// journal is torn.
const STEPS: (usize, usize) = (32, 97);
const SMALL: usize = 4096;
const SLICE: usize = 8;

#[test]
fn no_file_can_grow_from_the_start() {
    let bench = Bench::new(NODE);
    let name = |limit: &usize| format!("no file beyond {limit} bytes");
    let limits = chosen(limits(&bench), SLICE, name);
    let tally = each(&limits, name, |number, limit, workplace, tally| {
        let root = workplace.root();
        bench.template.copy(&root);
        let mut prlimit = Command::new("prlimit");
        prlimit.arg(format!("--fsize={limit}:{limit}"));
        let ended = Ended::of(finish(under(prlimit, &program(&root, &RECOVER))), true);
        judge(&bench, &name(limit), &root, &ended, tally);
        follow(&bench, number, &name(limit), &root, workplace, tally);
    });
    tally.close("writes torn at so many bytes (RLIMIT_FSIZE)");
}

/// The reserve for a full disk is there by then: it is larger than the journal, which no limit from the start could tear.
#[test]
fn no_file_can_grow_once_the_journal_is_open() {
    if !strace::is_permitted() {
        println!("skipped: strace is not here, or may not trace");
        return;
    }
    let bench = Bench::new(NODE);
    let name = |limit: &usize| format!("no file beyond {limit} bytes once the journal is open");
    let limits = chosen(limits(&bench), SLICE, name);
    let opened = Call {
        name: "fdatasync".to_owned(),
        number: 1,
        mutates: true,
    };
    let tally = each(&limits, name, |number, limit, workplace, tally| {
        let root = workplace.root();
        bench.template.copy(&root);
        let tighten = |pid: u32| {
            run(
                "prlimit",
                &[
                    "--pid",
                    &pid.to_string(),
                    &format!("--fsize={limit}:{limit}"),
                ],
            );
        };
        let ended = strace::run_stopped(&root, &RECOVER, &opened, workplace.scratch(), tighten);
        if !ended.hit {
            tally.fail(&name(limit), "it was not stopped");
        }
        judge(&bench, &name(limit), &root, &ended, tally);
        follow(&bench, number, &name(limit), &root, workplace, tally);
    });
    tally.close("writes torn likewise, once the journal is open");
}

/// Up to beyond the size of the largest file that a run writes.
fn limits(bench: &Bench) -> Vec<usize> {
    let workplace = Workplace::new();
    bench.template.copy(&workplace.root());
    crate::support::program::rekindle(&workplace.root(), &RECOVER).expect(bench.template.normal);
    let tree = Tree::read(&workplace.root());
    let size = |path| match &tree.entry(path).content {
        Content::File(bytes) => bytes.len(),
        _ => 0,
    };
    let state = tree
        .paths()
        .filter(|path| path.starts_with("/var/lib/rekindle/"));
    let largest = state.map(size).max().unwrap();
    let small = (0..SMALL).step_by(STEPS.0);
    small
        .chain((SMALL..largest + STEPS.1).step_by(STEPS.1))
        .collect()
}
