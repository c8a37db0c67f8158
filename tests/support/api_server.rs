//! A real kube-apiserver with a real etcd behind it, on a machine of its own (network, mounts, processes), started with the very
//! command line of the node's manifest. Each test program may start several: none sees another.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::machine::Machine;
use super::node::{Node, project};
use super::program::{Run, rekindle};

/// Where the manifest of the node is.
pub const MANIFEST: &str = "/etc/kubernetes/manifests/kube-apiserver.yaml";
/// The node that it runs on.
pub const NODE: &str = "ecdsa-p256-stacked";
/// Where that node's API server serves.
pub const SERVER: &str = "https://192.0.2.10:6443";
/// What it is asked when somebody wants to know whom it takes them for, and where.
pub const REVIEW: &str = r#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#;
/// The path that takes it.
pub const REVIEWS: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
/// A real one is there after some five seconds; a busy machine takes its time.
const PATIENCE: Duration = Duration::from_mins(2);

/// Ends when dropped.
pub struct ApiServer {
    machine: Machine,
    programs: PathBuf,
    /// The manifest as the node had it.
    manifest: String,
}

/// What somebody shows to the API server, and whom it says it speaks for.
#[derive(Debug, Clone, Copy)]
pub struct Credential<'a> {
    /// The node paths of a certificate and its key, PEM.
    pub certificate: Option<(&'a str, &'a str)>,
    /// A bearer token.
    pub token: Option<&'a str>,
    /// Further headers, `Name: value`.
    pub headers: &'a [&'a str],
}

/// What it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP; 0 where there was no answer, as for a handshake that was refused.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Nothing at all.
pub const NOBODY: Credential<'static> = Credential {
    certificate: None,
    token: None,
    headers: &[],
};

/// Whoever shows that token, and nothing else.
pub fn bearer(token: &str) -> Credential<'_> {
    Credential {
        token: Some(token),
        ..NOBODY
    }
}

/// A client of the cluster's authority that may little: the API server's own at the kubelets.
pub const CLIENT: Credential<'static> = Credential {
    certificate: Some((
        "/etc/kubernetes/pki/apiserver-kubelet-client.crt",
        "/etc/kubernetes/pki/apiserver-kubelet-client.key",
    )),
    token: None,
    headers: &[],
};

impl ApiServer {
    /// A node whose certificates were renewed, with its etcd running; `None`, with a line that says why, where there are no
    /// programs or no namespaces.
    pub fn prepare() -> Option<Self> {
        Self::prepare_with(&[])
    }

    /// The same, where these programs of Kubernetes are there too.
    pub fn prepare_with(further: &[&str]) -> Option<Self> {
        let needed = [&["kube-apiserver", "etcd", "kubectl"], further].concat();
        let Some(programs) = programs(&needed) else {
            println!(
                "skipped: neither KUBE_BIN_DIR nor the cache of the rehearsals has all of {}",
                needed.join(", ")
            );
            return None;
        };
        let node = Node::materialize_with_room(NODE);
        rekindle(node.path(), &["recover", "--yes"]).expect(0);
        let manifest = String::from_utf8(node.read(MANIFEST)).unwrap();
        let machine = Machine::boot(node)?;
        let server = Self {
            machine,
            programs,
            manifest,
        };
        server.launch("etcd");
        Some(server)
    }

    /// The machine that it runs on: `machine().node()` has its files, as they are seen from outside.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The folder of kube-apiserver, etcd, kubectl, and of what else was asked for.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// `rekindle --root NODE ARGUMENTS`.
    pub fn rekindle(&self, arguments: &[&str]) -> Run {
        rekindle(self.machine.node().path(), arguments)
    }

    /// Writes the manifest that the node had, with these flags more (`name=value`) and without those of these names.
    pub fn set_flags(&self, more: &[&str], without: &[&str]) {
        let manifest = with_flags(&self.manifest, more, without);
        self.machine.node().write(MANIFEST, manifest);
    }

    /// Writes a file at a node path, for root alone.
    pub fn write(&self, path: &str, text: &str) {
        self.machine.node().write_private(path, text);
    }

    /// Starts it with the flags of the manifest, once more if it runs, and waits until one of these is let to `/readyz`.
    ///
    /// # Panics
    /// If it ends, or is not ready in time; with what it said last.
    #[track_caller]
    pub fn start(&self, known: &[Credential<'_>]) {
        self.stop();
        self.launch("kube-apiserver");
        let begin = Instant::now();
        loop {
            if known
                .iter()
                .any(|who| self.get("/readyz", *who).status == 200)
            {
                return;
            }
            let is_alive = self.is_alive("kube-apiserver");
            assert!(
                is_alive && begin.elapsed() < PATIENCE,
                "it is not ready{}:\n{}",
                if is_alive { "" } else { ", and has ended" },
                self.last_words()
            );
            sleep(Duration::from_millis(100));
        }
    }

    /// Starts it, and waits for it to give up by itself: what it said last.
    #[track_caller]
    pub fn start_in_vain(&self) -> String {
        self.stop();
        self.launch("kube-apiserver");
        let begin = Instant::now();
        while self.is_alive("kube-apiserver") {
            assert!(
                begin.elapsed() < PATIENCE,
                "it runs:\n{}",
                self.last_words()
            );
            sleep(Duration::from_millis(100));
        }
        self.last_words()
    }

    /// Ends it, if it runs.
    pub fn stop(&self) {
        self.machine.shell(
            "[ -e /run/kube-apiserver.pid ] || exit 0\n\
             kill \"$(cat /run/kube-apiserver.pid)\" 2>/dev/null || exit 0\n\
             while kill -0 \"$(cat /run/kube-apiserver.pid)\" 2>/dev/null; do sleep 0.05; done",
        );
    }

    /// The answer to `GET path`.
    pub fn get(&self, path: &str, who: Credential<'_>) -> Answer {
        self.ask(&["--request", "GET"], path, who)
    }

    /// Whom it takes somebody for: the answer to a `SelfSubjectReview`, 201 with user and groups for whoever is known.
    pub fn who_is(&self, who: Credential<'_>) -> Answer {
        self.ask(
            &[
                "--header",
                "Content-Type: application/json",
                "--data",
                REVIEW,
            ],
            REVIEWS,
            who,
        )
    }

    /// Runs kubectl as the administrator who is above RBAC, and expects it to succeed: what it said.
    #[track_caller]
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        let server = format!("--server={SERVER}");
        let mut all = vec!["--kubeconfig=/etc/kubernetes/super-admin.conf", &server];
        all.extend(arguments);
        let command = self.machine.command(&self.programs.join("kubectl"), &all);
        Run::of(command).expect(0).stdout
    }

