//! A real kubeadm, killed at each call by which it opens or writes one of its files: its figures beside ours, and what
//! `recover` makes of each wreck. `KUBEADM` names the program; without it the row is left out of the table.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::judge;
use crate::bench::RECOVER;
use crate::pairs::fit;
use crate::process::{Ended, finish};
use crate::strace::is_permitted;
use crate::support::program::rekindle;
use crate::support::tree::{Content, Tree};
use crate::tally::Tally;
use crate::template::{Template, Workplace, copy};

const NODE: &str = "rsa2048-stacked";
/// No file is opened or written more often than that.
const MOST: usize = 4;

#[test]
fn a_killed_kubeadm_loses_files_and_recover_makes_them_anew() {
    let Some(kubeadm) = std::env::var_os("KUBEADM").filter(|_| crate::pool::is_full()) else {
        println!("not compared with kubeadm: KUBEADM names none");
        return;
    };
    if !is_permitted() || !nix::unistd::geteuid().is_root() {
        println!("skipped: kubeadm's own root needs root, and injecting needs strace");
        return;
    }
    let template = Template::new(NODE, NODE, &RECOVER, None);
    let workplace = Workplace::new();
    let mut tally = Tally::default();
    let mut recovered = Tally::default();
    let mut wrecks = 0;
    for file in super::made::files(&template.tree) {
        for call in ["openat", "write"] {
            for number in 1..=MOST {
                template.copy(&workplace.root());
                let ended = killed(kubeadm.as_ref(), &file, call, number, &workplace);
                if !ended.was_killed() {
                    break;
                }
                let case = format!("kubeadm killed at {call} {number} of {file}");
                tally.runs += 1;
                tally.outcome("killed");
                let names = damage(&workplace.root(), &template.tree, &mut tally);
                wrecks += usize::from(!names.is_empty());
                copy(&workplace.root(), &workplace.copy());
                let again = renew(kubeadm.as_ref(), &workplace.root());
                tally.resumed.count(again.code == Some(0));
                recovered.runs += 1;
                if names.is_empty() {
                    let run = rekindle(&workplace.copy(), &["recover", "--yes"]);
                    recovered.outcome(&format!("nothing lost: exit {}", run.code.unwrap_or(-1)));
                } else {
                    judge(&case, &workplace.copy(), &names, &mut recovered);
                }
            }
        }
    }
    tally
        .outcomes
        .insert("with a file or pair lost".to_owned(), wrecks);
    tally.close("kubeadm certs renew all, killed at each call on its files");
    recovered.close("recover, on what that kubeadm left");
}

/// What a kubeadm destroyed: the files of no length, and of each pair that does not fit both.
fn damage(root: &Path, before: &Tree, tally: &mut Tally) -> Vec<String> {
    let now = Tree::read(root);
    let mut names = Vec::new();
    let mut mixed = Vec::new();
    for path in before.paths() {
        let Some(Content::File(bytes)) = now.get(path).map(|entry| &entry.content) else {
            continue;
        };
        let name = path.trim_start_matches('/').to_owned();
        if bytes.is_empty() {
            tally.damage.half_written += 1;
            names.push(name.clone());
        }
        let Some(stem) = path.strip_suffix(".crt") else {
            continue;
        };
        let key = now.get(&format!("{stem}.key"));
        if key.is_some_and(|key| !fit(now.entry(path).text(), key.text())) {
            tally.damage.mixed += 1;
            mixed.push(name);
            mixed.push(format!("{}.key", stem.trim_start_matches('/')));
        }
    }
    names.extend(mixed);
    names
}

fn killed(kubeadm: &Path, file: &str, call: &str, number: usize, workplace: &Workplace) -> Ended {
    let mut strace = Command::new("strace");
    strace
        .arg("-f")
        .arg("-o")
        .arg(workplace.scratch().join("trace"));
    strace.arg("-e").arg(format!("trace={call}"));
    strace
        .arg("-e")
        .arg(format!("inject={call}:signal=SIGKILL:when={number}"));
    // As kubeadm names it in its root, and as the kernel names it outside.
    strace
        .arg("-P")
        .arg(Path::new("/").join(file))
        .arg("-P")
        .arg(workplace.root().join(file));
    let command = renewal(strace, Some(kubeadm), &workplace.root());
    Ended::of(finish(command), true)
}

fn renew(kubeadm: &Path, root: &Path) -> Ended {
    Ended::of(finish(renewal(Command::new(kubeadm), None, root)), true)
}

/// The configuration as a file: without it kubeadm waits for an API server that is not there.
fn renewal(mut command: Command, program: Option<&Path>, root: &Path) -> Command {
    let configuration = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.36.2\n";
    fs::write(root.join("kubeadm.yaml"), configuration).unwrap();
    // One thread at a time, as far as Go allows it: strace counts the calls of each thread for itself.
    command
        .env("GOMAXPROCS", "1")
        .args(program)
        .arg("--rootfs")
        .arg(root);
    command.args(["certs", "renew", "all", "--config", "/kubeadm.yaml"]);
    command
}
