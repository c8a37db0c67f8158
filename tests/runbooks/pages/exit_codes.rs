//! `exit-codes`: each code is brought about, and what the page has for it leads out.

use super::control_plane::NODE;
use super::latest_run;
use crate::page::{Page, Reason};
use crate::support::interruption::{is_possible, kill, signal};
use crate::support::node::Node;
use crate::support::program::rekindle;

#[test]
fn exit_codes() {
    if !is_possible() {
        return;
    }
    let mut page = Page::open("exit-codes");
    let Some(()) = by_recover(&mut page) else {
        return;
    };
    half_way(&mut page);
    not_verified(&mut page);
    page.shows("rekindle VERB --help");
    page.end();
}

/// The first lines of the table, with `rekindle recover; echo $?` and `rekindle plan`.
fn by_recover(page: &mut Page) -> Option<()> {
    let broken = |script: &str| {
        let node = Node::materialize(NODE);
        node.shell(script);
        node
    };
    // Nothing runs there that could be restarted, the first time; and then nothing that does.
    let nodes = [
        (Node::materialize(NODE), "7", 0),
        (broken("rm etc/kubernetes/pki/ca.key"), "3", 3),
        (
            broken("sed -i s/api.example.test/nowhere.test/ etc/kubernetes/admin.conf"),
            "1",
            1,
        ),
    ];
    for (node, code, plan) in nodes {
        let mut story = page.begin(node)?;
        story.code("rekindle plan", plan);
        story.run("rekindle plan");
        let said = story.run("rekindle recover; echo $?");
        assert_eq!(said.trim_end().lines().last(), Some(code), "{said}");
        story.code("rekindle check", i32::from(code != "7"));
        story.run("rekindle check");
        // Exit 2, and nothing was changed.
        let (said, two) = story.types("rekindle recover --only nothing");
        assert_eq!(two, 2, "{said}");
    }
    let node = Node::materialize(NODE);
    let run = signal(node.path(), &["recover", "--yes"], "SIGINT", "symlinkat", 1);
    assert_eq!(run.code, Some(4), "{run:?}");
    let mut story = page.begin(node)?;
    let iostat = story.types("command -v iostat").1 == 0;
    if iostat {
        story.run("iostat -x");
    } else {
        story.skip("iostat -x", Reason::Distribution);
    }
    if story.types("command -v quota").1 == 0 {
        story.run("quota -u");
    } else {
        story.skip("quota -u", Reason::Distribution);
    }
    story.run("df -h");
    story.run("dmesg | tail");
    story.run("ulimit -f");
    story.code("rekindle recover", 7);
    story.run("rekindle recover");
    // With no process to be proven: each is open, and named.
    story.put(" --timeout 3m", "");
    story.put("rekindle verify", "rekindle verify --timeout 1s");
    story.code("rekindle verify", 1);
    story.run("rekindle verify --timeout 3m");
    story.run("rekindle verify");
    story.run("rekindle journal list");
    Some(())
}

fn half_way(page: &mut Page) {
    for way in ["rekindle resume  ", "rekindle rollback  "] {
        let node = Node::materialize(NODE);
        kill(node.path(), &["recover", "--yes"], "renameat", 6);
        let Some(mut story) = page.begin(node) else {
            return;
        };
        story.code("rekindle journal verify", 5);
        let said = story.run("rekindle journal verify");
        assert!(said.starts_with("INCOMPLETE"), "{said}");
        story.code(way, 7);
        story.run(way);
        // The same between backticks.
        story.code(way.trim_end(), 0);
        story.run(way.trim_end());
    }
}

/// Another authority than the journal's, a line that is gone, and the ticket.
fn not_verified(page: &mut Page) {
    let node = Node::materialize(NODE);
    let recovered = rekindle(node.path(), &["recover", "--yes"])
        .expect(0)
        .stdout;
    let run = latest_run(&node);
    let (_, ticket) = recovered.split_once("For the ticket").unwrap();
    let (_, key) = recovered.split_once("Signed by sha256:").unwrap();
    node.shell(
        "cp etc/kubernetes/pki/ca.crt etc/then.crt
         openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=kubernetes -days 3 \
             -keyout /dev/null -out etc/kubernetes/pki/ca.crt 2>/dev/null",
    );
    let Some(mut story) = page.begin(node) else {
        return;
    };
    story.code("rekindle journal verify", 6);
    let said = story.run("rekindle journal verify");
    assert!(said.starts_with("NOT ANCHORED"), "{said}");
    story.run("install -d -m 0700 /root/aside; cp -a");
    story.put(
        "FILE --ca FILE",
        &format!("/root/aside/journal/{run}.jsonl --ca /etc/then.crt"),
    );
    story.put(
        "FILE --key SHA256",
        &format!(
            "/root/aside/journal/{run}.jsonl --key {}",
            key.lines().next().unwrap()
        ),
    );
    story.put("RUN", &run);
    story.code("rekindle journal verify FILE", 0);
    story.run("rekindle journal verify FILE --ca");
    story.run("rekindle journal verify FILE --key");
    story.types(&format!("cat >ticket.txt <<'END'\n{ticket}\nEND"));
    story.types("cp /etc/then.crt /etc/kubernetes/pki/ca.crt");
    story.code("rekindle journal verify RUN", 0);
    story.run("rekindle journal verify RUN --expect ticket.txt");
    story.put("--expect -", "--expect - <ticket.txt");
    story.run("rekindle journal verify RUN --expect -");
    story.run("rekindle journal export RUN --out /root/aside");
    // Somebody took the last line away.
    story.types(&format!(
        "sed -i '$d' /var/lib/rekindle/journal/{run}.jsonl"
    ));
    story.code("rekindle journal verify RUN", 6);
    let said = story.run("rekindle journal verify RUN --expect ticket.txt");
    assert!(
        said.contains("NOT ANCHORED") || said.contains("TAMPERED"),
        "{said}"
    );
}
