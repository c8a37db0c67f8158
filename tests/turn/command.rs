//! The command that a timer runs, on a machine with a real API server: what is not the turn of this node, or cannot be.

use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rekindle::control_plane::ControlPlane;
use rekindle::inventory::Inventory;
use rekindle::node::Root;
use rekindle::proof::ApiServer as ApiServerAsked;
use rekindle::turn::{Taken, Turn, TurnError};
use serde_json::Value;

use crate::support::api_server::{ApiServer, NOBODY};
use crate::support::machine::stand_in;
use crate::support::program::{Run, binary};

const LEASE: &[&str] = &[
    "--namespace=kube-system",
    "get",
    "lease/rekindle",
    "-o",
    "json",
];
const RUNBOOK: &str = "runbook: rekindle runbook renewal-ahead";

struct Cluster(ApiServer);

impl Cluster {
    fn start() -> Option<Self> {
        let server = ApiServer::prepare()?;
        server.start(&[NOBODY]);
        // So that admin.conf, which is asked first, may what kubeadm lets it.
        server.kubectl(&[
            "create",
            "clusterrolebinding",
            "kubeadm:cluster-admins",
            "--clusterrole=cluster-admin",
            "--group=kubeadm:cluster-admins",
        ]);
        Some(Self(server))
    }

    /// What a timer runs; `within`, in hours, so large that there is something to do.
    fn renew(&self, within: u32) -> Run {
        let commands = ["stop", "start"].map(|verb| {
            let command = format!("'{}'", stand_in(&format!("kubelet-{verb}")).display());
            format!("--kubelet-{verb}={command}")
        });
        let validity = format!("--validity={}h", within + 500);
        let within = format!("--within={within}h");
        let mut arguments = vec![
            "recover",
            "--yes",
            "--in-turn",
            &within,
            &validity,
            "--timeout=2s",
        ];
        arguments.extend(commands.iter().map(String::as_str));
        Run::of(self.0.machine().command(&binary(), &arguments))
    }

    /// The same where it is refused right before the first write: something is mounted on a file that is to be replaced.
    fn refused(&self, within: u32) -> Run {
        let machine = self.0.machine();
        machine.shell("mount --bind /etc/kubernetes/scheduler.conf /etc/kubernetes/scheduler.conf");
        let run = self.renew(within);
        machine.shell("umount /etc/kubernetes/scheduler.conf");
        let run = run.expect(3);
        assert!(run.stderr.contains("mount-point"), "{}", run.stderr);
        run
    }

    fn lease(&self) -> Value {
        serde_json::from_str(&self.0.kubectl(LEASE)).unwrap()
    }

    fn holder(&self) -> String {
        self.lease()["spec"]["holderIdentity"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn held_by(&self, node: &str, since: &str, annotation: &str) {
        self.0.apply(&format!(
            "apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {{name: rekindle, namespace: kube-system, annotations: {{{annotation}}}}}
spec: {{holderIdentity: {node}, acquireTime: '{since}'}}
"
        ));
    }

    fn now(&self, offset: &str) -> String {
        let said = self
            .0
            .machine()
            .shell(&format!("date -u -d '{offset}' +%FT%T.000000Z"));
        said.trim().to_owned()
    }

    fn runs(&self) -> usize {
        let folder = self.0.machine().node().file("/var/lib/rekindle/journal");
        let files = std::fs::read_dir(folder).unwrap();
        files
            .filter(|file| {
                file.as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|it| it == "jsonl")
            })
            .count()
    }
}

#[test]
fn a_turn_is_another_ones_this_ones_or_nobodys() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let before = cluster.runs();

    // Another one's, just now.
    cluster.held_by("other", &cluster.now("1 minute ago"), "");
    let run = cluster.renew(9000).expect(0);
    assert!(
        run.stdout.contains("It is the turn of other, since"),
        "{}",
        run.stdout
    );

    // A clock that runs ahead a little is no matter; hours are.
    cluster.held_by("other", &cluster.now("10 minutes"), "");
    cluster.renew(9000).expect(0);
    for (since, annotation, words) in [
        ("5 hours", "", "it has not come to an end"),
        ("2 hours ago", "", "it has not come to an end"),
        (
            "1 minute ago",
            "rekindle.dev/stuck: 'not proven to be running (exit 7)'",
            "not proven to be running (exit 7)",
        ),
    ] {
        cluster.held_by("other", &cluster.now(since), annotation);
        let run = cluster.renew(9000).expect(1);
        assert!(
            run.stderr.contains("other has had the turn since"),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr.contains(words) && run.stderr.contains(RUNBOOK),
            "{}",
            run.stderr
        );
    }
    assert_eq!(cluster.holder(), "other");
    assert_eq!(cluster.runs(), before, "no run may have begun");

