//! Copies of the credentials of administrators in home folders: named, refreshed where that is asked for, and never a way to
//! files that are nobody's business.

use std::os::unix::fs::symlink;
use std::{fs, thread};

use crate::support::interruption::{is_possible, kill_by};
use crate::support::leaf::embedded;
use crate::support::node::Node;
use crate::support::program::{Run, command};
use crate::support::tree::Tree;

const NODE: &str = "ecdsa-p256-stacked";
const ROOTS: &str = "/root/.kube/config";
const HERS: &str = "/home/alice/.kube/config";
const REFRESH: [&str; 3] = ["recover", "--yes", "--refresh-kubeconfigs"];

/// Of the admin.conf of the node: another server, another context, other users, and comments.
const PREPARE: &str = "
    printf 'root:x:0:0::/root:/bin/sh\\nalice:x:4321:4322::/home/alice:/bin/sh\\n' >etc/passwd
    mkdir -p root/.kube home/alice/.kube
    chmod 0700 root root/.kube
    sed 's/^    server: .*/    server: https:\\/\\/lb.example.test:443 # by hand/' etc/kubernetes/admin.conf >root/.kube/config
    {
        echo '# of alice'
        cat etc/kubernetes/admin.conf
        printf -- '- name: token\\n  user: {token: abc}\\n'
    } >home/alice/.kube/config
    sed -i 's/^current-context: .*/current-context: elsewhere/' home/alice/.kube/config
    chmod 0600 root/.kube/config
    chmod 0640 home/alice/.kube/config
    chown -R 4321:4322 home/alice
";

/// A node with two copies. `None`, with a line that says so, where this user cannot give files to others.
fn with_copies() -> Option<Node> {
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: only root can give files to others");
        return None;
    }
    let node = Node::materialize(NODE);
    node.shell(PREPARE);
    Some(node)
}

/// Runs it as somebody whom `sudo` says to be alice.
fn by_alice(node: &Node, arguments: &[&str]) -> Run {
    let mut command = command(node.path(), arguments);
    command.env("SUDO_USER", "alice");
    Run::of(command)
}

/// The certificate lines of a kubeconfig, and all the others.
fn split(text: &str) -> (Vec<&str>, Vec<&str>) {
    text.lines()
        .partition(|line| line.contains("client-certificate-data"))
}

#[test]
fn copies_are_named_and_stay_unless_it_is_asked_for() {
    let Some(node) = with_copies() else { return };
    let before = Tree::read(node.path());
    for verb in [&["check"][..], &["plan"]] {
        let run = by_alice(&node, verb);
        for name in ["~root/.kube/config", "~alice/.kube/config"] {
            assert!(run.stdout.contains(name), "{}", run.stdout);
        }
        assert!(
            run.stdout.contains("recover --refresh-kubeconfigs"),
            "{}",
            run.stdout
        );
        // Without the claim, root's alone.
        let run = Run::of(command(node.path(), verb));
        assert!(run.stdout.contains("~root/.kube/config"), "{}", run.stdout);
        assert!(!run.stdout.contains("alice"), "{}", run.stdout);
    }
    assert_eq!(Tree::read(node.path()), before);
    // Nobody need do anything about them: exit 0.
    let run = by_alice(&node, &["recover", "--yes"]).expect(0);
    assert!(
        run.stdout.contains("Copies of the old credential"),
        "{}",
        run.stdout
    );
    let after = Tree::read(node.path());
    for path in [ROOTS, HERS] {
        assert_eq!(before.entry(path), after.entry(path));
    }
    let run = by_alice(&node, &["check", "-o", "json"]).expect(0);
    for said in ["\"kubeconfigCopies\"", "\"expired\"", "\"admin.conf\""] {
        assert!(run.stdout.contains(said), "{}", run.stdout);
    }
}

