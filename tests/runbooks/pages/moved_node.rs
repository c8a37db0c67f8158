//! `moved-node`: the cluster has another name.

use super::control_plane::{CONTROL_PLANE, kubectl, living};
use crate::page::{Page, Reason};

#[test]
fn moved_node() {
    let mut page = Page::open("moved-node");
    let Some(mut story) = living(&mut page, &CONTROL_PLANE) else {
        return;
    };
    for (name, namespace) in [
        ("cluster-info", "kube-public"),
        ("kube-proxy", "kube-system"),
    ] {
        kubectl(
            &story,
            &format!(
                "create configmap {name} -n {namespace} --from-file=kubeconfig=/etc/kubernetes/admin.conf"
            ),
        );
    }
    story.put("OLD", "api.example.test");
    let files = story.run("grep -rl OLD");
    assert!(files.contains("/etc/kubernetes/admin.conf"), "{files}");
    story.types("sed -i s/api.example.test/new.example.test/ /etc/kubernetes/*.conf; sed -i s/api.example.test/new.example.test/ /etc/hosts");
    story.code("rekindle check", 1);
    let lacks = story.run("rekindle check");
    assert!(lacks.contains("new.example.test"), "{lacks}");
    story.run("rekindle plan --fix-sans");
    story.put(
        "rekindle recover --fix-sans",
        "rekindle recover --fix-sans --timeout 3s",
    );
    story.code("rekindle recover --fix-sans", 7);
    story.run("rekindle recover --fix-sans");
    if story.types("command -v etcdctl").1 == 0 {
        story.run("E=");
        let (member, _) = story.types("$E member list | cut -d, -f1");
        story.put("update ID", &format!("update {}", member.trim()));
        story.put("NEW", "192.0.2.10");
        story.run("$E member list");
    } else {
        story.skip("E=", Reason::Distribution);
        story.skip("$E member list", Reason::Distribution);
    }
    story.run("export KUBECONFIG");
    story.types("export EDITOR='sed -i s/api.example.test/new.example.test/'");
    story.run("kubectl --namespace kube-public edit");
    story.run("kubectl --namespace kube-system edit");
    let told = kubectl(&story, "get configmap cluster-info -n kube-public -o yaml");
    assert!(told.contains("new.example.test"), "{told}");
    drop(story);
    page.end();
}
