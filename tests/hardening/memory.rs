//! What is left of a key outside its file: no core dump, no memory that others may read, no freed copy.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

use super::NODE;
use super::trace::strace;
use crate::support::der::{elements, of_pem};
use crate::support::node::{Node, temporary_folder};
use crate::support::program::command;

#[test]
fn a_crash_leaves_no_core() {
    let node = Node::materialize(NODE);
    let folder = temporary_folder();
    let crash = "ulimit -c unlimited; kill -SEGV $$";
    let mut shell = Command::new("sh");
    shell.args(["-c", crash]).current_dir(folder.path());
    assert_eq!(shell.status().unwrap().code(), None);
    if cores(folder.path()) == 0 {
        println!("skipped: core dumps do not become files here");
        return;
    }
    let before = cores(folder.path());
    // Rust's own handler takes the first SIGSEGV.
    for signal in ["SIGABRT:when=30", "SIGSEGV:when=30..31"] {
        let log = folder.path().join("log");
        let options = ["-e", "trace=openat2,openat", "-e"];
        let inject = format!("inject=openat2,openat:signal={signal}");
        let options = [&options[..], &[inject.as_str()]].concat();
        let Some(strace) = strace(&log, &options, node.path(), &["check"]) else {
            return;
        };
        let mut unlimited = Command::new("sh");
        unlimited
            .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""])
            .arg(strace.get_program())
            .args(strace.get_args())
            .current_dir(folder.path());
        assert!(!unlimited.status().unwrap().success());
        let text = fs::read_to_string(&log).unwrap();
        assert!(text.contains("+++ killed by SIG"), "{text}");
        assert!(!text.contains("core dumped"), "{text}");
        assert_eq!(cores(folder.path()), before);
    }
}

fn cores(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap();
    names
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .contains("core")
        })
        .count()
}

/// What `/proc/PID` shows of the process: no core, and nothing that is its user's to read.
#[test]
fn nobody_but_root_looks_into_the_process() {
    const USER: u32 = 65534;
    let node = Node::materialize(NODE);
    let rekindle = if geteuid().is_root() {
        let program = node.path().with_file_name("rekindle");
        fs::copy(command(node.path(), &[]).get_program(), &program).unwrap();
        node.shell(&format!("chown -R -h {USER}:{USER} ."));
        let mut setpriv = Command::new("setpriv");
        setpriv
            .args([format!("--reuid={USER}"), format!("--regid={USER}")])
            .arg("--clear-groups")
            .arg(program)
            .args(command(node.path(), &["check"]).get_args());
        setpriv
    } else {
        command(node.path(), &["check"])
    };
    let held = Held::start(rekindle);
    let process = Path::new("/proc").join(held.child.id().to_string());
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let limits = fs::read_to_string(process.join("limits")).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        let words: Vec<&str> = core.unwrap().split_whitespace().collect();
        // The folder is always root's where the process may not be looked into.
        let owner = fs::metadata(process.join("mem")).unwrap().uid();
        let is_running = fs::read(process.join("cmdline"))
            .unwrap()
            .windows(6)
            .any(|window| window == b"\0check");
        if is_running && words[4..6] == ["0", "0"] && owner == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{limits}, memory of {owner}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A process that cannot go on: nobody reads the pipe that it writes to, and the pipe is full.
struct Held {
    child: Child,
    _reader: std::io::PipeReader,
}

impl Held {
    fn start(mut command: Command) -> Self {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let size = fcntl(writer.as_fd(), FcntlArg::F_SETPIPE_SZ(4096)).unwrap();
        writer
            .write_all(&vec![0; usize::try_from(size).unwrap()])
            .unwrap();
        let child = command.stdin(Stdio::null()).stdout(writer).spawn().unwrap();
        Self {
            child,
            _reader: reader,
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last that needs a CA's key is the journal's certificate. From then on it is in no part of the memory, freed or not.
#[test]
fn when_the_first_file_is_replaced_no_ca_key_is_left_in_memory() {
    const RSA_NODE: &str = "rsa2048-stacked";
    if !geteuid().is_root() {
        println!("skipped: only root can look into the process");
        return;
    }
    let keys = [
        "ca.key",
        "etcd/ca.key",
        "front-proxy-ca.key",
        "apiserver.key",
    ];
    let found = |call: &str, arguments: &[&str]| -> Option<Vec<&str>> {
        let node = Node::materialize(RSA_NODE);
        let memory = memory_at(&node, call, arguments)?;
        let holds = |name: &&str| {
            let key = node.read(&format!("/etc/kubernetes/pki/{name}"));
            primes(&key).iter().any(|prime| is_in(&memory, prime))
        };
        Some(keys.into_iter().filter(holds).collect())
    };
    // When the state folder is made, the key is still needed: the search finds what it is looking for.
    let recover = ["recover", "--yes"];
    let Some(early) = found("mkdirat", &recover) else {
        return;
    };
    assert!(early.contains(&"ca.key"), "{early:?}");
    // With new keys the old one of the API server, too, is in its file and its backup alone.
    for arguments in [&recover[..], &["recover", "--yes", "--rekey"]] {
        let late = found("renameat", arguments).unwrap();
        assert_eq!(late, Vec::<&str>::new(), "{arguments:?}");
    }
}

/// All that the process could write to, at its first call of that name. `None` where nobody can trace.
fn memory_at(node: &Node, call: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let folder = temporary_folder();
    let log = folder.path().join("log");
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:signal=SIGSTOP:when=1");
    let mut strace = strace(&log, &["-e", &trace, "-e", &inject], node.path(), arguments)?;
    let mut child = strace.stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    let pid = loop {
        let text = fs::read_to_string(&log).unwrap_or_default();
        if let Some(line) = text
            .lines()
            .find(|line| line.contains("stopped by SIGSTOP"))
        {
            break line.split_whitespace().next().unwrap().parse().unwrap();
        }
        assert!(Instant::now() < deadline, "{text}");
        std::thread::sleep(Duration::from_millis(10));
    };
    let memory = writable_memory(pid);
    kill(Pid::from_raw(pid), Signal::SIGCONT).unwrap();
    assert!(child.wait().unwrap().success());
    Some(memory)
}

fn writable_memory(pid: i32) -> Vec<u8> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut file = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut memory = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (start, end) = words.next().unwrap().split_once('-').unwrap();
        if !words.next().unwrap().starts_with("rw") {
            continue;
        }
        let address = |text| u64::from_str_radix(text, 16).unwrap();
        file.seek(SeekFrom::Start(address(start))).unwrap();
        let length = address(end) - address(start);
        Read::by_ref(&mut file)
            .take(length)
            .read_to_end(&mut memory)
            .unwrap();
    }
    memory
}

/// A piece of each prime of an RSA key: as it is in the file, and as a processor of this kind keeps it.
fn primes(pem: &[u8]) -> Vec<[u8; 16]> {
    let text = std::str::from_utf8(pem).unwrap();
    let (der, _) = of_pem(text, "RSA PRIVATE KEY").unwrap();
    let fields = elements(elements(&der)[0].contents);
    let piece = |bytes: &[u8]| bytes[16..32].try_into().unwrap();
    // RFC 8017: version, modulus, two exponents, the primes.
    fields[4..6]
        .iter()
        .flat_map(|prime| {
            let mut reversed = prime.contents.to_vec();
            reversed.reverse();
            [piece(prime.contents), piece(&reversed)]
        })
        .collect()
}

fn is_in(memory: &[u8], piece: &[u8; 16]) -> bool {
    memory.windows(piece.len()).any(|window| window == piece)
}
