//! Somebody at a node, with a page: its commands are typed into one shell, as they stand there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::OnceLock;

use crate::support::machine::{Machine, stand_in};
use crate::support::node::Node;
use crate::support::program::binary;
use crate::support::secrets::Secrets;
use crate::support::tree::Tree;

use super::page::{Page, Reason};
use super::programs;
use super::refused::NODE;

/// The private keys of the nodes that nearly all stories are told of, before anything was broken: no command of a page prints one.
fn secrets() -> &'static Secrets {
    static SECRETS: OnceLock<Secrets> = OnceLock::new();
    SECRETS.get_or_init(|| Secrets::of(&Tree::read(Node::materialize(NODE).path())))
}

/// The verbs that ask: nobody is there to answer.
const ASKING: &str = "recover resume rollback reissue install import issue prune sign";
/// Those that stop and start a kubelet.
const RESTARTING: &str = "plan recover resume rollback reissue install import";

/// Ends with the shell.
pub struct Story<'page> {
    page: &'page mut Page,
    machine: Machine,
    shell: Child,
    keyboard: ChildStdin,
    screen: BufReader<ChildStdout>,
    /// Words of the page, and what they stand for here.
    meanings: Vec<(String, String)>,
    /// How commands that begin so may end, if not with 0.
    codes: Vec<(String, Vec<i32>)>,
}

