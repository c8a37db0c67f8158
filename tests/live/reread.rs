//! What is read at the start alone, and what again whenever it changes.

use std::time::Duration;

use crate::small;
use crate::stale::{KUBECONFIG, is_well, verify_process};
use crate::support::interruption::wait_for;
use crate::support::machine::Machine;
use crate::support::node::Node;
use crate::support::program::rekindle;

/// client-go reads again what a kubeconfig only names, and a kubelet its certificate.
#[test]
fn what_is_read_again_makes_nobody_stale() {
    let Some(machine) = small::machine() else {
        return;
    };
    machine.start_kubelet(&["kube-scheduler"]);
    std::thread::sleep(Duration::from_millis(50));
    machine.node().shell(
        "cd etc/kubernetes\n\
         for name in certificate key; do sed -n \"s/^ *client-$name-data: //p\" scheduler.conf | base64 -d >$name.pem; done\n\
         chmod 0600 key.pem\n\
         sed -i -e 's|client-certificate-data: .*|client-certificate: certificate.pem|' \\\n\
         -e 's|client-key-data: .*|client-key: key.pem|' scheduler.conf\n\
         touch ../../var/lib/kubelet/pki/kubelet-client-2*.pem kubelet.conf",
    );
    let kubeconfig = machine.node().read(KUBECONFIG);
    assert!(kubeconfig.windows(9).any(|found| found == b" key.pem\n"));
    is_well(&machine);
    let said = verify_process(&machine, "kubelet");
    assert!(said.is_proven, "{}", said.evidence);
}

#[test]
fn a_kubelet_with_an_embedded_credential_can_be_stale() {
    let node = Node::materialize("embedded-kubelet");
    rekindle(node.path(), &["recover", "--yes"]).expect(0);
    node.shell("rm -r var/lib/rekindle");
    let Some(machine) = Machine::boot(node) else {
        return;
    };
    machine.start_kubelet(&[]);
    let kubelet = wait_for(|| machine.pid_of("kubelet"));
    let said = verify_process(&machine, "kubelet");
    assert!(said.is_proven, "{}", said.evidence);
    std::thread::sleep(Duration::from_millis(50));
    machine
        .node()
        .edit("/etc/kubernetes/kubelet.conf", |text| text + "# renewed\n");
    let said = verify_process(&machine, "kubelet");
    let named = format!("process {kubelet} was started at ");
    assert!(
        !said.is_proven && said.evidence.starts_with(&named),
        "{}",
        said.evidence
    );
}
