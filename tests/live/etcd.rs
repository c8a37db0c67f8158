//! A real etcd with something in it.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::interruption::wait_for;
use crate::support::machine::{Machine, path};
use crate::support::node::Node;

/// Where it is asked without TLS: before the outage, and the copy.
const PLAIN: &str = "http://127.0.0.1:12379";
/// Over TLS with the credential that kubeadm makes for this.
const SECURE: &str = "--cacert ca.crt --cert healthcheck-client.crt --key healthcheck-client.key https://127.0.0.1:2379";
/// How many keys are put in one transaction.
const KEYS: usize = 100;

/// All that is in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Keys with their values.
    pub keys: BTreeMap<String, String>,
    /// How often something was changed.
    pub revision: u64,
}

/// A machine whose manifest is for Debian's etcd, and where there is none, or no machine, says so.
pub fn machine() -> Option<Machine> {
    let found = path()
        .split(':')
        .any(|folder| Path::new(folder).join("etcd").exists());
    if !found {
        println!("skipped: there is no etcd (Debian: etcd-server)");
        return None;
    }
    let node = Node::materialize_with_room(crate::NODE);
    // kubeadm 1.36 writes for etcd 3.6; Debian's 3.4 does not know all of it. It elects itself in a tenth of the usual time.
    node.shell(
        "cd etc/kubernetes/manifests\n\
         sed -i -e '/--feature-gates/d' -e '/--watch-progress-notify-interval/d' \\\n\
         -e 's/^    - --name=.*/&\\n    - --election-timeout=100\\n    - --heartbeat-interval=10/' etcd.yaml",
    );
    Machine::boot(node)
}

/// Starts etcd as its manifest says, but to be asked without TLS; fills it; and ends it again: what is there before the
/// outage.
pub fn fill(machine: &Machine) -> Store {
    let pid = serve_plainly(machine, "/var/lib/etcd");
    let put = |number: usize| {
        let (key, value) = (
            format!("/registry/pods/{number:03}"),
            format!("value {number}"),
        );
        json!({"requestPut": {"key": STANDARD.encode(key), "value": STANDARD.encode(value)}})
    };
    for round in 0..2 {
        let puts: Vec<Value> = (0..KEYS).map(|number| put(round * KEYS + number)).collect();
        ask(machine, PLAIN, "kv/txn", &json!({ "success": puts }));
    }
    let gone = STANDARD.encode("/registry/pods/007");
    ask(machine, PLAIN, "kv/deleterange", &json!({ "key": gone }));
    let store = read_at(machine, PLAIN);
    assert_eq!((store.keys.len(), store.revision), (2 * KEYS - 1, 4));
    end(machine, pid);
    machine.shell("rm /run/pods/etcd.*");
    store
}

/// What is in the store, asked over mTLS.
pub fn read(machine: &Machine) -> Store {
    read_at(machine, SECURE)
}

/// What is in a copy of the data, by another etcd.
pub fn read_copy(machine: &Machine, folder: &str) -> Store {
    machine.shell(&format!("cp -a {folder} /run/copy"));
    let pid = serve_plainly(machine, "/run/copy");
    let store = read_at(machine, PLAIN);
    end(machine, pid);
    store
}

/// Waits until it serves: before that it does not end cleanly when it is asked to.
pub fn wait_until_up(machine: &Machine) {
    wait_for(|| {
        let log = machine.log_of("etcd");
        let latest = log.rsplit("starting server").next();
        latest?
            .contains("serving client requests on 127.0.0.1")
            .then_some(())
    });
}

fn serve_plainly(machine: &Machine, data: &str) -> u32 {
    let urls =
        ["listen-client-urls", "advertise-client-urls"].map(|flag| format!("--{flag}={PLAIN}"));
    let peer = if data == "/var/lib/etcd" {
        "192.0.2.10:2380"
    } else {
        "127.0.0.1:12380"
    };
    let peer = format!("--listen-peer-urls=https://{peer}");
    let metrics = "--listen-metrics-urls=http://127.0.0.1:12381";
    let data = format!("--data-dir={data}");
    let pid = machine.start_pod("etcd", &[&urls[0], &urls[1], &peer, metrics, &data]);
    let health = format!("curl --silent --fail {PLAIN}/health || true");
    wait_for(|| machine.shell(&health).contains("true").then_some(()));
    pid
}

/// Returns when its status was written down too, which comes behind its end.
fn end(machine: &Machine, pid: u32) {
    let before = machine.statuses("etcd").len();
    machine.shell(&format!("kill {pid}"));
    wait_for(|| (machine.statuses("etcd").len() > before).then_some(()));
}

fn read_at(machine: &Machine, place: &str) -> Store {
    let everything = json!({"key": STANDARD.encode([0]), "range_end": STANDARD.encode([0])});
    let answer = ask(machine, place, "kv/range", &everything);
    let text = |value: &Value| {
        String::from_utf8(STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap()
    };
    let kvs = answer["kvs"].as_array().cloned().unwrap_or_default();
    Store {
        keys: kvs
            .iter()
            .map(|kv| (text(&kv["key"]), text(&kv["value"])))
            .collect(),
        revision: answer["header"]["revision"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap(),
    }
}

fn ask(machine: &Machine, place: &str, what: &str, question: &Value) -> Value {
    let folder = if place == PLAIN {
        "/"
    } else {
        "/etc/kubernetes/pki/etcd"
    };
    let script = format!(
        "cd {folder} && curl --silent --show-error --fail --max-time 20 --data '{question}' {place}/v3/{what}"
    );
    serde_json::from_str(&machine.shell(&script)).unwrap()
}