impl<'page> Story<'page> {
    pub(super) fn begin(page: &'page mut Page, node: Node) -> Option<Self> {
        let machine = Machine::boot(node)?;
        machine.shell(&format!(
            "chmod 755 /run && mkdir /run/bin && cp '{}' /run/bin/rekindle",
            binary().display()
        ));
        let named = programs::KUBERNETES.map(|program| ("bin", program));
        let running = programs::CONTROL_PLANE.map(|program| ("control-plane", program));
        for (folder, program) in named.into_iter().chain(running) {
            if let Some(found) = programs::find(program) {
                machine.shell(&format!(
                    "mkdir -p /run/{folder}; touch /run/{folder}/{program}; mount --bind '{}' /run/{folder}/{program}",
                    found.display()
                ));
            }
        }
        machine.shell("for folder in /root /home /var/log; do mount -t tmpfs -o mode=755 tmpfs $folder; done; chmod 700 /root");
        let mut shell = machine
            .command(Path::new("bash"), &["--norc"])
            .env("HOME", "/root")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let keyboard = shell.stdin.take().unwrap();
        let screen = BufReader::new(shell.stdout.take().unwrap());
        let mut story = Self {
            page,
            machine,
            shell,
            keyboard,
            screen,
            meanings: Vec::new(),
            codes: Vec::new(),
        };
        story.types(&format!(
            "exec 2>&1; set -o pipefail; cd /root; PATH=/run/bin:$PATH
             kubelet=()
             rekindle() {{
                 local word verb= more=()
                 for word; do case ' plan {ASKING} ' in *\" $word \"*) verb=$word; break ;; esac; done
                 [[ -z $verb || $verb = plan || \" $* \" = *' --yes '* ]] || more=(--yes)
                 [[ -z $verb || ' {RESTARTING} ' != *\" $verb \"* ]] || more+=(\"${{kubelet[@]}}\")
                 command rekindle \"$@\" \"${{more[@]}}\"
             }}"
        ));
        Some(story)
    }

    /// The machine, for what the page takes for granted.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// A kubelet's place is taken, and so is what systemd does with it: `systemctl start|stop|restart kubelet`. Rekindle is told
    /// the commands, as without systemd it has to be.
    pub fn with_kubelet(&mut self) {
        let [start, stop] = ["start", "stop"].map(|verb| stand_in(&format!("kubelet-{verb}")));
        let [start, stop] = [start.display(), stop.display()];
        self.machine.shell(&format!(
            "cat >/run/bin/systemctl <<'END'
#!/bin/sh
[ \"$2\" = kubelet ] || exit 4
case $1 in
    start) exec '{start}' ;;
    stop) exec '{stop}' ;;
    restart) '{stop}' && exec '{start}' ;;
    *) exit 4 ;;
esac
END
             chmod 0755 /run/bin/systemctl"
        ));
        self.types(&format!(
            "kubelet=(--kubelet-stop \"'{stop}'\" --kubelet-start \"'{start}'\")"
        ));
    }

    /// Claims commands as not run, and says why.
    #[track_caller]
    pub fn skip(&mut self, beginning: &str, reason: Reason) {
        self.page.skip(beginning, reason);
    }

    /// Writes a block of the page that begins so into a file of the machine, with the meanings of its words.
    #[track_caller]
    pub fn writes(&mut self, beginning: &str, path: &str) {
        let text = self.page.block(beginning);
        let text = self.meant(text);
        let (said, code) = self.types(&format!("cat >{path} <<'END'\n{text}END"));
        assert_eq!(code, 0, "{path}: {said}");
    }

    /// What a word of the page stands for in this story.
    pub fn put(&mut self, word: &str, meaning: &str) {
        self.meanings.retain(|(known, _)| known != word);
        self.meanings.push((word.to_owned(), meaning.to_owned()));
    }

    /// The commands that begin so end with this exit code.
    pub fn code(&mut self, beginning: &str, code: i32) {
        self.codes.push((beginning.to_owned(), vec![code]));
    }

    /// The commands that begin so look for something, and may find nothing, here or at all.
    pub fn may_find_nothing(&mut self, beginning: &str) {
        self.codes.push((beginning.to_owned(), vec![0, 1]));
    }

    /// Whether this machine has the program.
    pub fn has(&mut self, program: &str) -> bool {
        self.types(&format!("command -v {program}")).1 == 0
    }

    /// Follows every command of the page's blocks that nobody has followed yet, in order.
    #[track_caller]
    pub fn follow(&mut self) {
        for at in 0..self.page.commands.len() {
            let command = &self.page.commands[at];
            if !command.is_claimed && !command.is_inline {
                self.run_at(at);
            }
        }
    }

    /// Follows those between the current place and the first that begins so, which is not followed.
    #[track_caller]
    pub fn follow_to(&mut self, beginning: &str) {
        let commands = &self.page.commands;
        let end = commands
            .iter()
            .position(|command| !command.is_inline && command.text.starts_with(beginning))
            .unwrap_or_else(|| panic!("{}: nothing begins with {beginning:?}", self.page.path()));
        for at in 0..end {
            let command = &self.page.commands[at];
            if !command.is_claimed && !command.is_inline {
                self.run_at(at);
            }
        }
    }

    /// Follows the command that reads so, or else the first that begins so, claimed or not, and claims all that read the same;
    /// what it said.
    #[track_caller]
    pub fn run(&mut self, beginning: &str) -> String {
        let commands = &self.page.commands;
        let at = commands
            .iter()
            .position(|command| command.text == beginning)
            .or_else(|| {
                commands
                    .iter()
                    .position(|command| command.text.starts_with(beginning))
            })
            .unwrap_or_else(|| panic!("{}: nothing begins with {beginning:?}", self.page.path()));
        self.run_at(at)
    }

    #[track_caller]
    fn run_at(&mut self, at: usize) -> String {
        let text = self.page.commands[at].text.clone();
        for command in &mut self.page.commands {
            command.is_claimed |= command.text == text;
        }
        let missing = programs::optional_in(&text).find(|program| !self.has(program));
        if let Some(program) = missing {
            let (path, line) = (self.page.path(), self.page.commands[at].line);
            println!("skipped: {path}:{line}: {text}: {program} is not here");
            return String::new();
        }
        let expected = self
            .codes
            .iter()
            .rev()
            .find(|(beginning, _)| text.starts_with(beginning.as_str()))
            .map_or_else(|| vec![0], |(_, codes)| codes.clone());
        let typed = self.meant(text);
        let (said, code) = self.types(&typed);
        assert!(
            expected.contains(&code),
            "{}:{}\n$ {typed}\n{said}ends with {code}, not {expected:?}",
            self.page.path(),
            self.page.commands[at].line
        );
        assert!(
            !secrets().are_in(said.as_bytes()),
            "{}:{} prints a secret\n$ {typed}",
            self.page.path(),
            self.page.commands[at].line
        );
        said
    }

    /// The text with what its words stand for.
    fn meant(&self, text: String) -> String {
        let meanings = self.meanings.iter();
        meanings.fold(text, |text, (word, meaning)| text.replace(word, meaning))
    }

    /// Types a command into the shell; what it said, and its exit code.
    pub fn types(&mut self, command: &str) -> (String, i32) {
        const MARK: &str = "\u{1e}";
        writeln!(
            self.keyboard,
            "{{ {command}\n}} </dev/null\nprintf '\\n{MARK}%s\\n' $?"
        )
        .unwrap();
        self.keyboard.flush().unwrap();
        let mut said = String::new();
        loop {
            let mut line = Vec::new();
            let length = self.screen.read_until(b'\n', &mut line).unwrap();
            assert_ne!(length, 0, "the shell has ended\n$ {command}\n{said}");
            let line = String::from_utf8_lossy(&line);
            if let Some(code) = line.strip_prefix(MARK) {
                // The end of the line in front of the mark.
                said.pop();
                return (said, code.trim().parse().unwrap());
            }
            said.push_str(&line);
        }
    }

    /// Where the page has led to: nothing is refused any more, and the node can be recovered.
    #[track_caller]
    pub fn is_mended(&mut self) {
        let (said, code) = self.types("rekindle plan");
        assert!(
            code == 0 || code == 1,
            "{}: plan ends with {code}\n{said}",
            self.page.path()
        );
        let (said, code) = self.types("rekindle recover --restart touch");
        // Nothing runs there that could be proven.
        assert!(
            matches!(code, 0 | 7),
            "{}: recover ends with {code}\n{said}",
            self.page.path()
        );
    }
}

impl Drop for Story<'_> {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
