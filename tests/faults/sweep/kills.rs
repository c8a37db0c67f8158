//! SIGKILL at every system call of `recover`, reading ones too.

use super::Sweep;
use crate::strace::Fault;

fn kill_at_every_call(name: &'static str, slice: usize) {
    if let Some(sweep) = Sweep::new(name) {
        let faults = sweep.calls.iter().map(Fault::kill).collect();
        sweep.run("SIGKILL at every call of recover", faults, slice);
    }
}

#[test]
fn rsa2048_stacked() {
    kill_at_every_call("rsa2048-stacked", 5);
}

#[test]
fn ecdsa_p256_stacked() {
    kill_at_every_call("ecdsa-p256-stacked", 14);
}

#[test]
fn rsa3072_external_etcd() {
    kill_at_every_call("rsa3072-external-etcd", 5);
}
