//! The commands of a runbook, and which of them a story has followed.

use std::fs;
use std::process::Command as Process;

use crate::support::node::{Node, project};

use super::story::Story;

/// Why a command of a page cannot be run here. Each is printed as `skipped:`.
#[derive(Debug, Clone, Copy)]
pub enum Reason {
    /// It asks systemd, which runs no machine of a test.
    Systemd,
    /// It asks the container runtime, of which only the rehearsals have one.
    ContainerRuntime,
    /// It changes or reads a clock that every process of the real machine shares.
    Clock,
    /// It needs a second machine, or a person.
    Elsewhere,
    /// It is for a file system, a distribution or a kernel that need not be here.
    Distribution,
    /// A test of another program follows it; which one, stands in the claim.
    TestedBy(&'static str),
}

impl Reason {
    fn words(self) -> String {
        match self {
            Self::Systemd => "systemd runs no machine of a test".into(),
            Self::ContainerRuntime => {
                "only the rehearsals (scripts/rehearse) have a container runtime".into()
            }
            Self::Clock => "the clock is every process's".into(),
            Self::Elsewhere => "it needs another machine or a person".into(),
            Self::Distribution => "not every machine has what it asks".into(),
            Self::TestedBy(test) => format!("{test} runs it"),
        }
    }
}

/// A page, until each of its commands is claimed.
pub struct Page {
    /// Its path in the repository.
    path: String,
    text: String,
    pub(super) commands: Vec<Command>,
}

/// A command as the page has it.
pub(super) struct Command {
    /// The line of the page that it begins in.
    pub(super) line: usize,
    /// As it is to be typed, of one or several lines.
    pub(super) text: String,
    /// Whether it stands in a paragraph, between backticks.
    pub(super) is_inline: bool,
    pub(super) is_claimed: bool,
}

impl Page {
    /// Reads the page of that name; with `refused/` in front for that of a refusal.
    pub fn open(name: &str) -> Self {
        let path = format!("runbooks/{name}.md");
        let text = fs::read_to_string(project().join(&path)).unwrap();
        // Of other programs a refusal's page tells more than it wants to be typed.
        let programs = if name.starts_with("refused/") {
            &["rekindle"][..]
        } else {
            &INLINE
        };
        let commands = commands_of(&text, programs);
        assert!(!commands.is_empty(), "{path} has no command");
        Self {
            path,
            text,
            commands,
        }
    }

    /// Begins a story of somebody who has this page and that node; `None` where no machine can be had.
    pub fn begin(&mut self, node: Node) -> Option<Story<'_>> {
        Story::begin(self, node)
    }

    /// Claims the commands that begin so as not run, and says why of those that no story has followed.
    #[track_caller]
    pub fn skip(&mut self, beginning: &str, reason: Reason) {
        let path = self.path.clone();
        let open: Vec<usize> = self
            .commands
            .iter()
            .filter(|command| !command.is_claimed)
            .map(|command| command.line)
            .collect();
        for command in self.claim(beginning) {
            if !open.contains(&command.line) {
                continue;
            }
            println!(
                "skipped: {path}:{}: {}: {}",
                command.line,
                command.text,
                reason.words()
            );
        }
    }

    /// Claims as no command what begins so: output, a file's content, a form to be filled in.
    #[track_caller]
    pub fn shows(&mut self, beginning: &str) {
        self.claim(beginning);
    }

    /// The block that begins so, as a file to be written: without its indentation, and claimed.
    #[track_caller]
    pub fn block(&mut self, beginning: &str) -> String {
        let lines: Vec<&str> = self.text.lines().collect();
        let is_first = |line: &&str| line.starts_with("    ") && line.trim().starts_with(beginning);
        let begin = lines
            .iter()
            .position(is_first)
            .unwrap_or_else(|| panic!("{}: no block begins with {beginning:?}", self.path));
        let block = lines[begin..].iter();
        let block: Vec<&str> = block
            .take_while(|line| line.starts_with("    "))
            .copied()
            .collect();
        for command in &mut self.commands {
            let is_in = (begin + 1..=begin + block.len()).contains(&command.line);
            command.is_claimed |= is_in && !command.is_inline;
        }
        dedented(&block.join("\n")) + "\n"
    }

    /// Fails unless every command was followed or claimed.
    #[track_caller]
    pub fn end(self) {
        let open: Vec<String> = self
            .commands
            .iter()
            .filter(|command| !command.is_claimed)
            .map(|command| format!("{}:{}: {}", self.path, command.line, command.text))
            .collect();
        assert!(open.is_empty(), "nobody runs\n{}", open.join("\n"));
    }

    /// Marks as claimed all that begin so.
    #[track_caller]
    fn claim(&mut self, beginning: &str) -> Vec<&Command> {
        let mut found = Vec::new();
        for command in &mut self.commands {
            if command.text.starts_with(beginning) {
                command.is_claimed = true;
                found.push(&*command);
            }
        }
        assert!(
            !found.is_empty(),
            "{}: no command begins with {beginning:?}",
            self.path
        );
        found
    }

