//! A node whose authorities' keys are kept elsewhere, the place where they are, and what goes between the two.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::node::{Node, temporary_folder};
use crate::support::program::{Run, binary, rekindle};
use crate::support::tree::Tree;

/// The node, and a folder that stands for the machine that has the keys.
pub struct Elsewhere {
    pub node: Node,
    pub away: TempDir,
    /// The node as it was, keys and all.
    pub whole: Tree,
}

impl Elsewhere {
    /// Moves every authority's key of the node of that name away.
    pub fn new(name: &str) -> Self {
        let node = Node::materialize(name);
        let whole = Tree::read(node.path());
        let away = temporary_folder();
        let folder = if name == "kubespray-ssl" {
            "ssl"
        } else {
            "pki"
        };
        let (ca, requests) = (away.path().join("ca"), away.path().join("requests"));
        fs::create_dir(&requests).unwrap();
        node.shell(&format!(
            "mkdir -p '{0}/etcd'
             for name in ca etcd/ca front-proxy-ca; do
                 [ ! -e etc/kubernetes/{folder}/$name.key ] || {{
                     cp -p etc/kubernetes/{folder}/$name.crt '{0}'/$name.crt
                     mv etc/kubernetes/{folder}/$name.key '{0}'/$name.key
                 }}
             done",
            ca.display()
        ));
        Self { node, away, whole }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.away.path().join(name)
    }

    /// `csr export`; the fingerprint that it prints.
    pub fn export(&self) -> String {
        let folder = self.file("requests");
        let arguments = ["csr", "export", "--out", folder.to_str().unwrap()];
        let run = rekindle(self.node.path(), &arguments).expect(0);
        fingerprint(&run)
    }

    /// The requests that it wrote.
    pub fn requests(&self) -> Vec<u8> {
        fs::read(self.file("requests/requests.rekindle")).unwrap()
    }

    /// `csr sign` of a bundle, expecting that fingerprint; the answer, if there is one.
    pub fn sign(&self, bundle: &[u8], expected: &str) -> (Run, Option<Vec<u8>>) {
        self.sign_with(bundle, &["--yes", "--expect", expected])
    }

    /// The same with these wishes.
    pub fn sign_with(&self, bundle: &[u8], wishes: &[&str]) -> (Run, Option<Vec<u8>>) {
        let (path, out) = (self.file("bundle"), self.file("answer"));
        fs::write(&path, bundle).unwrap();
        let _ = fs::remove_file(&out);
        let before = self.names();
        let mut command = Command::new(binary());
        command
            .env_clear()
            .stdin(std::process::Stdio::null())
            .args(["csr", "sign"])
            .arg(&path)
            .arg("--ca-dir")
            .arg(self.file("ca"))
            .arg("--out")
            .arg(&out)
            .args(wishes);
        let run = Run::of(command);
        let answer = fs::read(&out).ok();
        if answer.is_none() {
            assert_eq!(self.names(), before, "something else was written: {run:?}");
        }
        (run, answer)
    }

    /// Fails the test unless nothing at all is signed of that bundle, with a refusal.
    #[track_caller]
    pub fn refuses_to_sign(&self, bundle: &[u8], expected: &str, word: &str) -> Run {
        let (run, answer) = self.sign(bundle, expected);
        let run = run.expect(3);
        assert!(answer.is_none(), "{run:?}");
        assert!(run.stderr.contains(word), "{word}: {run:?}");
        assert!(!run.stdout.contains("Signed"), "{run:?}");
        run
    }

    /// `csr import` of an answer.
    pub fn import(&self, answer: &[u8]) -> Run {
        let path = self.file("answer.rekindle");
        fs::write(&path, answer).unwrap();
        self.import_with(&[path.to_str().unwrap()])
    }

    /// `csr import` with these operands.
    pub fn import_with(&self, operands: &[&str]) -> Run {
        let arguments: Vec<&str> = ["csr", "import", "--yes"]
            .into_iter()
            .chain(operands.iter().copied())
            .collect();
        rekindle(self.node.path(), &arguments)
    }

    /// Fails the test unless nothing is installed, and nothing written, not even a time.
    #[track_caller]
    pub fn refuses(&self, operands: &[&str], word: &str) -> Run {
        let before = Tree::read(self.node.path());
        let run = self.import_with(operands).expect(3);
        assert!(run.stderr.contains(word), "{word}: {run:?}");
        assert_eq!(Tree::read(self.node.path()), before, "{run:?}");
        run
    }

    /// The same of an answer.
    #[track_caller]
    pub fn refuses_answer(&self, answer: &[u8], word: &str) -> Run {
        let path = self.file("answer.rekindle");
        fs::write(&path, answer).unwrap();
        self.refuses(&[path.to_str().unwrap()], word)
    }

    /// Runs a shell script where the keys are.
    pub fn shell(&self, script: &str) {
        shell(self.away.path(), script);
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.away.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// Runs a shell script in a folder, and expects it to succeed.
pub fn shell(folder: &Path, script: &str) {
    let output = Command::new("sh")
        .args(["-ec", script])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{script}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The fingerprint that a run of `csr export` printed.
#[track_caller]
pub fn fingerprint(run: &Run) -> String {
    let line = run
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("Sealed by sha256:"));
    line.unwrap_or_else(|| panic!("{run:?}")).to_owned()
}
