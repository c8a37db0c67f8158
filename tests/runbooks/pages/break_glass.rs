//! `break-glass`: a way in, for the vault too, and giving it back.

use super::control_plane::{kubectl, living};
use super::latest_run;
use crate::page::{Page, Reason};
use crate::story::Story;
use crate::support::interruption::wait_for;

#[test]
fn break_glass() {
    let mut page = Page::open("break-glass");
    page.shows("\"user\"");
    for verb in [
        "rekindle verify",
        "rekindle recover",
        "rekindle resume",
        "rekindle rollback",
    ] {
        page.skip(verb, Reason::TestedBy("the story of full-expiry, half-way"));
    }
    let Some(mut story) = living(&mut page, &["etcd", "kube-apiserver"]) else {
        return;
    };
    story.types("touch /var/log/audit.log");
    a_way_in(&mut story);
    for_the_vault(&mut story);
    on_the_record(&mut story);
    giving_it_back(&mut story);
    drop(story);
    page.end();
}

fn a_way_in(story: &mut Story<'_>) {
    story.run("rekindle credential issue --user alice@example.com");
    let who = story.run("kubectl --kubeconfig /root/alice.conf auth whoami");
    assert!(
        who.contains("alice@example.com") && who.contains("kubeadm:cluster-admins"),
        "{who}"
    );
    story.run("export KUBECONFIG");
    story.run("kubectl create clusterrolebinding oncall");
    story.types("echo '{\"user\": {\"username\": \"\\u0430lice\"}}' >audit.json");
    story.put("jq -a .user.username", "jq -a .user.username audit.json");
    assert!(story.run("jq -a").contains("\\u0430lice"));
}

fn for_the_vault(story: &mut Story<'_>) {
    if story.types("command -v age").1 != 0 {
        story.put(
            "age1… --recipient age1…",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        );
        story.run("rekindle credential issue --user oncall-vault");
        story.skip("(umask 077; age", Reason::Distribution);
        story.skip("age-keygen", Reason::Distribution);
        return;
    }
    story.types("umask 077; mkdir vault; age-keygen -o vault/one 2>/dev/null; age-keygen -o vault/two 2>/dev/null");
    let mut recipients = Vec::new();
    for name in ["one", "two"] {
        story.put("IDENTITY-FILE", &format!("vault/{name}"));
        recipients.push(story.run("age-keygen -y").trim().to_owned());
    }
    story.put("age1… --recipient age1…", &recipients.join(" --recipient "));
    story.run("rekindle credential issue --user oncall-vault");
    story.put("--identity KEY", "--identity vault/two");
    story.run("(umask 077; age");
    let (who, _) = story.types("kubectl --kubeconfig /dev/shm/oncall.conf auth whoami");
    assert!(who.contains("oncall-vault"), "{who}");
}

fn on_the_record(story: &mut Story<'_>) {
    let run = latest_run(story.machine().node());
    story.put("RUN", &run);
    for command in [
        "rekindle credential list            #",
        "rekindle credential list --all",
        "rekindle credential list -o json",
    ] {
        let said = story.run(command);
        assert!(
            said.contains("oncall-vault") && said.contains("alice"),
            "{said}"
        );
    }
    story.run("rekindle journal show RUN");
    story.run("rekindle journal export RUN");
}

/// What was bound for it alone is removed: it may nothing, though it is alive.
fn giving_it_back(story: &mut Story<'_>) {
    kubectl(
        story,
        "create clusterrolebinding alice --clusterrole=cluster-admin --user=alice@example.com",
    );
    story.types("cp alice.conf copy.conf");
    let bound = story.run("kubectl get clusterrolebindings,rolebindings");
    assert!(
        bound.contains("clusterrolebinding.rbac.authorization.k8s.io/alice"),
        "{bound}"
    );
    story.put("clusterrolebinding NAME", "clusterrolebinding alice");
    story.run("kubectl delete clusterrolebinding NAME");
    kubectl(story, "delete clusterrolebinding kubeadm:cluster-admins");
    wait_for(|| {
        let (said, _) = story.types("kubectl --kubeconfig copy.conf get nodes");
        said.contains("Forbidden").then_some(())
    });
    story.run("rm /root/alice.conf");
    story.put("rm /root/oncall.age", "rm -f /root/oncall.age");
    story.run("rm /root/oncall.age");
    assert!(story.run("rekindle credential list").contains("alice"));
}
