//! SIGKILL, and errors, at every system call that changes something, of a recovery that makes keys: for all credentials, or for what is
//! lost. Wherever it ends, no key stands beside a certificate that it does not fit as soon as the run is taken to an end.

use super::Sweep;
use crate::bench::Subject;
use crate::strace::{Effect, Fault, When};

fn kill_at_every_change(name: &'static str, subject: Subject, slice: usize) {
    let Some(sweep) = Sweep::of(name, subject) else {
        return;
    };
    let what = match subject {
        Subject::Renewal => "recover",
        Subject::Rekeying => "recover --rekey",
        Subject::Rebuilding => "recover of what is lost",
        Subject::Reissue | Subject::Import => unreachable!("authorities.rs"),
    };
    let changes = || sweep.calls.iter().filter(|call| call.mutates);
    let kills = changes().map(Fault::kill).collect();
    sweep.run(&format!("SIGKILL at every change of {what}"), kills, slice);
    let full = changes().map(|call| Fault::new(call, Effect::Error("ENOSPC"), When::Onward));
    sweep.run(
        &format!("ENOSPC from every change of {what} on"),
        full.collect(),
        slice / 2,
    );
}

#[test]
fn ecdsa_p256_with_new_keys() {
    kill_at_every_change("ecdsa-p256-stacked", Subject::Rekeying, 10);
}

#[test]
fn rsa2048_with_new_keys() {
    kill_at_every_change("rsa2048-stacked", Subject::Rekeying, 4);
}

#[test]
fn ecdsa_p256_with_something_lost() {
    kill_at_every_change("ecdsa-p256-stacked", Subject::Rebuilding, 8);
}
