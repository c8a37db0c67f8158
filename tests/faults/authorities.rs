//! Nodes whose authorities have expired, or whose authorities' keys are elsewhere: as templates for the sweeps.

use std::path::Path;

use crate::support::program::{Run, binary, rekindle};
use crate::template::Template;

/// New dates for every authority.
const REISSUE: [&str; 5] = [
    "ca",
    "reissue",
    "--yes",
    "--confirm",
    "ca,etcd-ca,front-proxy-ca",
];

/// The same authorities, expired five days ago, in every file that has them.
const EXPIRE: &str = "cd etc/kubernetes
    for name in ca etcd/ca front-proxy-ca; do
        new=$(faketime -f -3660d openssl x509 -days 3655 -set_serial 4096 -in pki/$name.crt -signkey pki/$name.key)
        printf '%s\n' \"$new\" >pki/$name.crt
    done
    data=$(base64 -w 0 <pki/ca.crt)
    for file in *.conf; do
        sed \"s|certificate-authority-data: .*|certificate-authority-data: $data|\" $file >../edited
        cat ../edited >$file
    done
    rm ../edited";

/// The node of that name, its authorities expired.
pub fn expired(name: &'static str) -> Template {
    Template::new(name, name, &REISSUE, Some(EXPIRE))
}

/// The node of that name, which has asked for its certificates, and the answer to that.
pub fn kept_elsewhere(name: &'static str) -> Template {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("elsewhere-{name}"));
    let (place, program) = (place.display(), binary());
    let script = format!(
        "rm -rf '{place}'; mkdir -p '{place}/ca/etcd' '{place}/requests'
         for name in ca etcd/ca front-proxy-ca; do
             cp -p etc/kubernetes/pki/$name.crt '{place}/ca/'$name.crt
             mv etc/kubernetes/pki/$name.key '{place}/ca/'$name.key
         done
         program='{}'
         \"$program\" --root . csr export --out '{place}/requests' >'{place}/said'
         seal=$(sed -n 's/^Sealed by sha256://p' '{place}/said')
         \"$program\" csr sign '{place}/requests/requests.rekindle' --ca-dir '{place}/ca' --expect \"$seal\" --yes --out '{place}/answer' >/dev/null",
        program.display()
    );
    let answer: &'static str = format!("{place}/answer").leak();
    let arguments: &'static [&'static str] = vec!["csr", "import", answer, "--yes"].leak();
    Template::new(name, name, arguments, Some(&script))
}

/// Whether whoever begins a run on the node can vouch for its journal.
pub fn has_cluster_key(root: &Path) -> bool {
    root.join("etc/kubernetes/pki/ca.key").exists()
}

/// The verdict on a journal; where nobody could vouch for it, by the fingerprints of its keys.
pub fn verified(root: &Path, run: &str) -> Run {
    let told = rekindle(root, &["journal", "verify", run]);
    if has_cluster_key(root) || !told.stdout.starts_with("NOT ANCHORED\n") {
        return told;
    }
    let keys = told.stdout.lines().filter_map(|line| {
        let key = line.trim_start().strip_prefix("signed by sha256:")?;
        Some(["--key", key])
    });
    let arguments: Vec<&str> = ["journal", "verify", run]
        .into_iter()
        .chain(keys.flatten())
        .collect();
    rekindle(root, &arguments)
}