#[test]
fn a_copy_is_refreshed_and_every_other_byte_stays() {
    for refreshed_at_once in [true, false] {
        let Some(node) = with_copies() else { return };
        let before = Tree::read(node.path());
        if !refreshed_at_once {
            by_alice(&node, &["recover", "--yes"]).expect(0);
        }
        let plan = by_alice(&node, &["plan", "--refresh-kubeconfigs"])
            .expect(0)
            .stdout;
        assert!(plan.contains("refresh ~alice/.kube/config"), "{plan}");
        by_alice(&node, &REFRESH).expect(0);
        let after = Tree::read(node.path());
        let original = after.entry("/etc/kubernetes/admin.conf").text();
        let certificate = embedded(original, "client-certificate-data");
        for path in [ROOTS, HERS] {
            let (old, new) = (before.entry(path), after.entry(path));
            assert_eq!(old.label(), new.label(), "{path}");
            assert_eq!(split(old.text()).1, split(new.text()).1, "{path}");
            assert_eq!(
                embedded(new.text(), "client-certificate-data"),
                certificate,
                "{path}"
            );
        }
        let changed = before.differences(&after.without_state());
        let inside = |path: &String| {
            path.starts_with("/etc/kubernetes") || path.starts_with("/var/lib/kubelet")
        };
        let others: Vec<&String> = changed.iter().filter(|path| !inside(path)).collect();
        assert_eq!(others, [HERS, ROOTS]);
        by_alice(&node, &["journal", "verify"]).expect(0);
        let check = by_alice(&node, &["check"]).expect(0);
        assert!(!check.stdout.contains("Copies"), "{}", check.stdout);
        let again = by_alice(&node, &REFRESH).expect(0);
        assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    }
}

#[test]
fn a_refreshed_copy_is_taken_back_with_the_rest() {
    let Some(node) = with_copies() else { return };
    let before = Tree::read(node.path());
    by_alice(&node, &["recover", "--yes"]).expect(0);
    by_alice(&node, &REFRESH).expect(0);
    let list = by_alice(&node, &["journal", "list"]).expect(0).stdout;
    let mut runs: Vec<&str> = list
        .split_whitespace()
        .filter(|word| word.starts_with("20") && word.contains('T'))
        .collect();
    runs.sort_unstable();
    // By whom it is taken back does not matter: the journal knows whose the folder is.
    Run::of(command(
        node.path(),
        &["rollback", runs.last().unwrap(), "--yes"],
    ))
    .expect(0);
    let after = Tree::read(node.path());
    for path in [ROOTS, HERS] {
        assert_eq!(before.entry(path).bytes(), after.entry(path).bytes());
        assert_eq!(before.entry(path).label(), after.entry(path).label());
    }
}

#[test]
fn an_interrupted_refresh_is_taken_forward_and_back_by_anybody() {
    if !is_possible() {
        return;
    }
    let refresh = [&REFRESH[..], &["--only", "admin.conf"]].concat();
    for verb in ["resume", "rollback"] {
        // While her new file is staged, before the first of the three files, and before each of the others.
        for (call, number) in [
            ("fchown", 2),
            ("renameat", 1),
            ("renameat", 2),
            ("renameat", 3),
        ] {
            let Some(node) = with_copies() else { return };
            let before = Tree::read(node.path());
            kill_by("alice", node.path(), &refresh, call, number);
            // A run that had not committed cannot be resumed, and is cleared away.
            let code = i32::from(verb == "resume" && call == "fchown");
            Run::of(command(node.path(), &[verb, "--yes"])).expect(code);
            let after = Tree::read(node.path());
            let (old, new) = (before.entry(HERS), after.entry(HERS));
            assert_eq!(old.label(), new.label());
            let is_new = verb == "resume" && call == "renameat";
            assert_eq!(
                old.bytes() != new.bytes(),
                is_new,
                "{verb}: {call} {number}"
            );
            let staged = after.paths().filter(|path| path.contains("/.rekindle-"));
            assert_eq!(staged.count(), 0, "{verb}: {call} {number}");
        }
    }
}

/// She may change her file at any moment. That keeps nothing else from its end, and nobody is told to write there as root.
#[test]
fn a_copy_that_its_user_changed_meanwhile_is_skipped_alone() {
    if !is_possible() {
        return;
    }
    let Some(node) = with_copies() else { return };
    let refresh = [&REFRESH[..], &["--only", "admin.conf"]].concat();
    kill_by("alice", node.path(), &refresh, "renameat", 1);
    node.shell("echo '# changed' >>home/alice/.kube/config");
    let before = Tree::read(node.path());
    let run = Run::of(command(node.path(), &["resume", "--yes"])).expect(3);
    assert!(run.stderr.contains("~alice/.kube/config"), "{}", run.stderr);
    assert!(!run.stderr.contains("cp -a"), "{}", run.stderr);
    Run::of(command(node.path(), &["resume", "--yes", "--skip-foreign"])).expect(1);
    let after = Tree::read(node.path());
    assert_eq!(before.entry(HERS), after.entry(HERS));
    for path in ["/etc/kubernetes/admin.conf", ROOTS] {
        assert_ne!(
            before.entry(path).bytes(),
            after.entry(path).bytes(),
            "{path}"
        );
    }
}

