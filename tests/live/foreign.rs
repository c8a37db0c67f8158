//! A manifest that names an address of somebody else's: nobody is asked there.

use crate::machine;

const FOREIGN: &str = "203.0.113.7";

#[test]
fn nobody_else_is_asked() {
    let Some(machine) = machine() else {
        return;
    };
    machine.shell("ip route add default dev lo");
    machine
        .node()
        .edit("/etc/kubernetes/manifests/kube-apiserver.yaml", |text| {
            text.replace(
                "--advertise-address=192.0.2.10",
                &format!("--advertise-address={FOREIGN}"),
            )
        });
    machine
        .node()
        .edit("/etc/kubernetes/manifests/etcd.yaml", |text| {
            text.replace(
                "https://127.0.0.1:2379,https://192.0.2.10:2379",
                &format!("https://{FOREIGN}:2379"),
            )
            .replace(
                "listen-peer-urls=https://192.0.2.10",
                &format!("listen-peer-urls=https://{FOREIGN}"),
            )
        });
    let network = ["-e", "trace=%network"];
    let (told, calls) = machine.traced(&network, &["verify", "--timeout", "1s"]);
    let told = told.expect(1);
    let unasked = told
        .stdout
        .matches("is not an address of this machine: it is not asked")
        .count();
    // API server: certificate, two health endpoints, three Leases; etcd: two certificates, health.
    assert_eq!(unasked, 9, "{}", told.stdout);
    assert!(!calls.contains(FOREIGN), "{calls}");
    // The kubelet's port is this machine's.
    assert!(
        calls.contains("connect(") && calls.contains("10250"),
        "{calls}"
    );
    for arguments in [&["plan"][..], &["recover", "--yes", "--restart", "touch"]] {
        let (told, calls) = machine.traced(&network, arguments);
        // The names by which the stranger is asked are none of this node's certificates: they are left, and named.
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(told.stdout.contains("--fix-sans"), "{told:?}");
        assert!(
            !calls.contains("connect(") || !calls.contains(FOREIGN),
            "{arguments:?}: {calls}"
        );
    }
}