    // Freed by hand, as the runbook says. What is refused before the first write gives back what it has just taken.
    cluster
        .0
        .kubectl(&["--namespace=kube-system", "delete", "lease/rekindle"]);
    let run = cluster.refused(9000);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert_eq!(cluster.holder(), "");
    assert_eq!(cluster.runs(), before, "no run may have begun");

    // Nobody but the API server runs here: nothing can be proven, and the turn is kept.
    let run = cluster.renew(9000);
    println!("{}{}", run.stdout, run.stderr);
    run.expect(7);
    assert_eq!(cluster.runs(), before + 1);
    let lease = cluster.lease();
    assert_eq!(
        lease["metadata"]["annotations"]["rekindle.dev/stuck"],
        "not proven to be running (exit 7)"
    );
    let own = cluster.holder();
    assert!(!own.is_empty() && own != "other");

    // The same node may go on.
    cluster.renew(9000).expect(7);
    assert_eq!(cluster.holder(), own);

    // That it is refused now proves nothing: the turn is as kept, and as stuck, as before.
    let kept = cluster.lease();
    let run = cluster.refused(9600);
    assert!(
        run.stderr.contains(
            "warning: this node keeps the turn of an earlier run (Lease kube-system/rekindle)"
        ),
        "{}",
        run.stderr
    );
    let lease = cluster.lease();
    for member in ["holderIdentity", "acquireTime", "leaseTransitions"] {
        assert_eq!(lease["spec"][member], kept["spec"][member], "{member}");
    }
    assert_eq!(
        lease["metadata"]["annotations"]["rekindle.dev/stuck"],
        "not proven to be running (exit 7)"
    );

    // Without an API server nothing is done unattended.
    cluster.0.stop();
    let before = cluster.runs();
    let run = cluster.renew(9000).expect(3);
    println!("{}", run.stderr);
    assert!(run.stderr.contains(RUNBOOK), "{}", run.stderr);
    assert_eq!(cluster.runs(), before);
}

/// Set in a racer to what it is called.
const RACER: &str = "REKINDLE_TURN_RACER";
const ROUNDS: usize = 15;

/// Six nodes want it at the same time, again and again: no two ever have it.
#[test]
fn of_many_that_want_it_one_has_it() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let program = std::env::current_exe().unwrap();
    let racers: Vec<_> = (0..6)
        .map(|number| {
            let arguments = ["--exact", "command::races", "--ignored", "--nocapture"];
            let mut command = cluster.0.machine().command(&program, &arguments);
            command.env(RACER, format!("node-{number}"));
            std::thread::spawn(move || Run::of(command))
        })
        .collect();
    for racer in racers {
        let run = racer.join().unwrap().expect(0);
        assert!(run.stdout.contains("had its turns"), "{}", run.stdout);
    }
    assert_eq!(cluster.holder(), "");
    let transitions = cluster.lease()["spec"]["leaseTransitions"]
        .as_u64()
        .unwrap();
    assert_eq!(transitions + 1, 6 * ROUNDS as u64);
}

#[test]
#[ignore = "is run within the machine by the test above"]
fn races() {
    let Ok(node) = std::env::var(RACER) else {
        return;
    };
    let root = Arc::new(Root::open(Path::new("/")).unwrap());
    let plane = ControlPlane::of(&Inventory::observe(&root));
    let server = ApiServerAsked::of(&root, &plane);
    let alone = Path::new("/run/turn.taken");
    let mut had = 0;
    let begun = Instant::now();
    while had < ROUNDS {
        assert!(begun.elapsed() < Duration::from_mins(3), "only {had} turns");
        match Turn::take(server.clone(), node.clone()) {
            Ok(Taken::Ours(turn)) => {
                std::fs::File::create_new(alone).expect("two have the turn at once");
                sleep(Duration::from_millis(10));
                std::fs::remove_file(alone).unwrap();
                turn.give_up().unwrap();
                had += 1;
            }
            Ok(Taken::Theirs(holder)) => assert_ne!(holder.node, node),
            Err(TurnError::Contended { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    println!("{node} had its turns");
}
