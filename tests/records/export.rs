//! `journal export`: an archive that somebody elsewhere can judge.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::namespace;
use crate::support::node::{Node, project};
use crate::support::program::{Run, binary};
use crate::{
    NODE, RECOVER, cut, elsewhere, interrupted, journal, recovered, renew, run, runs, tamper,
    ticket,
};

/// Exports to a new file in that folder.
fn export(node: &Node, name: &str, folder: &Path, code: i32) -> Run {
    let file = folder.join("export.tar");
    let file = file.to_str().unwrap();
    run(node, &["journal", "export", name, "--out", file], code)
}

/// The files of the archive, unpacked by tar into that folder.
fn unpack(name: &str, folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut tar = Command::new("tar");
    tar.arg("-xf")
        .arg(folder.join("export.tar"))
        .arg("-C")
        .arg(folder);
    Run::of(tar).expect(0);
    let files = fs::read_dir(folder.join(name)).unwrap();
    files
        .map(|file| {
            let path = file.unwrap().path();
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect()
}

/// Runs the commands that VERIFY.txt names, word for word, where the archive was unpacked, with that CA certificate; how each
/// ended.
fn follow(name: &str, folder: &Path, authority: Option<&Path>) -> Vec<(String, Run)> {
    let programs = folder.join("programs");
    let _ = fs::remove_dir_all(&programs);
    fs::create_dir(&programs).unwrap();
    symlink(binary(), programs.join("rekindle")).unwrap();
    symlink(
        project().join("scripts/verify-journal"),
        programs.join("verify-journal"),
    )
    .unwrap();
    let text = fs::read_to_string(folder.join(name).join("VERIFY.txt")).unwrap();
    let commands = text.lines().filter_map(|line| line.strip_prefix("    "));
    commands
        .map(|line| {
            let mut shell = Command::new("sh");
            shell
                .env_clear()
                .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
                .envs(authority.map(|path| ("CA", path)))
                .current_dir(folder.join(name))
                .args(["-c", line]);
            (line.to_owned(), Run::of(shell))
        })
        .collect()
}

/// Whoever follows the instructions comes to that verdict three times: by this program, by its words, and by others.
#[track_caller]
fn judged_elsewhere(node: &Node, name: &str, folder: &Path, verdict: &str) {
    let authority = node.file("/etc/kubernetes/pki/ca.crt");
    let runs = follow(name, folder, Some(&authority));
    let [(_, verified), (_, shown), (_, script)] = runs.as_slice() else {
        panic!("{runs:?}");
    };
    assert!(
        verified.stdout.starts_with(&format!("{verdict}\n")),
        "{runs:?}"
    );
    assert_eq!(shown.code, Some(0), "{runs:?}");
    let ending = match verdict {
        "COMPLETE" => "OK ",
        _ => "incomplete: ",
    };
    assert!(script.stdout.starts_with(ending), "{runs:?}");
    assert_eq!(script.code == Some(0), verdict == "COMPLETE", "{runs:?}");
}

#[test]
fn the_archive_has_all_that_it_takes_to_judge_the_journal() {
    let node = recovered();
    let name = runs(&node).pop().unwrap();
    let (_folder, folder) = elsewhere();
    let exported = export(&node, &name, &folder, 0);
    assert!(
        exported
            .stdout
            .starts_with(&format!("Exported the run {name} to ")),
        "{exported:?}"
    );
    let mode = fs::metadata(folder.join("export.tar"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let files = unpack(&name, &folder);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let (jsonl, checkpoint) = (format!("{name}.jsonl"), format!("{name}.checkpoint"));
    assert_eq!(names, [&checkpoint, &jsonl, "VERIFY.txt", "ca.crt"]);
    assert_eq!(files[&jsonl], node.read(&journal(&name)));
    assert_eq!(files[&checkpoint], ticket(&node, &name).into_bytes());
    let authority = String::from_utf8(node.read("/etc/kubernetes/pki/ca.crt")).unwrap();
    let exported = String::from_utf8(files["ca.crt"].clone()).unwrap();
    let one_line = |pem: &str| pem.split_whitespace().collect::<String>();
    assert_eq!(one_line(&exported), one_line(&authority));
    judged_elsewhere(&node, &name, &folder, "COMPLETE");
}

#[test]
fn an_interrupted_run_and_its_torn_lines_are_exported_before_and_after_it_was_resumed() {
    let Some(node) = interrupted() else {
        return;
    };
    let name = runs(&node).pop().unwrap();
    let (_folder, folder) = elsewhere();
    export(&node, &name, &folder, 0);
    unpack(&name, &folder);
    judged_elsewhere(&node, &name, &folder, "INCOMPLETE");
    // Its last line cut short; then taken to its end without the key of the CA.
    let lines = node
        .read(&journal(&name))
        .split(|byte| *byte == b'\n')
        .count()
        - 1;
    cut(&node, &name, lines - 1, 50);
    node.shell("mv etc/kubernetes/pki/ca.key ..");
    run(&node, &["resume", "--yes"], 0);
    let (_folder, folder) = elsewhere();
    export(&node, &name, &folder, 0);
    let files = unpack(&name, &folder);
    let torn: Vec<&String> = files
        .keys()
        .filter(|name| name.contains(".torn-"))
        .collect();
    assert_eq!(torn.len(), 1, "{:?}", files.keys());
    assert_eq!(files[torn[0]].len(), 50);
    let text = String::from_utf8(files["VERIFY.txt"].clone()).unwrap();
    assert!(text.contains("from elsewhere}\" --key "), "{text}");
    judged_elsewhere(&node, &name, &folder, "COMPLETE");
}

/// A journal that was made with another CA is whole in itself, and its archive has that CA's certificate.
#[test]
fn a_journal_of_another_cluster_is_not_believed_by_the_instructions_in_its_own_archive() {
    let stranger = Node::materialize("joined-control-plane");
    run(&stranger, &RECOVER, 0);
    let name = runs(&stranger).pop().unwrap();
    let (_folder, folder) = elsewhere();
    export(&stranger, &name, &folder, 0);
    unpack(&name, &folder);
    judged_elsewhere(&stranger, &name, &folder, "COMPLETE");
    let cluster = Node::materialize(NODE);
    let authority = cluster.file("/etc/kubernetes/pki/ca.crt");
    for authority in [Some(authority.as_path()), None] {
        let runs = follow(&name, &folder, authority);
        let [(_, verified), _, (_, script)] = runs.as_slice() else {
            panic!("{runs:?}");
        };
        assert!(!verified.stdout.contains("COMPLETE"), "{runs:?}");
        assert!(!script.stdout.contains("OK "), "{runs:?}");
        for run in [verified, script] {
            assert_ne!(run.code, Some(0), "{runs:?}");
            let asks = run
                .stderr
                .contains("the CA certificate of the cluster, from elsewhere");
            assert_eq!(asks, authority.is_none(), "{runs:?}");
        }
    }
}

#[test]
fn an_archive_without_any_certificate_names_the_keys() {
    let Some(node) = interrupted() else {
        return;
    };
    node.shell("mv etc/kubernetes/pki/ca.key ..");
    let name = runs(&node).pop().unwrap();
    run(&node, &["rollback", "--yes"], 0);
    // A run of its own, for whose only key nobody vouches.
    node.shell("mv ../ca.key etc/kubernetes/pki");
    run(&node, &["recover", "--yes"], 0);
    let last = runs(&node).pop().unwrap();
    assert_ne!(last, name);
    node.shell("mv etc/kubernetes/pki/ca.key ..");
    run(&node, &["rollback", "--yes", &last], 0);
    let last = runs(&node).pop().unwrap();
    let (_folder, folder) = elsewhere();
    export(&node, &last, &folder, 0);
    let files = unpack(&last, &folder);
    assert!(!files.contains_key("ca.crt"), "{:?}", files.keys());
    let text = String::from_utf8(files["VERIFY.txt"].clone()).unwrap();
    assert!(!text.contains("--ca"), "{text}");
    judged_elsewhere(&node, &last, &folder, "COMPLETE");
}

#[test]
fn the_same_journal_gives_the_same_archive_at_any_time() {
    let node = recovered();
    let name = runs(&node).pop().unwrap();
    let archive = || {
        let (_folder, folder) = elsewhere();
        export(&node, &name, &folder, 0);
        fs::read(folder.join("export.tar")).unwrap()
    };
    let first = archive();
    renew(&node, "apiserver");
    node.shell(&format!("touch .{}", journal(&name)));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(first == archive(), "the archives differ");
}

#[test]
fn nothing_is_written_over() {
    let node = recovered();
    let name = runs(&node).pop().unwrap();
    let (_folder, folder) = elsewhere();
    fs::write(folder.join("export.tar"), "evidence of another incident").unwrap();
    let refused = export(&node, &name, &folder, 2);
    assert!(
        refused
            .stderr
            .contains("hint: name a file that does not exist yet\n"),
        "{refused:?}"
    );
    let kept = fs::read_to_string(folder.join("export.tar")).unwrap();
    assert_eq!(kept, "evidence of another incident");
    // Nor through a link that leads nowhere yet.
    fs::remove_file(folder.join("export.tar")).unwrap();
    symlink(folder.join("elsewhere"), folder.join("export.tar")).unwrap();
    export(&node, &name, &folder, 2);
    assert!(!folder.join("elsewhere").exists());
    let refused = export(&node, &name, &folder.join("missing"), 2);
    assert!(
        refused
            .stderr
            .contains("hint: name a file in a folder that is there\n"),
        "{refused:?}"
    );
    export(&node, "20200101T000000.000Z-abcdef", &folder, 2);
}

/// No name would be better there: it is the disk.
#[test]
fn a_disk_that_takes_no_archive_is_no_fault_of_the_command_line() {
    let node = recovered();
    let script = "mount -t tmpfs -o ro tmpfs /mnt; exec env -i \"$0\" --root \"$1\" journal export --out /mnt/a.tar";
    let Some(failed) = namespace::run(script, node.path()) else {
        println!("skipped: a mount namespace is not permitted here");
        return;
    };
    let failed = failed.expect(4);
    assert_eq!(
        failed.stderr,
        "error: create /mnt/a.tar: the file system is read-only\n\
         hint: see how it is mounted: findmnt -T /mnt/a.tar; remount it writable\n"
    );
}

#[test]
fn a_journal_that_was_tampered_with_is_exported_as_it_is() {
    let node = recovered();
    let name = runs(&node).pop().unwrap();
    tamper(&node, &name, 12);
    let (_folder, folder) = elsewhere();
    let exported = export(&node, &name, &folder, 6);
    assert!(
        exported.stdout.starts_with("Exported the run "),
        "{exported:?}"
    );
    let expected = "error: line 12 of the journal is not as it was written\n";
    assert!(exported.stderr.starts_with(expected), "{exported:?}");
    let files = unpack(&name, &folder);
    assert_eq!(files[&format!("{name}.jsonl")], node.read(&journal(&name)));
    let text = String::from_utf8(files["VERIFY.txt"].clone()).unwrap();
    assert!(text.contains("not as it was written"), "{text}");
}
