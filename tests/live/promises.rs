//! What holds for a recovery of files alone holds for one that restarts: no secret leaves its file, and the thread that
//! writes starts no program and opens no connection.

use std::path::Path;

use crate::support::interruption;
use crate::support::program::binary;
use crate::support::secrets::Secrets;
use crate::support::tree::{Content, Tree};
use crate::{SLEEPERS, machine, with_commands};

const TRACE: &str = "trace=landlock_restrict_self,execve,execveat,fork,vfork,clone,clone3,kill,pidfd_send_signal,%network";

#[test]
fn secrets_stay_where_they_are_and_the_thread_that_writes_is_confined() {
    if !interruption::is_possible() {
        return;
    }
    let Some(machine) = machine() else {
        return;
    };
    machine.start_kubelet(&SLEEPERS);
    let node = machine.node().path().to_owned();
    let secrets = Secrets::of(&Tree::read(&node));
    let folder = node.parent().unwrap();
    // What it starts in the background is traced as well, and outlives it: strace steps aside.
    let script =
        "cd \"$0\"; exec strace -D -f -s 100000 -v -o calls -e \"$1\" \"${@:2}\" >out 2>err";
    let mut all = vec![
        "-c".to_owned(),
        script.to_owned(),
        folder.to_str().unwrap().to_owned(),
        TRACE.to_owned(),
    ];
    all.push(binary().to_str().unwrap().to_owned());
    all.extend(with_commands(&["recover", "--yes", "--timeout", "2s"]));
    let status = machine.command(Path::new("bash"), &all).status().unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (calls, out, err) = (read("calls"), read("out"), read("err"));
    assert_eq!(status.code(), Some(7), "{out}{err}");

    for (name, text) in [
        ("calls", &calls),
        ("standard output", &out),
        ("standard error", &err),
    ] {
        assert!(!secrets.are_in(text.as_bytes()), "{name}");
    }
    assert!(
        calls.contains("kubelet-stop") && out.contains("OPEN"),
        "{calls}{out}"
    );
    let tree = Tree::read(&node);
    let kept = tree
        .paths()
        .filter(|path| path.starts_with("/var/lib/rekindle/journal/"));
    let mut journals = 0;
    for path in kept {
        if let Content::File(bytes) = &tree.entry(path).content {
            journals += 1;
            assert!(!secrets.are_in(bytes), "{path}");
            for event in crate::journal::events(&machine) {
                assert!(!secrets.are_in(event.to_string().as_bytes()), "{path}");
            }
        }
    }
    assert_eq!(journals, 2);
    is_confined(&calls);
}

fn is_confined(calls: &str) {
    let mut lines = calls
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(thread, call)| (thread, call.trim_start()));
    let (main, _) = lines.clone().next().unwrap();
    let restricted = lines.find(|(_, call)| call.starts_with("landlock_restrict_self("));
    let Some((thread, call)) = restricted.filter(|(_, call)| call.ends_with("= 0")) else {
        println!("skipped: this kernel has no Landlock");
        return;
    };
    assert_eq!(thread, main, "{call}");
    let (own, others): (Vec<_>, Vec<_>) = lines.partition(|(thread, _)| *thread == main);
    // The thread that tells of the progress is as confined as its parent.
    let begins_a_thread = |call: &str| call.starts_with("clone") && call.contains("CLONE_THREAD");
    let own: Vec<_> = own
        .iter()
        .filter(|(_, call)| call.contains('(') && !begins_a_thread(call))
        .collect();
    assert!(own.is_empty(), "{own:#?}");
    for name in ["execve(\"/bin/sh\"", "connect(", "pidfd_send_signal("] {
        assert!(
            others.iter().any(|(_, call)| call.starts_with(name)),
            "{name}"
        );
    }
}
