//! A node that something is wrong with, and what the program must say to it.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use rekindle::plan::RefusalCode;

use crate::support::golden::{self, timeless};
use crate::support::node::Node;
use crate::support::program::{Run, rekindle};
use crate::support::secrets::Secrets;
use crate::support::tree::Tree;

/// The node that the situations are built from.
pub const NODE: &str = "ecdsa-p256-stacked";

/// A situation in the making: broken first, then judged, then perhaps mended.
pub struct Situation {
    /// `code` or `code.variant`: the name of the golden file.
    name: &'static str,
    pub node: Node,
}

impl Situation {
    /// A good node for the situation of that name.
    pub fn new(name: &'static str) -> Self {
        let node = Node::materialize(NODE);
        Self { name, node }
    }

    /// A good node, on which the shell script goes to work in the root.
    pub fn by_shell(name: &'static str, script: &str) -> Self {
        let situation = Self::new(name);
        situation.node.shell(script);
        situation
    }

    /// `plan` and `recover --yes` refuse, in the words of the golden file, and nothing changes.
    pub fn judge(self) -> Refused {
        let before = Tree::read(self.node.path());
        let plan = rekindle(self.node.path(), &["plan"]).expect(3);
        let recover = rekindle(self.node.path(), &["recover", "--yes"]).expect(3);
        let root = self.node.path();
        assert_eq!(
            timeless(&plan.stderr, root),
            timeless(&recover.stderr, root)
        );
        assert_eq!(recover.stdout, "");
        assert_eq!(Tree::read(self.node.path()), before, "something changed");
        assert!(before.get("/var/lib/rekindle").is_none());
        keeps_secrets(&plan);
        compare(self.name, &plan.stderr, self.node.path());
        others_can_go_on(&plan.stderr, self.node.path());
        Refused {
            stderr: plan.stderr,
            situation: self,
        }
    }
}

/// A situation after it was judged.
pub struct Refused {
    situation: Situation,
    stderr: String,
}

impl Refused {
    /// The node, as broken as before.
    pub fn into_node(self) -> Node {
        self.situation.node
    }

    /// Follows the hint, which is a command, to the letter.
    pub fn hint_mends(self) {
        self.hint_mends_with("", "");
    }

    /// The hint speaks of flags: with those the refusal is gone.
    pub fn flags_mend(self, flags: &[&str]) {
        assert!(self.stderr.contains(&flags.join(" ")), "{}", self.stderr);
        let arguments = [&["recover", "--yes"], flags].concat();
        rekindle(self.situation.node.path(), &arguments).expect(0);
        rekindle(self.situation.node.path(), &["recover", "--yes"]).expect(0);
        rekindle(self.situation.node.path(), &["check"]).expect(0);
    }

    /// Follows the hint with one thing replaced that a person would know or type.
    pub fn hint_mends_with(self, from: &str, to: &str) {
        let hint = self
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("hint: "));
        let hint = hint.expect("a hint");
        let command = hint.split_once(": ").map_or(hint, |(_, command)| command);
        let command = if from.is_empty() {
            command.to_owned()
        } else {
            assert!(command.contains(from), "{command}");
            command.replace(from, to)
        };
        self.situation.node.shell(&command);
        // As the good node was: the same paths with the same modes, and nothing left lying about.
        let modes = |node: &Node| {
            let tree = Tree::read(node.path());
            let mode = |path: &str| (path.to_owned(), format!("{:o}", tree.entry(path).mode));
            tree.paths().map(mode).collect::<Vec<_>>()
        };
        assert_eq!(
            modes(&self.situation.node),
            modes(&Node::materialize(NODE)),
            "{command}"
        );
        let run = rekindle(self.situation.node.path(), &["recover", "--yes"]).expect(0);
        assert_eq!(run.stderr, "", "{command}");
        rekindle(self.situation.node.path(), &["check"]).expect(0);
    }
}

/// Holds what was said against the golden file.
pub fn compare(name: &str, stderr: &str, root: &Path) {
    assert!(
        stderr.contains(&format!("runbook: rekindle runbook {}\n", code(name))),
        "{stderr}"
    );
    golden::compare(&format!("tests/refusals/{name}.stderr"), stderr, root);
}

/// Where the others are named to go on with, that is true.
fn others_can_go_on(stderr: &str, root: &Path) {
    let prefix = "hint: to go on with the others first: ";
    if let Some(flags) = stderr.lines().find_map(|line| line.strip_prefix(prefix)) {
        let arguments: Vec<&str> = ["plan"].into_iter().chain(flags.split(' ')).collect();
        let run = rekindle(root, &arguments).expect(0);
        assert!(run.stdout.contains("re-sign"), "{}", run.stdout);
    }
}

/// Fails when a piece of a private key was printed.
pub fn keeps_secrets(run: &Run) {
    static SECRETS: OnceLock<Secrets> = OnceLock::new();
    let secrets = SECRETS.get_or_init(|| Secrets::of(&Tree::read(Node::materialize(NODE).path())));
    for output in [&run.stdout, &run.stderr] {
        assert!(!secrets.are_in(output.as_bytes()), "{output}");
    }
}

/// The code in the name of a golden file.
pub fn code(name: &str) -> RefusalCode {
    let code = name.split('.').next().unwrap();
    let known = RefusalCode::ALL.iter().find(|known| known.as_str() == code);
    *known.unwrap_or_else(|| panic!("no such code: {code}"))
}

/// Runs openssl in `folder`.
pub fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
