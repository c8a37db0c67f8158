//! A machine of a node's own, with real processes: namespaces for mounts, processes, network and host name, in which `/` is
//! the machine's root and the node's folders are `/etc` and `/var/lib`. What is done there nobody else sees, and it ends
//! with its processes. The network is a loopback interface that also has the node's address.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sched::{CloneFlags, setns};

use super::interruption::wait_for;
use super::node::{Node, project};
use super::program::{Run, binary};

mod pods;

/// What the programs there need of the real `/etc`.
const CONFIGURATION: &str =
    "passwd group nsswitch.conf hosts ld.so.cache ld.so.conf ld.so.conf.d alternatives";

/// Ends when dropped.
pub struct Machine {
    node: Node,
    /// Outside, the parent of the first process.
    unshare: Child,
    /// The first process, by its number outside.
    first: u32,
}

impl Machine {
    /// Boots `node`; `None`, with a line that says so, where this user may not.
    pub fn boot(node: Node) -> Option<Self> {
        if !is_permitted() {
            println!("skipped: not root, or no namespaces are permitted here");
            return None;
        }
        node.shell(&format!(
            "for name in {CONFIGURATION}; do cp -a \"/etc/$name\" etc/ || true; done 2>/dev/null\n\
             mkdir -p etc/ssl var/lib/etcd && chmod 0700 var/lib/etcd\n\
             cp /etc/ssl/openssl.cnf etc/ssl/ || true"
        ));
        let outside = fs::read_link("/proc/self/ns/mnt").unwrap();
        let mut unshare = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "unshare"])
            .args([
                "--mount",
                "--pid",
                "--net",
                "--uts",
                "--propagation",
                "private",
            ])
            .args(["--fork", "--kill-child", "--mount-proc"])
            .arg(stand_in("init"))
            .arg(node.path())
            .arg(outside)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(unshare.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "the machine does not come up");
        let first = wait_for(|| child_of(unshare.id()));
        Some(Self {
            node,
            unshare,
            first,
        })
    }

    /// The node, as it is seen from outside: nobody confines who looks.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// A program that runs there, ready to be run.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, program: &Path, arguments: &[S]) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--target={}", self.first))
            .args(["--mount", "--pid", "--net", "--uts", "--"])
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("PATH", path())
            .stdin(Stdio::null());
        command
    }

    /// `rekindle ARGUMENTS` there, for the machine itself.
    pub fn rekindle(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(&binary(), arguments))
    }

    /// The same under strace, with its options; what it traced, a line for each call, the thread first.
    pub fn traced(&self, options: &[&str], arguments: &[&str]) -> (Run, String) {
        // Beside the node, where both see it.
        let log = self.node.path().with_file_name("strace.log");
        let binary = binary();
        let mut all = vec!["-f", "-o", log.to_str().unwrap()];
        all.extend(options);
        all.push(binary.to_str().unwrap());
        all.extend(arguments);
        let run = Run::of(self.command(Path::new("strace"), &all));
        (run, fs::read_to_string(&log).unwrap_or_default())
    }

    /// Runs a shell script there, and expects it to succeed; what it said.
    #[track_caller]
    pub fn shell(&self, script: &str) -> String {
        let run = Run::of(self.command(Path::new("bash"), &["-euc", script]));
        assert_eq!(run.code, Some(0), "{script}\n{}{}", run.stdout, run.stderr);
        run.stdout
    }

    /// Listens on an address of that machine, from outside.
    pub fn listen(&self, address: &str) -> TcpListener {
        let namespace = fs::File::open(format!("/proc/{}/ns/net", self.first)).unwrap();
        let address: SocketAddr = address.parse().unwrap();
        let thread = std::thread::spawn(move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            TcpListener::bind(address).unwrap()
        });
        thread.join().unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
        // Its processes end a moment later; until then they hold the mounts.
        let first = PathBuf::from(format!("/proc/{}", self.first));
        for _ in 0..200 {
            if !first.exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// What takes the place of a kubelet and of components.
pub fn stand_in(name: &str) -> PathBuf {
    project().join("tests/live/stand_in").join(name)
}

/// This user's search path: etcd need not be installed.
pub fn path() -> String {
    let own = std::env::var("PATH").unwrap_or_default();
    format!("{own}:/usr/sbin:/usr/bin:/sbin:/bin")
}

fn is_permitted() -> bool {
    Command::new("unshare")
        .args([
            "--mount",
            "--pid",
            "--net",
            "--uts",
            "--fork",
            "--mount-proc",
        ])
        .args([
            "--propagation",
            "private",
            "mount",
            "-t",
            "tmpfs",
            "tmpfs",
            "/run",
        ])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn child_of(parent: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
