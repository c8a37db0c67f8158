//! Somebody who can write in the state folder, and has a key of his own.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

use rekindle::digest::Sha256Digest;
use rekindle::journal::{
    Act, Backup, Chain, Change, Event, FileIdentity, FileState, Log, Outcome, Storage,
};
use rekindle::pki::Authority;
use time::OffsetDateTime;

use crate::support::node::Node;
use crate::support::program::rekindle;

/// The node path of the folder of all journals.
pub const JOURNALS: &str = "/var/lib/rekindle/journal";

/// Lines as they are written.
#[derive(Clone, Default)]
pub struct Lines(pub Arc<Mutex<Vec<u8>>>);

impl Storage for Lines {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(())
    }

    fn append_durably(&mut self, line: &[u8]) -> io::Result<()> {
        self.append(line)
    }
}

impl Lines {
    /// Puts them down as the journal of that run.
    pub fn write(&self, node: &Node, run: &str) {
        let file = node.file(&format!("{JOURNALS}/{run}.jsonl"));
        fs::write(&file, &*self.0.lock().unwrap()).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// The one journal of the node, and the run whose it is.
pub fn genuine(node: &Node) -> (Chain, String) {
    let bytes = node.read(&format!("{JOURNALS}/{}.jsonl", run_of(node)));
    (Chain::read(&bytes).unwrap().unwrap(), run_of(node))
}

pub fn run_of(node: &Node) -> String {
    let list = rekindle(node.path(), &["journal", "list"]).expect(0).stdout;
    list.lines()
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .to_owned()
}

/// A journal beside that of a completed run, by which `target` was replaced, and what was there before lies at `copy`. Its key
/// is anybody's, certified by `authority` if there is one.
pub fn forge(node: &Node, target: &str, copy: &str, authority: Option<&Authority>) {
    forge_with(node, target, copy, authority, None);
}

/// The same, with something announced that is to be undone.
pub fn forge_with(
    node: &Node,
    target: &str,
    copy: &str,
    authority: Option<&Authority>,
    act: Option<Act>,
) {
    let (chain, _) = genuine(node);
    let now = OffsetDateTime::now_utc();
    let run = "20991231T000000.000Z-abcdef";
    let mut circumstances = chain.genesis().circumstances.clone();
    run.clone_into(&mut circumstances.run.id);
    circumstances.folders = vec![target.rsplit_once('/').unwrap().0.to_owned()];
    let lines = Lines::default();
    let mut log = Log::begin(Box::new(lines.clone()), circumstances, authority, now).unwrap();
    let digest = |path: &str| Sha256Digest::of(&node.read(path));
    let backup = Backup {
        path: copy.replace("RUN", run),
        identity: FileIdentity::Sha256(digest(&copy.replace("RUN", run))),
    };
    let change = Change {
        name: "apiserver".to_owned(),
        location: "pki-file".to_owned(),
        target: target.to_owned(),
        before: Some(FileState::File(backup.identity)),
        after: FileState::File(FileIdentity::Sha256(digest(target))),
        certificate: None,
        mode: "0644".to_owned(),
        uid: 0,
        gid: 0,
        backup: Some(backup.clone()),
    };
    let prepared = [
        Event::BackedUp {
            change: 0,
            path: backup.path,
            identity: backup.identity,
        },
        Event::Staged {
            change: 0,
            temporary: format!("{target}.new"),
            identity: FileIdentity::Sha256(digest(target)),
        },
    ];
    for event in prepared {
        log.append(event, now).unwrap();
    }
    log.commit(vec![change], Vec::new(), now).unwrap();
    let intent = log.intend(0, now).unwrap();
    log.outcome(intent, Outcome::Done, now).unwrap();
    if let Some(act) = act {
        let intent = log.intend_act(act, now).unwrap();
        log.acted(intent, now).unwrap();
    }
    lines.write(node, run);
}
