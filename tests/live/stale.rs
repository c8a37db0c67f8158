//! Processes that still have the old credential, and those that only look as if they had.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::small::{self, KUBELET, SCHEDULER, Server};
use crate::support::machine::{Machine, stand_in};
use crate::support::program::{binary, rekindle};

pub const KUBECONFIG: &str = "/etc/kubernetes/scheduler.conf";

/// What `verify` says of a process.
pub struct Said {
    pub is_proven: bool,
    pub evidence: String,
    pub advice: String,
}

pub fn verify(machine: &Machine) -> Said {
    verify_process(machine, "kube-scheduler")
}

pub fn verify_process(machine: &Machine, component: &str) -> Said {
    let run = machine.rekindle(&["verify", "--timeout", "500ms", "-o", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let conditions = report["conditions"].as_array().unwrap();
    let found = conditions
        .iter()
        .find(|row| row["component"] == component && row["condition"] == "process");
    let found = found.unwrap();
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    Said {
        is_proven: found["proven"] == true,
        evidence: text("evidence"),
        advice: text("advice"),
    }
}

#[track_caller]
pub fn is_well(machine: &Machine) {
    let said = verify(machine);
    assert!(said.is_proven, "{}", said.evidence);
}

/// By force: one that has just begun takes no other signal.
pub fn end(machine: &Machine, pid: u32) {
    machine.shell(&format!(
        "kill -9 {pid}; while kill -0 {pid} 2>/dev/null; do sleep 0.01; done"
    ));
}

/// By the kernel's words and the wall clock.
fn started(machine: &Machine, pid: u32) -> OffsetDateTime {
    let stat = machine.shell(&format!("cat /proc/{pid}/stat /proc/uptime"));
    let (stat, uptime) = stat.trim().split_once('\n').unwrap();
    let ticks: f64 = stat
        .rsplit(") ")
        .next()
        .unwrap()
        .split(' ')
        .nth(19)
        .unwrap()
        .parse()
        .unwrap();
    let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    OffsetDateTime::now_utc() - Duration::from_secs_f64(uptime - ticks / 100.0)
}

fn is_near(text: &str, expected: OffsetDateTime) {
    let said = OffsetDateTime::parse(text.trim_end_matches([',', ':']), &Rfc3339).unwrap();
    assert!(
        (said - expected).abs() < Duration::from_millis(1500),
        "{said} {expected}"
    );
}

#[test]
fn a_process_that_is_older_than_its_credential_is_named_with_both_times() {
    let Some(machine) = small::machine() else {
        return;
    };
    let pid = machine.start_pod("kube-scheduler", &[]);
    is_well(&machine);
    let by_hand = machine.node().file(KUBECONFIG);
    std::thread::sleep(Duration::from_secs(2));
    // Somebody renews it: no journal tells of it.
    let text = fs::read_to_string(&by_hand).unwrap();
    fs::write(&by_hand, text + "# renewed\n").unwrap();
    let said = verify(&machine);
    let words: Vec<&str> = said.evidence.split(' ').collect();
    assert!(
        !said.is_proven && said.advice.contains("recover --restart stale"),
        "{}",
        said.evidence
    );
    assert_eq!(
        words[..5],
        ["process", &pid.to_string(), "was", "started", "at"]
    );
    assert_eq!(
        (words[6], words[7], words[9]),
        ("before", KUBECONFIG, "written"),
        "{}",
        said.evidence
    );
    is_near(words[5], started(&machine, pid));
    let written = fs::metadata(&by_hand).unwrap();
    is_near(
        words[11],
        SystemTime::UNIX_EPOCH
            .checked_add(Duration::new(u64::try_from(written.mtime()).unwrap(), 0))
            .unwrap()
            .into(),
    );
    // Another that is new does not hide it; when only the new one is left, all is well.
    let other = machine.start_pod("kube-scheduler", &[]);
    let said = verify(&machine);
    assert!(
        said.evidence.contains(&format!("process {pid} ")),
        "{}",
        said.evidence
    );
    end(&machine, pid);
    let said = verify(&machine);
    assert!(
        said.is_proven && said.evidence.contains(&format!("process {other} ")),
        "{}",
        said.evidence
    );
}

/// Started as soon as the file is there.
#[test]
fn a_fresh_process_is_no_false_alarm() {
    let Some(machine) = small::machine() else {
        return;
    };
    let _serving = Server::start(&machine, KUBELET.0, KUBELET.1, &[]);
    machine.start_kubelet(&[]);
    let told = machine.shell(&format!(
        "cp {KUBECONFIG} /run/content\n\
         for number in {{1..100}}; do\n\
         cp /run/content /etc/kubernetes/new && mv /etc/kubernetes/new {KUBECONFIG}\n\
         {pod} kube-scheduler\n\
         {binary} verify --timeout 30s >/run/said || {{ echo \"$number: $(</run/said)\"; break; }}\n\
         pid=$(sed -n '/^kube-scheduler$/,/^kubelet$/s/^ *proven *process *process \\([0-9]*\\) .*/\\1/p' /run/said)\n\
         kill -9 \"$pid\"; while kill -0 \"$pid\" 2>/dev/null; do sleep 0.01; done\n\
         done",
        pod = stand_in("pod").display(),
        binary = binary().display(),
    ));
    assert_eq!(told, "");
}

#[test]
fn arguments_that_differ_from_the_manifest_are_named() {
    let Some(machine) = small::machine() else {
        return;
    };
    let pid = machine.start_pod("kube-scheduler", &["--bind-address=0.0.0.0"]);
    let said = verify(&machine);
    let expected = format!(
        "process {pid} runs with 0.0.0.0 for --bind-address, and its manifest says 127.0.0.1"
    );
    assert_eq!((said.is_proven, &*said.evidence), (false, &*expected));
    assert!(
        said.advice
            .contains("the kubelet has not taken up its manifest"),
        "{}",
        said.advice
    );
    end(&machine, pid);
    machine.start_pod("kube-scheduler", &[]);
    is_well(&machine);
    machine.node().edit(SCHEDULER, |text| {
        text.replace("    image:", "    - --v=4\n    image:")
    });
    let said = verify(&machine);
    assert!(
        said.evidence
            .ends_with("runs with nothing for --v, and its manifest says 4"),
        "{}",
        said.evidence
    );
}

/// What it says nobody knows: the rest alone is no proof.
#[test]
fn a_manifest_that_cannot_be_read_leaves_the_proof_open() {
    let Some(machine) = small::machine() else {
        return;
    };
    machine
        .node()
        .write("/etc/kubernetes/manifests/etcd.yaml", "kind: [");
    let run = machine
        .rekindle(&["verify", "--timeout", "500ms", "-o", "json"])
        .expect(1);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let first = &report["conditions"][0];
    assert_eq!(
        (&first["component"], &first["condition"]),
        (&"node".into(), &"configured".into())
    );
    assert!(
        first["evidence"].as_str().unwrap().contains("etcd.yaml"),
        "{first}"
    );
}

/// It was read a moment ago, and is as old as before.
#[test]
fn an_expired_kubeconfig_leaves_the_proof_open_however_young_the_process() {
    let Some(machine) = small::machine() else {
        return;
    };
    // Its time goes with it, as `cp -a` from a backup does.
    rekindle(machine.node().path(), &["expire"]).expect(0);
    machine
        .node()
        .shell("rm -r var/lib/rekindle; touch -d 2020-01-01 etc/kubernetes/scheduler.conf");
    machine.start_pod("kube-scheduler", &[]);
    let said = verify(&machine);
    assert!(
        !said.is_proven && said.evidence.contains("scheduler.conf expired at"),
        "{}",
        said.evidence
    );
}
