//! The clock cannot be right: files, etcd and journald were written later, or what runs by itself tells another time.

use std::os::unix::net::UnixListener;
use std::path::Path;

use super::situation::{Situation, compare};
use crate::support::namespace::{self, MACHINE};
use crate::support::node::Node;
use crate::support::program::{Run, rekindle};
use crate::support::secrets::Secrets;
use crate::support::tree::Tree;

/// The segments of etcd's log are allocated beforehand: what counts is when one was written.
const ETCD: &str = "mkdir -p var/lib/etcd/member/wal; cd var/lib/etcd/member/wal; head -c 4096 /dev/zero >0.wal; cp 0.wal 1.wal;
    touch -d 'now - 9 days' 0.wal; cp 0.wal 2.tmp; touch -d 'now + 9 days' 2.tmp; cd - >/dev/null";
const JOURNALD: &str = "mkdir -p var/log/journal/0123456789abcdef0123456789abcdef
    chmod 775 var/log
    echo 0123456789abcdef0123456789abcdef >etc/machine-id
    touch -d 'now - 2 days' var/log/journal/0123456789abcdef0123456789abcdef/system.journal";

#[test]
fn a_clock_that_is_behind() {
    let refused = Situation::by_shell(
        "clock-behind",
        "touch -d 'now + 3 days' etc/kubernetes/pki/apiserver.crt",
    )
    .judge();
    refused.flags_mend(&["--accept-clock"]);
}

#[test]
fn a_clock_behind_all_that_is_written_while_a_node_runs() {
    let script = format!(
        "{ETCD}\n{JOURNALD}
        touch -d 'now + 2 days' var/lib/etcd/member/wal/1.wal etc/kubernetes/admin.conf \
            var/log/journal/*/system.journal"
    );
    let node = Situation::by_shell("clock-behind.all", &script)
        .judge()
        .into_node();
    let accepted = ["recover", "--yes", "--accept-clock"];
    let told = rekindle(node.path(), &accepted).expect(0).stdout;
    let warning = told.lines().next().unwrap();
    assert!(warning.starts_with("warning: the clock says "), "{told}");
    for path in [
        "1.wal was written",
        "system.journal was written",
        "accepted",
    ] {
        assert!(warning.contains(path), "{told}");
    }
}

/// What `--data-dir` names is where etcd writes.
#[test]
fn etcd_elsewhere() {
    Situation::by_shell(
        "clock-behind.data-dir",
        "sed -i 's|--data-dir=/var/lib/etcd$|--data-dir=/srv/etcd|' etc/kubernetes/manifests/etcd.yaml
        mkdir -p srv/etcd/member/wal; touch -d 'now + 1 hour' srv/etcd/member/wal/0.wal",
    )
    .judge();
}

/// Nothing was written for nine days or for nine years: so it is after a long time without power.
#[test]
fn a_long_time_without_power_is_no_reason() {
    for ago in ["9 days", "9 years"] {
        let situation = Situation::by_shell(
            "clock-behind",
            &format!(
                "{ETCD}\n{JOURNALD}
                find etc var -exec touch -h -d 'now - {ago}' {{}} +; rm var/lib/etcd/member/wal/2.tmp"
            ),
        );
        let told = rekindle(situation.node.path(), &["recover", "--yes"]).expect(0);
        assert!(!told.stdout.contains("clock"), "{told:?}");
    }
}

/// The machine's own root, with the clocks that a script sets up beside the system's.
fn on_machine(node: &Node, clocks: &str, verb: &str) -> Option<Run> {
    let script = format!(
        "{MACHINE}\nmkdir /run/systemd; mount -t tmpfs tmpfs /sys/class\n{clocks}\nexec env -i \"$0\" {verb}"
    );
    let run = namespace::run(&script, node.path());
    if run.is_none() {
        println!("skipped: a mount namespace is not permitted here");
    }
    run
}

fn hardware(date: &str) -> String {
    format!("mkdir -p /sys/class/rtc/rtc0; date -d '{date}' +%s >/sys/class/rtc/rtc0/since_epoch")
}

/// systemd made its socket then, as it does when the machine starts.
fn started(date: &str) -> String {
    format!("cp -a \"$1/notify\" /run/systemd/; touch -h -d '{date}' /run/systemd/notify")
}

/// A node with a CA of 20 November 2025 and files that are older.
fn old_node() -> Node {
    let node = Node::materialize("ecdsa-p384-stacked");
    node.shell("find etc var -type f -exec touch -d 'now - 2 years' {} +");
    drop(UnixListener::bind(node.file("/notify")).unwrap());
    node
}

#[test]
fn a_clock_that_is_ahead() {
    let node = old_node();
    let clocks = [hardware("now - 200 days"), started("now - 250 days")].join("\n");
    let before = Tree::read(node.path());
    let secrets = Secrets::of(&before);
    for verb in ["plan", "recover --yes"] {
        let Some(run) = on_machine(&node, &clocks, verb) else {
            return;
        };
        let run = run.expect(3);
        assert!(!secrets.are_in(run.stderr.as_bytes()), "{run:?}");
        let told = without_uptime(&run.stderr);
        compare("clock-ahead", &told, Path::new("/nowhere"));
    }
    assert_eq!(Tree::read(node.path()), before);
    let accepting = "recover --yes --restart none --accept-clock";
    let told = on_machine(&node, &clocks, accepting).unwrap().expect(7);
    assert!(
        told.stdout.starts_with("warning: the clock says "),
        "{told:?}"
    );
}

#[test]
fn each_other_clock_is_a_witness_and_one_that_agrees_is_enough() {
    let node = old_node();
    let both = |hardware_says, start| [hardware(hardware_says), started(start)].join("\n");
    let asked = "mkdir /run/systemd/timesync; touch /run/systemd/timesync/synchronized";
    for (clocks, code) in [
        (String::new(), 0),
        (hardware("now - 200 days"), 3),
        (started("now - 200 days"), 3),
        // In local time.
        (hardware("now - 14 hours"), 0),
        // Without a battery: before the youngest file.
        (hardware("2000-01-01"), 0),
        (both("2000-01-01", "now - 200 days"), 3),
        // A virtual machine that was paused.
        (both("now", "now - 200 days"), 0),
        // A time service has set the clock.
        (
            format!("{}\n{asked}", both("now - 200 days", "now - 200 days")),
            0,
        ),
    ] {
        let Some(run) = on_machine(&node, &clocks, "plan") else {
            return;
        };
        println!("{clocks}");
        run.expect(code);
    }
    // A node in a folder has clocks of its own.
    rekindle(node.path(), &["plan"]).expect(0);
}

/// How long the machine runs differs from run to run.
fn without_uptime(text: &str) -> String {
    let (before, after) = text.split_once(" started, ").unwrap();
    let (_, after) = after.split_once(" ago").unwrap();
    format!("{before} started, [NUMBER] ago{after}")
}
