//! `renewal-ahead`: a turn is taken, and is stuck, for no real kubelet is there to be proven (scripts/rehearse has one: situations
//! `renewed-ahead` and `renewed-in-turn`).

use super::control_plane::{CONTROL_PLANE, living};
use crate::page::{Page, Reason};
use crate::support::node::project;

#[test]
fn renewal_ahead() {
    let mut page = Page::open("renewal-ahead");
    for command in [
        "systemctl daemon-reload",
        "systemctl enable",
        "systemctl start",
        "systemctl edit",
    ] {
        page.skip(command, Reason::Systemd);
    }
    let Some(mut story) = living(&mut page, &CONTROL_PLANE) else {
        return;
    };
    let verify = "rekindle verify --timeout 1s";
    let settled = |said: &str| {
        said.split("kubelet\n")
            .next()
            .unwrap()
            .matches("OPEN")
            .count()
            == 0
    };
    for _ in 0..30 {
        if settled(&story.types(verify).0) {
            break;
        }
    }
    story.put(
        "--within 30d",
        "--within 9000h --validity 9500h --timeout 2s",
    );
    story.code("rekindle recover --yes --in-turn", 7);
    story.run("rekindle recover --yes --in-turn");
    story.machine().shell("mkdir -p /etc/systemd/system");
    story.put(
        "scripts/deploy",
        &format!("{}/scripts/deploy", project().display()),
    );
    story.run("install -m 0644 scripts/deploy");
    story.run("export KUBECONFIG");
    let lease = story.run("kubectl -n kube-system get lease rekindle");
    assert!(
        lease.contains("rekindle.dev/stuck") && lease.contains("holderIdentity: cp-1"),
        "{lease}"
    );
    story.run("rekindle journal list");
    story.put("rekindle verify", verify);
    story.code("rekindle verify", 1);
    story.run("rekindle verify");
    story.run("kubectl -n kube-system delete lease");
    story.put("rekindle recover", "rekindle recover --timeout 1s");
    story.code("rekindle recover", 0);
    story.run("rekindle recover");
    drop(story);
    page.end();
}