/// What stands in for her file, and what is said of it.
const TRAPS: [(&str, &str); 8] = [
    ("ln -sf /etc/kubernetes/admin.conf config", "symbolic link"),
    ("mv config other; ln -s other config", "symbolic link"),
    ("cd ..; mv .kube dot; ln -s dot .kube", "symbolic link"),
    (
        "cd ..; mv .kube ../../outside; ln -s ../../outside .kube",
        "symbolic link",
    ),
    ("chown 4444 config", "belongs to uid 4444"),
    ("ln config ../second", "hard links"),
    ("rm config; mkfifo config", "FIFO"),
    ("chmod 0777 .", "others may replace"),
];

#[test]
fn nothing_leads_out_of_a_home_folder() {
    for (trap, said) in TRAPS {
        let Some(node) = with_copies() else { return };
        node.shell(&format!("cd home/alice/.kube; {trap}"));
        let before = Tree::read(node.path());
        let run = by_alice(&node, &["check"]).expect(1);
        assert!(run.stdout.contains(said), "{trap}: {}", run.stdout);
        // It was asked for, and could not be done: the rest is.
        let run = by_alice(&node, &REFRESH).expect(1);
        assert!(run.stdout.contains("Left to you"), "{trap}: {}", run.stdout);
        let after = Tree::read(node.path()).without_state();
        let changed = before.differences(&after);
        let hers = changed
            .iter()
            .any(|path| path.starts_with("/home") || path.starts_with("/outside"));
        assert!(!hers, "{trap}: {changed:?}");
        assert!(
            changed.iter().any(|path| path == ROOTS),
            "{trap}: {changed:?}"
        );
    }
}

#[test]
fn a_claim_leads_to_nobody_elses_files() {
    let claims = [
        // Her home is another's, or one of the node's own folders, or the claim is no name at all.
        ("alice", "chown 4444 home/alice"),
        (
            "mallory",
            "echo mallory:x:4444:4444::/home/alice: >>etc/passwd",
        ),
        (
            "mallory",
            "echo mallory:x:4321:4444::/etc/kubernetes: >>etc/passwd; cp -a home/alice/.kube etc/kubernetes/",
        ),
        (
            "mallory",
            "echo mallory:x:4321:4444::/: >>etc/passwd; cp -a home/alice/.kube .",
        ),
        ("../alice", "true"),
        ("alice:x:0", "true"),
        ("", "true"),
    ];
    for (claim, script) in claims {
        let Some(node) = with_copies() else { return };
        node.shell(script);
        let before = Tree::read(node.path());
        let mut refresh = command(node.path(), &REFRESH);
        refresh.env("SUDO_USER", claim);
        let run = Run::of(refresh);
        assert!(matches!(run.code, Some(0 | 1)), "{run:?}");
        let changed = before.differences(&Tree::read(node.path()).without_state());
        let hers = changed
            .iter()
            .find(|path| path.contains(".kube/") && *path != ROOTS);
        assert_eq!(hers, None, "{claim}: {script}");
    }
}

#[test]
fn what_is_no_copy_is_nobodys_concern() {
    let scripts = [
        "rm root/.kube/config home/alice/.kube/config",
        "ln -sf ../../etc/kubernetes/admin.conf root/.kube/config; rm -r home/alice/.kube",
        "echo 'kind: Config' | tee root/.kube/config >home/alice/.kube/config",
        "cp etc/kubernetes/scheduler.conf root/.kube/config; rm home/alice/.kube/config",
    ];
    for script in scripts {
        let Some(node) = with_copies() else { return };
        node.shell(script);
        let run = by_alice(&node, &["check"]).expect(1);
        assert!(
            !run.stdout.contains(".kube/config"),
            "{script}: {}",
            run.stdout
        );
        by_alice(&node, &REFRESH).expect(0);
    }
}