    /// The path in the repository.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// With one of these and an argument begins what is to be typed between backticks.
const INLINE: [&str; 40] = [
    "rekindle",
    "(ulimit",
    "age-keygen",
    "cargo",
    "cat",
    "chmod",
    "cp",
    "crictl",
    "date",
    "df",
    "dmesg",
    "etcdctl",
    "getent",
    "grep",
    "hostnamectl",
    "install",
    "iostat",
    "ip",
    "journalctl",
    "jq",
    "kubeadm",
    "kubectl",
    "kubelet",
    "ls",
    "lsattr",
    "mv",
    "openssl",
    "pgrep",
    "quota",
    "rm",
    "scripts/damage",
    "scripts/faults",
    "scripts/test.sh",
    "ss",
    "stat",
    "strace",
    "sudo",
    "systemctl",
    "tail",
    "ulimit",
];

/// All commands of a page, in its order: of indented blocks, but for output below `What you see`, and those between backticks
/// that begin with one of these programs.
fn commands_of(page: &str, programs: &[&str]) -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    let mut is_shown = false;
    // What may be an item of a list, whose code is indented by more.
    let mut held: Option<(usize, String)> = None;
    let mut paragraph = (0, String::new());
    for (number, line) in page.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        if let Some(heading) = line.strip_prefix("## ") {
            is_shown = heading == "What you see";
        }
        let word = line.split_whitespace().next().unwrap_or_default();
        let is_looked_up =
            programs.len() > 1 && line.starts_with("    ") && programs.contains(&word);
        if is_shown && !is_looked_up {
            continue;
        }
        let is_code = line.starts_with("    ") || held.is_some();
        if is_code && !line.trim().is_empty() {
            let (begin, text) = match held.take() {
                Some((begin, text)) => (begin, format!("{text}\n{line}")),
                None => (number, line.to_owned()),
            };
            if is_complete(&text) {
                found.push(Command::new(begin, dedented(&text), false));
            } else {
                held = Some((begin, text));
            }
            continue;
        }
        if let Some((begin, text)) = held.take() {
            found.push(Command::new(begin, dedented(&text), false));
        }
        if line.trim().is_empty() {
            inline_of(
                &std::mem::take(&mut paragraph.1),
                paragraph.0,
                programs,
                &mut found,
            );
        } else {
            if paragraph.1.is_empty() {
                paragraph.0 = number;
            }
            paragraph.1.push_str(line.trim_start());
            paragraph.1.push(' ');
        }
    }
    if let Some((begin, text)) = held {
        found.push(Command::new(begin, dedented(&text), false));
    }
    inline_of(&paragraph.1, paragraph.0, programs, &mut found);
    found
}

/// The same without the indentation that all lines have in common with the first.
fn dedented(text: &str) -> String {
    let depth = text.len() - text.trim_start().len();
    let lines = text.lines().map(|line| {
        let blanks = line.len() - line.trim_start().len();
        &line[depth.min(blanks)..]
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a shell needs no further line; the `…` of a page is a word like any other.
fn is_complete(text: &str) -> bool {
    let is_continued = text.ends_with('\\') || text.ends_with('|');
    let mut shell = Process::new("bash");
    shell.args(["-n", "-c", text]);
    let run = shell.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    !is_continued
        && !said.contains("unexpected end of file")
        && !said.contains("looking for matching")
}

/// What is to be typed between backticks.
fn inline_of(paragraph: &str, line: usize, programs: &[&str], found: &mut Vec<Command>) {
    for span in paragraph.split('`').skip(1).step_by(2) {
        let program = span.split_once(' ').map(|(program, _)| program);
        if program.is_some_and(|program| programs.contains(&program)) && !span.contains('…') {
            // In a table a bar is written so.
            let text = span.trim_end().replace("\\|", "|");
            found.push(Command::new(line, text, true));
        }
    }
}

impl Command {
    fn new(line: usize, text: String, is_inline: bool) -> Self {
        Self {
            line,
            text,
            is_inline,
            is_claimed: false,
        }
    }
}

#[test]
fn commands_are_found() {
    let page = "# x\n\n## What you see\n\n    error: x\n\n## What to do\n\nSay `rekindle check`, or `rekindle resume\n--yes`:\n\n    ls -l\n    for f in *; do\n      cat $f; done\n    a \\\n      b\n\n- item:\n\n      c # d\n\n`rekindle a …`\n";
    let found = commands_of(page, &["rekindle"]);
    let texts: Vec<&str> = found.iter().map(|command| command.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "rekindle check",
            "rekindle resume --yes",
            "ls -l",
            "for f in *; do\n  cat $f; done",
            "a \\\n  b",
            "c # d",
        ]
    );
    assert_eq!(found[3].line, 13);
    assert!(found[0].is_inline && !found[2].is_inline);
}
