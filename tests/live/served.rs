//! What is said of a server in each state that one can be in, by openssl on the ports that the manifests name.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value;

use crate::NODE;
use crate::small::{KUBELET, Server};
use crate::support::machine::Machine;
use crate::support::node::Node;
use crate::support::program::rekindle;

const MANIFESTS: &str = "/etc/kubernetes/manifests";
const SERVER: &str = "/etc/kubernetes/pki/etcd/server";
const PEER: &str = "/etc/kubernetes/pki/etcd/peer";
const API: &str = "/etc/kubernetes/pki/apiserver";

/// Where a server is in which state.
const DEMANDING: &str = "127.0.0.1:2379";
const WELL: &str = "127.0.0.1:4001";
const OTHER: &str = "127.0.0.1:4002";
const HANGING: &str = "127.0.0.1:4003";
const GARBAGE: &str = "127.0.0.1:4004";
const CLOSED: &str = "127.0.0.1:4005";
const OF_ANOTHER_CA: &str = "192.0.2.10:2380";
const EXPIRED: &str = "192.0.2.10:6443";

/// Renewed, but the API server's and the kubelet's certificates; the peer's is signed by the CA of the cluster, not of etcd.
fn machine() -> Option<Machine> {
    let node = Node::materialize(NODE);
    node.shell("mkdir old; cp etc/kubernetes/pki/apiserver.crt etc/kubernetes/pki/etcd/healthcheck-client.crt var/lib/kubelet/pki/kubelet.crt old/");
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    node.shell(
        "cat old/apiserver.crt >etc/kubernetes/pki/apiserver.crt\n\
         cat old/kubelet.crt >var/lib/kubelet/pki/kubelet.crt\n\
         mv old/healthcheck-client.crt etc/expired-client.crt; rm -r old\n\
         cd etc/kubernetes/pki\n\
         openssl x509 -x509toreq -in etcd/peer.crt -signkey etcd/peer.key -out ../request 2>&1\n\
         printf 'subjectAltName=IP:192.0.2.10\\nextendedKeyUsage=serverAuth,clientAuth' >../extensions\n\
         openssl x509 -req -in ../request -CA ca.crt -CAkey ca.key -days 9 -extfile ../extensions -out ../peer 2>&1\n\
         cat ../peer >etcd/peer.crt; rm ../peer ../request ../extensions",
    );
    let clients: Vec<String> = [DEMANDING, WELL, OTHER, HANGING, GARBAGE, CLOSED]
        .map(|address| format!("https://{address}"))
        .into();
    node.edit(&format!("{MANIFESTS}/etcd.yaml"), |text| {
        text.replace(
            "https://127.0.0.1:2379,https://192.0.2.10:2379",
            &clients.join(","),
        )
    });
    Machine::boot(node)
}

/// Everything that `verify` says, by component, condition and, of certificates, address.
struct Report(BTreeMap<String, Value>);

impl Report {
    fn of(machine: &Machine, timeout: &str) -> Self {
        let run = machine.rekindle(&["verify", "--timeout", timeout, "-o", "json"]);
        let run = run.expect(1);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let rows = report["conditions"].as_array().unwrap().iter();
        let key = |row: &Value| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            let evidence = text("evidence");
            let address = evidence.split([' ']).next().unwrap().trim_end_matches(':');
            match row["condition"].as_str() {
                Some("certificate") => format!("{} {address}", text("component")),
                _ => format!("{} {}", text("component"), text("condition")),
            }
        };
        Self(rows.map(|row| (key(row), row.clone())).collect())
    }

    /// Expects a condition to be open, its evidence to have `evidence`, and its advice `advice`.
    #[track_caller]
    fn is_open(&self, what: &str, evidence: &str, advice: &str) {
        let row = self.row(what);
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        assert_eq!(row["proven"], false, "{what}: {row}");
        assert!(text("evidence").contains(evidence), "{what}: {row}");
        assert!(text("advice").contains(advice), "{what}: {row}");
        assert_eq!(
            text("advice").is_empty(),
            advice.is_empty(),
            "{what}: {row}"
        );
    }

    #[track_caller]
    fn is_proven(&self, what: &str, evidence: &str) {
        let row = self.row(what);
        assert_eq!(row["proven"], true, "{what}: {row}");
        assert!(
            row["evidence"].as_str().unwrap().contains(evidence),
            "{what}: {row}"
        );
    }

    #[track_caller]
    fn row(&self, what: &str) -> &Value {
        self.0
            .get(what)
            .unwrap_or_else(|| panic!("{what}: {:#?}", self.0))
    }
}

