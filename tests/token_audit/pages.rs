//! More than a page: of Secrets, and of pods that are too large for one.

use std::fmt::Write;

use serde_json::json;

use crate::cluster::{Cluster, SNAPSHOT, secret};
use crate::support::interruption::wait_for;

/// More than are asked for at once.
const SECRETS: usize = 620;
/// With their notes they are more than 1 MiB for each ten.
const PODS: usize = 70;

#[test]
fn every_page_is_read_and_what_is_too_large_is_said() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let kubectl = |arguments: &[&str]| cluster.server.kubectl(arguments);
    kubectl(&["create", "namespace", "many"]);
    kubectl(&["create", "serviceaccount", "robot", "-n", "many"]);
    let account = ["get", "serviceaccount", "default", "-n", "many"];
    let account = [&account[..], &["--ignore-not-found"]].concat();
    wait_for(|| (!kubectl(&account).is_empty()).then_some(()));
    let mut objects = String::new();
    for number in 0..SECRETS {
        objects.push_str(&secret("many", &format!("token-{number:04}"), "robot"));
    }
    for number in 0..PODS {
        let note = "n".repeat(110 << 10);
        pod(&mut objects, &format!("pod-{number:03}"), number, &note);
    }
    create(&cluster, &objects);

    let audit = cluster.audit(&[], 1);
    assert_eq!(audit["complete"], true, "{:#}", audit["unseen"]);
    let tokens = audit["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), SECRETS);
    for (number, token) in tokens.iter().enumerate() {
        assert_eq!(token["secret"], format!("token-{number:04}"));
        let users = if number < PODS {
            json!([format!("pod-{number:03}")])
        } else {
            json!([])
        };
        assert_eq!(token["mountedBy"], users, "{number}");
    }

    // One that is too large for any page, between the others.
    let mut giant = String::new();
    pod(&mut giant, "pod-030-giant", PODS, "");
    let value = "v".repeat(1_100_000);
    giant = giant.replace(
        "{name: a, image: a}",
        &format!("{{name: a, image: a, env: [{{name: A, value: {value}}}]}}"),
    );
    create(&cluster, &giant);
    let audit = cluster.audit(&[], 1);
    assert_eq!(audit["complete"], false);
    assert_eq!(
        audit["unseen"],
        json!(["pods in many: pod-030-giant: it is larger than the 1 MiB that is read at once"])
    );
    let tokens = audit["tokens"].as_array().unwrap();
    assert_eq!(tokens[PODS - 1]["mountedBy"], json!(["pod-069"]));
    // Nobody was seen to use it, and not all were seen.
    assert!(tokens[PODS].get("mountedBy").is_none());

    cluster.take_snapshot();
    let audit = cluster.audit(&["--snapshot", SNAPSHOT], 1);
    assert_eq!(audit["complete"], true);
    let tokens = audit["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), SECRETS);
    assert_eq!(tokens[PODS]["mountedBy"], json!(["pod-030-giant"]));
}

/// A pod that uses the Secret of that number.
fn pod(objects: &mut String, name: &str, number: usize, note: &str) {
    writeln!(
        objects,
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: many, annotations: {{note: \"{note}\"}}}}\n\
         spec:\n  containers: [{{name: a, image: a}}]\n  volumes: [{{name: t, secret: {{secretName: token-{number:04}}}}}]"
    )
    .unwrap();
}

fn create(cluster: &Cluster, objects: &str) {
    cluster.server.write("/var/lib/objects.yaml", objects);
    let file = ["--filename=/var/lib/objects.yaml", "--validate=false"];
    cluster.server.kubectl(&[&["create"], &file[..]].concat());
}