#[test]
fn both_administrators_in_one_file_are_refreshed() {
    let Some(node) = with_copies() else { return };
    node.shell(
        "grep -A4 '^users:' etc/kubernetes/super-admin.conf | tail -n +2 >>home/alice/.kube/config",
    );
    by_alice(&node, &REFRESH).expect(0);
    let after = Tree::read(node.path());
    let text = after.entry(HERS).text();
    for original in ["admin.conf", "super-admin.conf"] {
        let original = format!("/etc/kubernetes/{original}");
        let line = split(after.entry(&original).text()).0[0];
        assert!(text.contains(line.trim()), "{original}");
    }
}

/// A file as large as is read, with as many copies as it can hold: neither time nor memory for each of them.
#[test]
fn a_file_full_of_copies_is_left_alone() {
    let Some(node) = with_copies() else { return };
    node.shell(
        "sed -n '/^- name: kubernetes-admin$/,$p' etc/kubernetes/admin.conf >user
         test -s user
         for number in $(seq 300); do sed \"s/kubernetes-admin/admin-$number/\" user; done >>home/alice/.kube/config
         test $(wc -c <home/alice/.kube/config) -lt 1048576",
    );
    let before = Tree::read(node.path());
    let run = by_alice(&node, &REFRESH).expect(1);
    assert!(run.stdout.contains("it has 301 copies"), "{}", run.stdout);
    let after = Tree::read(node.path());
    assert_eq!(before.entry(HERS), after.entry(HERS));
}

#[test]
fn a_plan_for_a_file_that_was_changed_since_is_refused() {
    let Some(node) = with_copies() else { return };
    let digest = |arguments: &[&str]| {
        let shown = by_alice(&node, arguments).expect(0).stdout;
        let line = shown
            .lines()
            .find_map(|line| line.strip_prefix("Inventory "))
            .unwrap();
        line.trim().to_owned()
    };
    let (plain, refreshing) = (
        digest(&["plan"]),
        digest(&["plan", "--refresh-kubeconfigs"]),
    );
    assert_ne!(plain, refreshing);
    node.shell("echo '# changed' >>home/alice/.kube/config");
    assert_eq!(digest(&["plan"]), plain);
    let asked = [&REFRESH[..], &["--inventory", &refreshing]].concat();
    let run = by_alice(&node, &asked).expect(3);
    assert!(run.stderr.contains("inventory-changed"), "{}", run.stderr);
}

/// She exchanges her folder and her file for links to root's as fast as she can: whoever wins, nothing of root's is written, and
/// nothing of root's becomes hers.
#[test]
fn a_race_leads_nowhere() {
    let Some(node) = with_copies() else { return };
    node.shell("mkdir target; echo precious >target/config; chmod 0600 target/config");
    let kube = node.file("/home/alice/.kube");
    let target = node.file("/target");
    let done = node.file("/done");
    let racer = {
        let (kube, target, done) = (kube.clone(), target.clone(), done.clone());
        thread::spawn(move || {
            let aside = kube.with_file_name("aside");
            let link = kube.with_file_name("link");
            symlink(&target, &link).unwrap();
            let mut rounds = 0;
            while !done.exists() {
                let _ = fs::rename(&kube, &aside);
                let _ = fs::rename(&link, &kube);
                let _ = fs::rename(&kube, &link);
                let _ = fs::rename(&aside, &kube);
                rounds += 1;
            }
            rounds
        })
    };
    let before = Tree::read(&target);
    for _ in 0..20 {
        let again = [
            &REFRESH[..],
            &["--force", "--only", "admin.conf", "--validity", "9000h"],
        ]
        .concat();
        let run = by_alice(&node, &again);
        println!("the race ended with {:?}", run.code);
        assert!(matches!(run.code, Some(0 | 1 | 3 | 4)), "{run:?}");
        node.shell("rm -rf var/lib/rekindle/journal var/lib/rekindle/backups");
        assert_eq!(Tree::read(&target), before);
    }
    fs::write(&done, "").unwrap();
    assert!(racer.join().unwrap() > 0);
}
