//! `401-or-403`: who is known and who may, with the real API server. (What each row of its tables says is held against it by
//! `tests/ways_in`.)

use super::control_plane::{kubectl, living};
use crate::page::{Page, Reason};

#[test]
fn who_gets_in() {
    let mut page = Page::open("401-or-403");
    for shown in ["Context x", "answer ", "because "] {
        page.shows(shown);
    }
    for shown in ["kubectl apply", "kubectl create token", "kubectl --server"] {
        page.shows(shown);
    }
    page.skip("crictl ps -a", Reason::ContainerRuntime);
    page.skip("rekindle recover", Reason::TestedBy("full-expiry"));
    let Some(mut story) = living(&mut page, &["etcd", "kube-apiserver"]) else {
        return;
    };
    // 1: which of the three?
    story.put("NODE:6443", "192.0.2.10:6443");
    assert_eq!(story.run("curl -s").trim(), "403");
    // 2: no answer.
    story.run("date -u");
    story.code("rekindle check", 0);
    story.run("rekindle check");
    let (said, code) = story.types("kubectl get nodes");
    assert!(code == 1 && said.contains("localhost:8080"), "{said}");
    story.types("export KUBECONFIG=/etc/kubernetes/admin.conf");
    story.run("kubectl config current-context");
    story.run("kubectl config get-contexts");
    story.put(
        "kubectl config use-context",
        "kubectl config use-context kubernetes-admin@kubernetes",
    );
    story.run("kubectl config use-context");
    // 3: a certificate that this API server does not know.
    story.types(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=jane -days 2 -keyout jane.key -out jane.crt 2>/dev/null
         cp /etc/kubernetes/admin.conf jane.conf
         kubectl --kubeconfig jane.conf config set-credentials kubernetes-admin --client-certificate jane.crt --client-key jane.key --embed-certs
         kubectl --kubeconfig jane.conf get nodes
         mkdir -p /var/log/pods/kube-system_kube-apiserver-cp-1_0/kube-apiserver
         cp /run/pods/kube-apiserver.log /var/log/pods/kube-system_kube-apiserver-cp-1_0/kube-apiserver/0.log",
    );
    story.put("FILE", "jane.conf");
    story.code("rekindle whoami", 1);
    let said = story.run("rekindle whoami FILE");
    assert!(
        said.contains("401 Unauthorized: unknown authority"),
        "{said}"
    );
    let logged = story.run("grep -h 'Unable to authenticate'");
    assert!(logged.contains("unknown authority"), "{logged}");
    story.run("rekindle auth");
    story.put("YOU", "jane");
    story.put("TICKET", "INC-4711");
    story.run("rekindle credential issue --user YOU");
    let said = story.run("kubectl --kubeconfig /root/way-in.conf auth whoami");
    assert!(said.contains("jane"), "{said}");
    // 4: who is known, and may not.
    story.put("NAMESPACE", "default");
    kubectl(
        &story,
        "create clusterrolebinding jane --clusterrole=cluster-admin --group=oidc:developers",
    );
    for command in [
        "kubectl auth whoami   ",
        "kubectl auth whoami",
        "kubectl auth can-i list pods -n NAMESPACE   ",
        "kubectl auth can-i --list",
        "kubectl auth can-i list pods -n NAMESPACE --as",
    ] {
        story.run(command);
    }
    let bound = story.run("kubectl get rolebindings");
    assert!(bound.contains("oidc:developers"), "{bound}");
    kubectl(&story, "delete clusterrolebinding kubeadm:cluster-admins");
    let (said, code) = story.types("sleep 1; kubectl get nodes");
    assert!(code == 1 && said.contains("Forbidden"), "{said}");
    story.run("kubectl --kubeconfig /etc/kubernetes/super-admin.conf create");
    let (said, code) = story.types("sleep 1; kubectl get nodes");
    assert_eq!(code, 0, "{said}");
    drop(story);
    page.end();
}
