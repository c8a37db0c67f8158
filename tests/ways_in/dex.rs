//! A real Dex beside the API server: people with passwords, groups, and tokens.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::api_server::{ApiServer, rehearsal_cache};
use super::support::node::project;

/// Its issuer: on the machine of the API server.
pub const ISSUER: &str = "https://127.0.0.1:5556/dex";
/// The certificate that it is believed by, a node path.
pub const AUTHORITY: &str = "/etc/kubernetes/pki/dex-ca.crt";

/// Jane's password is `password`.
const CONFIGURATION: &str = "
issuer: https://127.0.0.1:5556/dex
storage: {type: memory}
web: {https: 127.0.0.1:5556, tlsCert: /etc/kubernetes/pki/dex-ca.crt, tlsKey: /etc/kubernetes/dex.key}
oauth2: {passwordConnector: local, skipApprovalScreen: true}
staticClients: [{id: kubernetes, name: kubectl, public: true, redirectURIs: [http://localhost:8000]}]
enablePasswordDB: true
staticPasswords:
- email: jane@example.test
  hash: '$2a$10$abcdefghijklmnopqrstuu5Lo0g67CiD3M4RpN1BmBb4Crp5w7dbK'
  username: jane
  userID: 1f3a
  groups: [developers, admins]
";

/// Where the program is: what `tests/rehearsal/components/dex` pins, built once and kept; `None`, with a line that says why, where it
/// cannot be had.
pub fn program() -> Option<&'static Path> {
    // Once, whichever test asks first: two that build would write one and the same unfinished file.
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match PROGRAM.get_or_init(build) {
        Ok(program) => Some(program),
        Err(why) => {
            println!("skipped: {why}");
            None
        }
    }
}

fn build() -> Result<PathBuf, String> {
    let module = project().join("tests/rehearsal/components/dex");
    let pinned = std::fs::read_to_string(module.join("go.mod")).unwrap();
    let version = pinned
        .lines()
        .find_map(|line| line.strip_prefix("require github.com/dexidp/dex "))
        .unwrap();
    let cache = rehearsal_cache().ok_or("no folder for caches is known, so there is no Dex")?;
    let folder = cache.join(format!("dex-{version}"));
    let program = folder.join("dex");
    if program.is_file() {
        return Ok(program);
    }
    let unfinished = folder.join(format!("dex.{}", std::process::id()));
    let built = Command::new("go")
        .args(["build", "-trimpath", "-ldflags=-s -w", "-o"])
        .arg(&unfinished)
        .arg("github.com/dexidp/dex/cmd/dex")
        .current_dir(module)
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-mod=readonly -buildvcs=false")
        .output()
        .map_err(|error| format!("no Dex, and no go to build it: {error}"))?;
    if !built.status.success() {
        let said = String::from_utf8_lossy(&built.stderr);
        return Err(format!("Dex cannot be built: {said}"));
    }
    std::fs::rename(unfinished, &program).unwrap();
    Ok(program)
}

/// Writes its configuration and its certificate.
pub fn prepare(server: &ApiServer) {
    let node = server.machine().node();
    node.shell(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dex \
         -addext subjectAltName=IP:127.0.0.1 -keyout etc/kubernetes/dex.key -out etc/kubernetes/pki/dex-ca.crt 2>/dev/null",
    );
    server.write("/etc/kubernetes/dex.yaml", CONFIGURATION);
}

/// Starts it, and waits until it answers.
pub fn start(server: &ApiServer, program: &Path) {
    server.serve(
        "dex",
        &format!("'{}' serve /etc/kubernetes/dex.yaml", program.display()),
    );
    server.machine().shell(&format!(
        "for attempt in {{1..300}}; do curl -s -m 5 -o /dev/null --cacert {AUTHORITY} {ISSUER}/keys && exit 0; sleep 0.1; done; \
         cat /run/dex.log; exit 1"
    ));
}

/// A token for Jane, by her password.
pub fn token(server: &ApiServer) -> String {
    let said = server.machine().shell(&format!(
        "curl -s -m 20 --cacert {AUTHORITY} {ISSUER}/token -d grant_type=password -d client_id=kubernetes \
         -d 'scope=openid email groups' -d username=jane@example.test -d password=password"
    ));
    let answer: serde_json::Value = serde_json::from_str(&said).unwrap();
    answer["id_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{said}"))
        .to_owned()
}
