//! What is put to the proof: Rekindle, and programs of which it is known how good they are.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fault::Kind;
use crate::file_system::Care;
use crate::recording::Goal;

const RECOVERY: &[&str] = &["recover", "--yes", "--reason", "power loss"];
/// The file that the control programs replace.
const TARGET: &str = "etc/kubernetes/pki/apiserver.crt";

/// A program that changes a node, says so in its first line of output, and ends.
pub struct Program {
    /// As the table calls it.
    pub name: &'static str,
    /// The node of `testdata/nodes` that it changes.
    pub node: &'static str,
    /// Where it begins.
    pub start: Start,
    /// Whether a quick run leaves it out.
    pub is_long: bool,
    code: Code,
    faults: &'static [Kind],
    faults_without_care: &'static [Kind],
}

/// What a program finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// An expired node.
    Expired,
    /// A recovery that a loss of power interrupted half-way, to be taken to that end.
    HalfWay(Goal),
}

enum Code {
    /// A shell script: `$1` is the file to be replaced, `$2` one with its new content.
    Control(&'static str),
    /// `rekindle --root NODE ARGUMENTS`.
    Rekindle(&'static [&'static str]),
    /// A recovery whose calls of that name do nothing.
    Without(&'static str),
}

/// What `resume` and `rollback` take up.
pub const RECOVER: Program = Program {
    name: "recover, ECDSA",
    node: "ecdsa-p256-stacked",
    start: Start::Expired,
    is_long: false,
    code: Code::Rekindle(RECOVERY),
    faults: &[],
    faults_without_care: &[],
};

/// The programs. Between two steps of a control program goes a moment, in which somebody else flushes the file system.
pub static PROGRAMS: [Program; 10] = [
    Program {
        name: "control: truncates in place",
        node: "ecdsa-p256-stacked",
        start: Start::Expired,
        is_long: false,
        code: Code::Control(
            r#": >"$1"; sleep 0.1; cat "$2" >"$1"; sync "$1"; sync "${1%/*}"; echo done"#,
        ),
        faults: &[Kind::NeitherOldNorNew],
        faults_without_care: &[Kind::NeitherOldNorNew],
    },
    Program {
        name: "control: no fsync",
        node: "ecdsa-p256-stacked",
        start: Start::Expired,
        is_long: false,
        code: Code::Control(
            r#"new=${1%/*}/.new; cat "$2" >"$new"; mv "$new" "$1"; sleep 0.1; echo done"#,
        ),
        // With its care, ext4 makes a whole file of it, some time later.
        faults: &[Kind::Lost],
        faults_without_care: &[Kind::NeitherOldNorNew, Kind::Lost],
    },
    Program {
        name: "control: no fsync of the folder",
        node: "ecdsa-p256-stacked",
        start: Start::Expired,
        is_long: false,
        code: Code::Control(
            r#"new=${1%/*}/.new; cat "$2" >"$new"; sync "$new"; sleep 0.1; mv "$new" "$1"; echo done"#,
        ),
        faults: &[Kind::Lost],
        faults_without_care: &[Kind::Lost],
    },
    Program {
        name: "control: correct",
        node: "ecdsa-p256-stacked",
        start: Start::Expired,
        is_long: false,
        code: Code::Control(
            r#"new=${1%/*}/.new; cat "$2" >"$new"; sync "$new"; sleep 0.1; mv "$new" "$1"; sync "${1%/*}"; echo done"#,
        ),
        faults: &[],
        faults_without_care: &[],
    },
    Program {
        name: "control: recover, no fsync",
        is_long: true,
        code: Code::Without("fsync"),
        faults: &[Kind::NeitherOldNorNew],
        faults_without_care: &[Kind::NeitherOldNorNew],
        ..RECOVER
    },
    Program {
        name: "control: recover, no fdatasync",
        is_long: true,
        code: Code::Without("fdatasync"),
        faults: &[Kind::Lost, Kind::FalseJournal],
        faults_without_care: &[Kind::Lost, Kind::FalseJournal],
        ..RECOVER
    },
    RECOVER,
    Program {
        name: "recover, RSA-2048",
        node: "rsa2048-stacked",
        is_long: true,
        ..RECOVER
    },
    Program {
        name: "resume",
        start: Start::HalfWay(Goal::New),
        code: Code::Rekindle(&["resume", "--yes"]),
        ..RECOVER
    },
    Program {
        name: "rollback",
        start: Start::HalfWay(Goal::Old),
        code: Code::Rekindle(&["rollback", "--yes"]),
        ..RECOVER
    },
];

impl Program {
    /// What must be found wrong with it, at the least; nothing at all, if it is good.
    pub fn expected(&self, care: Care) -> &'static [Kind] {
        match care {
            Care::Default => self.faults,
            Care::None => self.faults_without_care,
        }
    }

    /// Whether it is Rekindle, whose certificates and journal are judged too.
    pub fn is_rekindle(&self) -> bool {
        matches!(self.code, Code::Rekindle(_) | Code::Without(_))
    }

    /// The program, ready to be run on the node at `root`.
    pub fn command(&self, root: &Path, successor: &Path) -> Command {
        match self.code {
            Code::Control(script) => {
                let mut command = Command::new("sh");
                command
                    .env_clear()
                    .env("PATH", "/usr/bin:/bin")
                    .stdin(Stdio::null())
                    .args(["-euc", &format!("umask 022; {script}"), "control"])
                    .arg(root.join(TARGET))
                    .arg(successor);
                command
            }
            Code::Rekindle(arguments) => rekindle(root, arguments),
            Code::Without(call) => {
                let inject = format!("inject={call}:retval=0");
                let mut strace = Command::new("strace");
                strace.args(["-f", "-o", "/dev/null", "-e", &format!("trace={call}")]);
                strace.args(["-e", &inject]).stdin(Stdio::null());
                let recover = rekindle(root, RECOVERY);
                strace.arg(recover.get_program()).args(recover.get_args());
                strace
            }
        }
    }
}

/// `rekindle --root ROOT ARGUMENTS`, without an environment.
pub fn rekindle(root: &Path, arguments: &[impl AsRef<OsStr>]) -> Command {
    let binary = std::env::var_os("REKINDLE_BINARY").expect("REKINDLE_BINARY names the program");
    let mut command = Command::new(binary);
    command
        .env_clear()
        .stdin(Stdio::null())
        .arg("--root")
        .arg(root)
        .args(arguments);
    command
}
