//! The two ways out of what a crash left: `resume` goes forward to the end, `rollback` back to the beginning.

use std::path::Path;
use std::process::Output;

use crate::fault::{Fault, Kind};
use crate::file_system::{Care, Machine, Mount};
use crate::judge::{Remains, journal_bytes, verify_journal};
use crate::program::rekindle;
use crate::recording::{Goal, Recording};
use crate::tree::Tree;

/// What a crash left, and whence it came.
pub struct Start<'a> {
    /// The program that was interrupted.
    pub recording: &'a Recording,
    /// The disk.
    pub image: &'a [u8],
    /// What there is to see on it.
    pub remains: &'a Remains,
}

impl Start<'_> {
    /// Goes both ways, each from a copy of the disk.
    pub fn try_both(&self, machine: &Machine, care: Care) -> Result<(), Fault> {
        let mount = || {
            machine.disk.exchange(self.image);
            machine.mount(care).expect("it could be mounted before")
        };
        self.resume(&mount())?;
        self.roll_back(&mount())
    }

    /// Leads to the new node; where nothing was committed to, the old one stays. Of a run that began to be taken back what
    /// was staged is removed first: it can only be taken back for good, and that is said in one way or the other.
    fn resume(&self, mount: &Mount) -> Result<(), Fault> {
        let output = run(&mount.node(), &["resume", "--yes"]);
        let may_refuse = self.recording.goal == Goal::Old && !self.remains.is_complete;
        let nothing_replaced = self.remains.replaced.is_empty();
        match output.status.code() {
            Some(0) => expect(mount, self.end(&self.recording.new), &output),
            Some(1) if had_ended(&output) => expect(mount, self.recording.goal(), &output),
            Some(1) if nothing_replaced => expect(mount, &self.recording.old, &output),
            Some(3) if may_refuse && says_to_go_back(&output) => Ok(()),
            _ => Err(no_way_out(&output, "this exit")),
        }
    }

    /// Leads to the old node, unless the run had come to its end; from the old one, `recover` goes the whole way again.
    fn roll_back(&self, mount: &Mount) -> Result<(), Fault> {
        let output = run(&mount.node(), &["rollback", "--yes"]);
        if output.status.code() == Some(1) && had_ended(&output) {
            return expect(mount, self.recording.goal(), &output);
        }
        if !output.status.success() {
            return Err(no_way_out(&output, "this exit"));
        }
        expect(mount, self.end(&self.recording.old), &output)?;
        for arguments in [&["recover", "--yes"][..], &["check"][..]] {
            let output = run(&mount.node(), arguments);
            if !output.status.success() {
                return Err(no_way_out(&output, "this exit, after a rollback"));
            }
        }
        Ok(())
    }

    /// Where a way leads: to `destination`, unless there is nothing to go on with.
    fn end<'a>(&'a self, destination: &'a Tree) -> &'a Tree {
        if self.remains.is_complete {
            self.recording.goal()
        } else if self.remains.is_committed {
            destination
        } else {
            &self.recording.old
        }
    }
}

fn run(node: &Path, arguments: &[&str]) -> Output {
    rekindle(node, arguments).output().expect("an end")
}

/// The node is there, nothing else lies beside it, and the journal has an end.
fn expect(mount: &Mount, destination: &Tree, output: &Output) -> Result<(), Fault> {
    let node = mount.node();
    let now = Tree::read(&node).timeless();
    let differences = now.without_state().differences(destination);
    if !differences.is_empty() {
        return Err(no_way_out(output, &differences.join(" ")));
    }
    // What a run left that had not begun to keep a journal is removed.
    if journal_bytes(&now).is_none() {
        return Ok(());
    }
    match verify_journal(&node).as_str() {
        "COMPLETE" => Ok(()),
        verdict => Err(no_way_out(output, &format!("the journal is {verdict}"))),
    }
}

fn says_to_go_back(output: &Output) -> bool {
    told(output).contains("rollback-begun")
}

/// Only the last checkpoint was lost: there is nothing to take anywhere, and that is said.
fn had_ended(output: &Output) -> bool {
    told(output).contains("had already ended")
}

fn told(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

fn no_way_out(output: &Output, what: &str) -> Fault {
    let evidence = format!("{what}: {}: {}", output.status, told(output));
    Fault::new(Kind::NoWayOut, evidence)
}