fn demanding(machine: &Machine, authority: &str) -> Server {
    let authority = format!("/etc/kubernetes/pki/{authority}");
    Server::start(
        machine,
        DEMANDING,
        SERVER,
        &[
            "-Verify",
            "1",
            "-verify_return_error",
            "-CAfile",
            &authority,
        ],
    )
}

#[test]
fn each_state_of_a_server_is_told_and_what_to_do() {
    let Some(machine) = machine() else {
        return;
    };
    let machine = &machine;
    let serve = |address, pair| Server::start(machine, address, pair, &[]);
    let mut servers = [
        demanding(machine, "front-proxy-ca.crt"),
        serve(WELL, SERVER),
        serve(OTHER, "/etc/kubernetes/pki/etcd/healthcheck-client"),
        serve(OF_ANOTHER_CA, PEER),
        serve(EXPIRED, API),
        serve(KUBELET.0, KUBELET.1),
        serve(HANGING, SERVER),
    ];
    let hanging = servers.last().unwrap().pid;
    machine.shell(&format!("kill -STOP {hanging}"));
    let garbage = machine.listen(GARBAGE);
    std::thread::spawn(move || {
        for stream in garbage.incoming() {
            let _ = stream.unwrap().write_all(b"220 mail.example.org ESMTP\r\n");
        }
    });
    let report = Report::of(machine, "4s");
    let renew = "renew it: rekindle recover";
    report.is_proven(
        &format!("etcd {WELL}"),
        "/etc/kubernetes/pki/etcd/server.crt, valid until",
    );
    // That we are turned away afterwards does not matter here.
    report.is_proven(
        &format!("etcd {DEMANDING}"),
        "/etc/kubernetes/pki/etcd/server.crt, valid until",
    );
    report.is_open(
        "etcd health",
        "turned us away",
        "another CA than the one on the disk",
    );
    report.is_open(
        &format!("etcd {OTHER}"),
        "serves another certificate than /etc/kubernetes/pki/etcd/server.crt, which ends at",
        "restart it",
    );
    report.is_open(
        &format!("etcd {HANGING}"),
        "timed out in the TLS handshake",
        "it hangs",
    );
    report.is_open(&format!("etcd {GARBAGE}"), "", "");
    report.is_open(
        &format!("etcd {CLOSED}"),
        "port closed: nothing listens there",
        "its process does not run",
    );
    report.is_open(
        &format!("etcd {OF_ANOTHER_CA}"),
        "",
        "another CA than the one on the disk: restart it",
    );
    report.is_open(&format!("kube-apiserver {EXPIRED}"), "expired", renew);
    report.is_open(&format!("kubelet {}", KUBELET.0), "expired", renew);

    // The same port, with the right CA: our own credential has expired; and then it has not.
    machine.shell(&format!(
        "kill -9 {}; while kill -0 {0} 2>/dev/null; do sleep 0.01; done",
        servers[0].pid
    ));
    servers[0] = demanding(machine, "etcd/ca.crt");
    machine.shell("cp -a /etc/kubernetes/pki/etcd/healthcheck-client.crt /run/valid; cat /etc/expired-client.crt >/etc/kubernetes/pki/etcd/healthcheck-client.crt");
    let report = Report::of(machine, "1500ms");
    report.is_open("etcd health", "(CertificateExpired)", renew);
    machine.shell("cat /run/valid >/etc/kubernetes/pki/etcd/healthcheck-client.crt");
    let report = Report::of(machine, "1500ms");
    // It lets us in, and is no etcd.
    report.is_open("etcd health", "200: ", "");
}
