//! A cluster with tokens in it, and how it is asked.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::api_server::{ApiServer, CLIENT, NOBODY, SERVER};
use crate::support::interruption::wait_for;
use crate::support::program::Run;

/// Where snapshots are put.
pub const SNAPSHOT: &str = "/var/lib/snapshot.db";
/// With the credential that kubeadm makes for this.
const ETCD: &str = "cd /etc/kubernetes/pki/etcd && curl --silent --show-error --fail --max-time 60 --cacert ca.crt \
     --cert healthcheck-client.crt --key healthcheck-client.key --data '{}' https://127.0.0.1:2379/v3";
/// What makes the tokens.
const CONTROLLERS: &str = "kube-controller-manager";
/// How much of a token must not be anywhere, in bytes.
const WINDOW: usize = 16;

/// A cluster, and what is secret in it.
pub struct Cluster {
    pub server: ApiServer,
    secret: HashSet<Vec<u8>>,
}

impl Cluster {
    /// A running one, with the controllers that make tokens and accounts; none where there can be none.
    pub fn start() -> Option<Self> {
        let server = ApiServer::prepare_with(&[CONTROLLERS])?;
        server.start(&[NOBODY, CLIENT]);
        let cluster = Self {
            server,
            secret: HashSet::new(),
        };
        cluster.start_controllers();
        Some(cluster)
    }

    fn start_controllers(&self) {
        let program = self.server.programs().join(CONTROLLERS);
        self.server.serve(
            "controllers",
            &format!(
                "'{}' --kubeconfig=/etc/kubernetes/super-admin.conf --master={SERVER} --leader-elect=false \
                 --controllers=serviceaccount-token-controller,serviceaccount-controller --secure-port=0 \
                 --service-account-private-key-file=/etc/kubernetes/pki/sa.key --root-ca-file=/etc/kubernetes/pki/ca.crt",
                program.display()
            ),
        );
    }

    /// Waits until the controller has put a token into a Secret, and keeps it, to look for it later.
    pub fn token(&mut self, namespace: &str, name: &str) -> String {
        let encoded = wait_for(|| {
            let said = self.server.kubectl(&[
                "get",
                "secret",
                name,
                "-n",
                namespace,
                "-o",
                "jsonpath={.data.token}",
            ]);
            (!said.is_empty()).then_some(said)
        });
        let token = String::from_utf8(STANDARD.decode(&encoded).unwrap()).unwrap();
        for text in [&encoded, &token] {
            let windows = text.as_bytes().windows(WINDOW).map(<[u8]>::to_vec);
            self.secret.extend(windows);
        }
        token
    }

    /// `tokens audit -o json ARGUMENTS` on the node itself: what it says.
    pub fn audit(&self, arguments: &[&str], exit: i32) -> Value {
        let all = [&["tokens", "audit", "--output", "json"], arguments].concat();
        let run = self.silent_of_secrets(self.server.machine().rekindle(&all));
        serde_json::from_str(&run.expect(exit).stdout).unwrap()
    }

    /// The same as people read it.
    pub fn table(&self, arguments: &[&str], exit: i32) -> String {
        let all = [&["tokens", "audit"], arguments].concat();
        let run = self.silent_of_secrets(self.server.machine().rekindle(&all));
        run.expect(exit).stdout
    }

    /// No piece of a token is in what it said.
    fn silent_of_secrets(&self, run: Run) -> Run {
        for said in [&run.stdout, &run.stderr] {
            let leaks = said
                .as_bytes()
                .windows(WINDOW)
                .any(|window| self.secret.contains(window));
            assert!(!leaks, "{said}");
        }
        run
    }

    /// Takes a snapshot, as `etcdctl snapshot save` does, and puts it where it is found; its bytes.
    pub fn take_snapshot(&self) -> Vec<u8> {
        let said = self.shell(&format!("{ETCD}/maintenance/snapshot"));
        let mut bytes = Vec::new();
        for piece in serde_json::Deserializer::from_str(&said).into_iter::<Value>() {
            let piece = piece.unwrap();
            let blob = piece["result"]["blob"].as_str().unwrap();
            bytes.extend(STANDARD.decode(blob).unwrap());
        }
        // What is searched for is there to be found.
        let secret = bytes
            .windows(WINDOW)
            .any(|window| self.secret.contains(window));
        assert!(secret || self.secret.is_empty());
        self.server.machine().node().write(SNAPSHOT, &bytes);
        bytes
    }

    pub fn shell(&self, script: &str) -> String {
        self.server.machine().shell(script)
    }
}

/// A Secret of the type that the controller puts a token into.
pub fn secret(namespace: &str, name: &str, account: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata:\n  name: {name}\n  \
         namespace: {namespace}\n  annotations: {{kubernetes.io/service-account.name: {account}}}\n"
    )
}
