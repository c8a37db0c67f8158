//! SIGKILL, and errors, at every system call that changes something, of a run that gives the authorities new dates, and of one that
//! installs what was signed elsewhere: the first exchanges what vouches for its own journal, and for the second nobody vouches.

use super::Sweep;
use crate::bench::Subject;
use crate::strace::{Effect, Fault, When};

fn fail_at_every_change(name: &'static str, subject: Subject, what: &str, slice: usize) {
    let Some(sweep) = Sweep::of(name, subject) else {
        return;
    };
    let changes = || sweep.calls.iter().filter(|call| call.mutates);
    let kills = changes().map(Fault::kill).collect();
    sweep.run(&format!("SIGKILL at every change of {what}"), kills, slice);
    for error in ["ENOSPC", "EIO"] {
        let faults = changes().map(|call| Fault::new(call, Effect::Error(error), When::Onward));
        sweep.run(
            &format!("{error} from every change of {what} on"),
            faults.collect(),
            slice / 2,
        );
    }
}

#[test]
fn authorities_with_new_dates_ecdsa_p256() {
    fail_at_every_change("ecdsa-p256-stacked", Subject::Reissue, "ca reissue", 10);
}

#[test]
fn authorities_with_new_dates_rsa2048() {
    fail_at_every_change("rsa2048-stacked", Subject::Reissue, "ca reissue", 4);
}

#[test]
fn signed_elsewhere_ecdsa_p256() {
    fail_at_every_change("ecdsa-p256-stacked", Subject::Import, "csr import", 10);
}

#[test]
fn signed_elsewhere_rsa2048() {
    fail_at_every_change("rsa2048-stacked", Subject::Import, "csr import", 4);
}