    /// The same with a manifest of objects to be applied.
    #[track_caller]
    pub fn apply(&self, objects: &str) {
        self.write("/etc/kubernetes/objects.yaml", objects);
        self.kubectl(&["apply", "--filename=/etc/kubernetes/objects.yaml"]);
        std::fs::remove_file(self.machine.node().file("/etc/kubernetes/objects.yaml")).unwrap();
    }

    /// Starts a program there that serves something, until the machine ends; what it says is in `/run/NAME.log`.
    pub fn serve(&self, name: &str, command: &str) {
        let script =
            format!("{command} >/run/{name}.log 2>&1 </dev/null & echo $! >/run/{name}.pid");
        self.machine.shell(&script);
    }

    fn ask(&self, options: &[&str], path: &str, who: Credential<'_>) -> Answer {
        let url = format!("{SERVER}{path}");
        let mut all = vec!["--silent", "--cacert", "/etc/kubernetes/pki/ca.crt"];
        all.extend(["--max-time", "20", "--write-out", "\n%{http_code}"]);
        all.extend(options);
        if let Some((certificate, key)) = who.certificate {
            all.extend(["--cert", certificate, "--key", key]);
        }
        let bearer = who
            .token
            .map(|token| format!("Authorization: Bearer {token}"));
        for header in who.headers.iter().copied().chain(bearer.as_deref()) {
            all.extend(["--header", header]);
        }
        all.push(&url);
        let output = self
            .machine
            .command(Path::new("curl"), &all)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = said.rsplit_once('\n').unwrap();
        Answer {
            status: status.parse().unwrap(),
            body: body.to_owned(),
        }
    }

    /// Starts a component as its manifest says.
    fn launch(&self, component: &str) {
        let program = self.programs.join(component);
        self.machine.shell(&format!(
            "mapfile -t flags < <(sed -n '/^  - command:$/,/^    image:/s/^    - --/--/p' /etc/kubernetes/manifests/{component}.yaml)\n\
             '{}' \"${{flags[@]}}\" >/run/{component}.log 2>&1 </dev/null & echo $! >/run/{component}.pid",
            program.display()
        ));
    }

    fn is_alive(&self, component: &str) -> bool {
        let script =
            format!("kill -0 \"$(cat /run/{component}.pid)\" 2>/dev/null && echo yes || echo no");
        self.machine.shell(&script) == "yes\n"
    }

    /// The last lines of its log.
    fn last_words(&self) -> String {
        self.machine.shell("tail -n 15 /run/kube-apiserver.log")
    }
}

/// A manifest of the API server with these flags more (`name=value`) and without those of these names.
pub fn with_flags(manifest: &str, more: &[&str], without: &[&str]) -> String {
    let mut text = String::new();
    for line in manifest.lines() {
        let flag = line.trim_start().strip_prefix("- --");
        let name = flag.map(|flag| flag.split_once('=').map_or(flag, |(name, _)| name));
        if name.is_some_and(|name| without.contains(&name)) {
            continue;
        }
        text.push_str(line);
        text.push('\n');
        if line == "    - kube-apiserver" {
            for flag in more {
                text.extend(["    - --", flag, "\n"]);
            }
        }
    }
    text
}

/// Where the rehearsals keep their programs; `None` where no folder for caches is known.
pub fn rehearsal_cache() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    Some(cache.or(home)?.join("rekindle/rehearsal"))
}

/// The folder that has all of these: where `KUBE_BIN_DIR` says, else the rehearsals' (`tests/rehearsal/binaries.sh`) of the
/// release that the node runs, or the newest.
pub fn programs(needed: &[&str]) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("KUBE_BIN_DIR") {
        return has_all(Path::new(&folder), needed).then(|| folder.into());
    }
    let folders = std::fs::read_dir(rehearsal_cache()?).ok()?;
    let mut folders: Vec<PathBuf> = folders
        .map(|folder| folder.unwrap().path())
        .filter(|folder| has_all(folder, needed))
        .collect();
    folders.sort();
    let manifest = project()
        .join("testdata/nodes")
        .join(NODE)
        .join(&MANIFEST[1..]);
    let manifest = std::fs::read_to_string(manifest).unwrap();
    let version = manifest
        .split("kube-apiserver:")
        .nth(1)?
        .lines()
        .next()?
        .to_owned();
    let begin = format!("kubernetes-{version}-");
    let own = folders.iter().find(|folder| {
        let name = folder.file_name().unwrap().to_str().unwrap();
        name.starts_with(&begin)
    });
    own.or(folders.last()).cloned()
}

fn has_all(folder: &Path, needed: &[&str]) -> bool {
    needed.iter().all(|program| folder.join(program).is_file())
}
