//! An error at every system call of `recover` that changes something: once, and from there on.

use super::Sweep;
use crate::strace::{Effect, Fault, When};

const ERRORS: [&str; 5] = ["ENOSPC", "EIO", "EROFS", "EDQUOT", "EINTR"];

fn fail_at_every_change(name: &'static str, slice: usize) {
    let Some(sweep) = Sweep::new(name) else {
        return;
    };
    let mut once = Vec::new();
    let mut onward = Vec::new();
    for call in sweep.calls.iter().filter(|call| call.mutates) {
        for error in ERRORS {
            let effect = Effect::Error(error);
            once.push(Fault::new(call, effect, When::Once));
            // An interrupted write is begun again, as it must be. No kernel interrupts it for ever.
            let is_begun_again = error == "EINTR" && call.name == "write";
            let when = if is_begun_again {
                When::Thrice
            } else {
                When::Onward
            };
            onward.push(Fault::new(call, effect, when));
        }
    }
    sweep.run("five errors, once, at every change of recover", once, slice);
    sweep.run("five errors, from there on, likewise", onward, slice);
}

#[test]
fn rsa2048_stacked() {
    fail_at_every_change("rsa2048-stacked", 4);
}

#[test]
fn ecdsa_p256_stacked() {
    fail_at_every_change("ecdsa-p256-stacked", 9);
}

#[test]
fn rsa3072_external_etcd() {
    fail_at_every_change("rsa3072-external-etcd", 4);
}
