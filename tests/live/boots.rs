//! When a file was written: what a journal of this boot says of it, and what its time.

use std::time::Duration;

use crate::small;
use crate::stale::{KUBECONFIG, end, is_well, verify};
use crate::support::machine::Machine;
use crate::support::program::rekindle;

/// The scheduler's kubeconfig is renewed by the program, whose journal notes when.
fn renew(machine: &Machine) {
    // As for a node in a folder: no process is touched.
    let arguments = ["recover", "--yes", "--only", "scheduler.conf", "--force"];
    rekindle(machine.node().path(), &arguments).expect(0);
}

fn set_time(machine: &Machine, when: &str) {
    machine
        .node()
        .shell(&format!("touch -d '{when}' etc/kubernetes/scheduler.conf"));
}

#[test]
fn a_journal_of_this_boot_knows_better_than_a_file_s_time() {
    let Some(machine) = small::machine() else {
        return;
    };
    let old = machine.start_pod("kube-scheduler", &[]);
    std::thread::sleep(Duration::from_millis(50));
    renew(&machine);
    // Whatever its time says, it was written behind the back of that process.
    for when in ["2020-01-01", "tomorrow", "now"] {
        set_time(&machine, when);
        let said = verify(&machine);
        let named = format!("process {old} was started");
        assert!(
            !said.is_proven && said.evidence.contains(&named),
            "{when}: {}",
            said.evidence
        );
    }
    end(&machine, old);
    machine.start_pod("kube-scheduler", &[]);
    for when in ["2020-01-01", "tomorrow", "now"] {
        set_time(&machine, when);
        is_well(&machine);
    }
    // Of content that it did not put there the journal says nothing.
    machine.node().edit(KUBECONFIG, |text| text + "# by hand\n");
    assert!(!verify(&machine).is_proven);
    // A time in the future says that some clock was set, and nothing of the process.
    set_time(&machine, "tomorrow");
    is_well(&machine);
}

#[test]
fn a_journal_of_another_boot_says_nothing() {
    let Some(machine) = small::machine() else {
        return;
    };
    renew(&machine);
    machine.start_pod("kube-scheduler", &[]);
    machine.shell("echo 01234567-89ab-cdef-0123-456789abcdef >/run/boot && mount --bind /run/boot /proc/sys/kernel/random/boot_id");
    is_well(&machine);
    set_time(&machine, "now");
    assert!(!verify(&machine).is_proven);
}
