//! A cluster's authority and a journal of a whole recovery, in memory.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use rekindle::digest::Sha256Digest;
use rekindle::journal::{
    Backup, CertificateChange, CertificateFacts, Change, Checkpoint, Circumstances, Clocks, Closed,
    Defect, Event, FileIdentity, FileState, Host, Log, Operator, Outcome, Run, RunOutcome, Setting,
    Storage, Tool, Trust, Verdict, verify,
};
use rekindle::pki::{
    Attribute, Authority, Certificate, ExtendedKeyUsage, KeyAlgorithm, KeyUsage, PrivateKey,
    SerialNumber, Specification, Validity, generate, issue, issue_authority,
};
use time::OffsetDateTime;
use time::macros::datetime;

pub const NOW: OffsetDateTime = datetime!(2026-11-24 03:12:45.678901 UTC);
const YEAR: std::time::Duration = std::time::Duration::from_hours(24 * 365);

/// A journal file that lives in memory.
#[derive(Clone, Default)]
pub struct Memory(pub Arc<Mutex<Vec<u8>>>);

impl Memory {
    /// What the file holds.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Storage for Memory {
    fn append_durably(&mut self, line: &[u8]) -> io::Result<()> {
        self.append(line)
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(())
    }
}

/// A journal, and who vouches for it.
pub struct Fixture {
    pub authority: Authority,
    /// The keys of attempts without a certificate.
    pub keys: Vec<Sha256Digest>,
    pub bytes: Vec<u8>,
    pub closed: Closed,
}

/// A recovery that came to its end at the first attempt. The same for all tests.
pub static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let authority = authority();
    let (bytes, closed) = recovery(Some(&authority));
    Fixture {
        authority,
        keys: Vec::new(),
        bytes,
        closed,
    }
});

impl Fixture {
    pub fn verify(&self, bytes: &[u8]) -> Verdict {
        self.verify_expecting(bytes, &[])
    }

    /// Judges a journal of which checkpoints were kept elsewhere.
    pub fn verify_expecting(&self, bytes: &[u8], expected: &[Checkpoint]) -> Verdict {
        let authorities = [self.authority.certificate().clone()];
        let trust = Trust {
            authorities: &authorities,
            keys: &self.keys,
            expected,
        };
        verify(bytes, &trust)
    }

    /// The lines, each with its newline.
    pub fn lines(&self) -> Vec<&[u8]> {
        self.bytes.split_inclusive(|byte| *byte == b'\n').collect()
    }
}

/// Trust in these authorities alone.
pub fn believing(authorities: &[Certificate]) -> Trust<'_> {
    Trust {
        authorities,
        ..Trust::default()
    }
}

/// Trust in this key alone.
pub fn believing_key(key: &Sha256Digest) -> Trust<'_> {
    Trust {
        keys: std::slice::from_ref(key),
        ..Trust::default()
    }
}

pub fn authority() -> Authority {
    let generated = generate(KeyAlgorithm::EcdsaP256).unwrap();
    let specification = Specification {
        subject: vec![(Attribute::CommonName, "kubernetes".to_owned())],
        dns_names: vec!["kubernetes".to_owned()],
        key_usages: vec![
            KeyUsage::DigitalSignature,
            KeyUsage::KeyEncipherment,
            KeyUsage::CertificateSign,
        ],
        ..Specification::default()
    };
    let validity = Validity::starting_at(NOW - YEAR * 2, YEAR * 10, None);
    let serial = SerialNumber::random().unwrap();
    let certificate =
        issue_authority(&specification, &generated.private_key, &validity, &serial).unwrap();
    Authority::new(&[certificate], generated.private_key, NOW).unwrap()
}

/// A client certificate as kubeadm's, for any key.
pub fn client_certificate(authority: &Authority, public_key_der: &[u8]) -> Certificate {
    let specification = Specification {
        subject: vec![
            (Attribute::Organization, "kubeadm:cluster-admins".to_owned()),
            (Attribute::CommonName, "kubernetes-admin".to_owned()),
        ],
        key_usages: vec![KeyUsage::DigitalSignature, KeyUsage::KeyEncipherment],
        extended_key_usages: vec![ExtendedKeyUsage::ClientAuth],
        ..Specification::default()
    };
    let validity = Validity::starting_at(NOW, YEAR, Some(authority.certificate()));
    let serial = SerialNumber::random().unwrap();
    issue(
        &specification,
        public_key_der,
        authority,
        &validity,
        &serial,
    )
    .unwrap()
}

pub fn circumstances() -> Circumstances {
    Circumstances {
        run: Run {
            id: "20261124T031245Z-7f3a".to_owned(),
            counter: 3,
            previous_checkpoint: None,
        },
        setting: setting("recover"),
        root: "/".to_owned(),
        inventory_digest: Some(Sha256Digest::of(b"inventory")),
        folders: vec!["/etc/kubernetes/pki".to_owned()],
        new_folders: Vec::new(),
        homes: Vec::new(),
        plan: vec!["renew apiserver".to_owned()],
    }
}

/// Who uses that verb, where, when and why.
pub fn setting(verb: &str) -> Setting {
    Setting {
        host: Host {
            name: "cp-1".to_owned(),
            machine_id: Some("0f7c3a52d0e94b8f8a4b1c6f6f0a2d11".to_owned()),
            boot_id: None,
        },
        tool: Tool {
            version: "0.1.0".to_owned(),
            sha256: Some(Sha256Digest::of(b"binary")),
        },
        arguments: vec![verb.to_owned(), "--yes".to_owned()],
        operator: Operator {
            uid: 0,
            loginuid: Some(1000),
            sudo_user_claimed: Some("anna".to_owned()),
        },
        reason: Some("full expiry \u{2013} \"all\"\nof it".to_owned()),
        ticket: Some("INC-4711".to_owned()),
        clocks: Clocks {
            wall: NOW,
            monotonic: "18446744073709551616".to_owned(),
            boot_time: datetime!(2026-11-20 08:00 UTC),
        },
    }
}

/// Renewed certificate files, and the kubelet's link at the end.
pub fn changes(authority: Option<&Authority>) -> Vec<Change> {
    let names = [
        "apiserver",
        "apiserver-kubelet-client",
        "front-proxy-client",
        "etcd-server",
        "admin.conf",
        "scheduler.conf",
    ];
    let facts = authority.map(|authority| {
        let key = PrivateKey::generate_ed25519().unwrap();
        CertificateFacts::from(&client_certificate(authority, key.public_key_der()))
    });
    let mut changes: Vec<Change> = names
        .iter()
        .map(|name| {
            let before = Sha256Digest::of(name.as_bytes());
            Change {
                name: (*name).to_owned(),
                location: "pki-file".to_owned(),
                target: format!("/etc/kubernetes/pki/{name}"),
                before: Some(FileState::File(FileIdentity::Sha256(before))),
                after: FileState::File(FileIdentity::Sha256(Sha256Digest::of(before.as_bytes()))),
                certificate: facts.clone().map(|facts| CertificateChange {
                    before: Some(facts.clone()),
                    after: facts,
                }),
                mode: "0644".to_owned(),
                uid: 0,
                gid: 0,
                backup: Some(Backup {
                    path: format!("/var/lib/rekindle/backup/{name}"),
                    identity: FileIdentity::Sha256(before),
                }),
            }
        })
        .collect();
    changes.push(Change {
        name: "kubelet".to_owned(),
        location: "kubelet-client".to_owned(),
        target: "/var/lib/kubelet/pki/kubelet-client-current.pem".to_owned(),
        before: Some(FileState::Symlink("kubelet-client-old.pem".to_owned())),
        after: FileState::Symlink("kubelet-client-new.pem".to_owned()),
        certificate: None,
        mode: "0777".to_owned(),
        uid: 0,
        gid: 0,
        backup: None,
    });
    changes
}

/// The manifests that are touched afterwards.
pub fn touches() -> Vec<String> {
    ["etcd.yaml", "kube-apiserver.yaml"]
        .map(|manifest| format!("/etc/kubernetes/manifests/{manifest}"))
        .to_vec()
}

pub fn begin(authority: Option<&Authority>) -> (Log, Memory) {
    let memory = Memory::default();
    let log = Log::begin(Box::new(memory.clone()), circumstances(), authority, NOW).unwrap();
    (log, memory)
}

/// Records that every change is ready.
pub fn stage(log: &mut Log, changes: &[Change]) {
    for (number, change) in changes.iter().enumerate() {
        if let FileState::File(identity) = change.after {
            let staged = Event::Staged {
                change: number,
                temporary: format!("{}.new", change.target),
                identity,
            };
            log.append(staged, NOW).unwrap();
        }
        if let Some(backup) = &change.backup {
            let backed_up = Event::BackedUp {
                change: number,
                path: backup.path.clone(),
                identity: backup.identity,
            };
            log.append(backed_up, NOW).unwrap();
        }
    }
}

/// A recovery up to its commit.
pub fn committed(authority: Option<&Authority>) -> (Log, Memory) {
    let (mut log, memory) = begin(authority);
    let changes = changes(authority);
    stage(&mut log, &changes);
    log.commit(changes, touches(), NOW).unwrap();
    (log, memory)
}

/// Makes a committed change.
pub fn make(log: &mut Log, change: usize, at: OffsetDateTime) {
    let intent = log.intend(change, at).unwrap();
    log.outcome(intent, Outcome::Done, at).unwrap();
}

/// Sets the times that are still to be set.
pub fn touch(log: &mut Log, at: OffsetDateTime) {
    let untouched: Vec<String> = log.chain().untouched().map(str::to_owned).collect();
    for path in untouched {
        let before = datetime!(2025-11-23 10:00 UTC);
        let intent = log.intend_touch(path, before, at).unwrap();
        log.touched(intent, at, at).unwrap();
    }
}

/// A whole recovery, about forty lines long.
pub fn recovery(authority: Option<&Authority>) -> (Vec<u8>, Closed) {
    let (mut log, memory) = committed(authority);
    let mut at = NOW;
    for number in 0..log.chain().changes().unwrap().len() {
        at += time::Duration::milliseconds(7);
        make(&mut log, number, at);
    }
    touch(&mut log, at);
    let left = Event::Left {
        name: "apiserver-etcd-client".to_owned(),
        reason: "the key of its authority is not on this node".to_owned(),
        needs: "a certificate from whoever runs etcd".to_owned(),
    };
    log.append(left, at).unwrap();
    let closed = log.close(RunOutcome::Completed, at).unwrap();
    let bytes = memory.bytes();
    (bytes, closed)
}

/// What is wrong with a journal that was tampered with.
pub fn defect_of(verdict: Verdict) -> Defect {
    match verdict {
        Verdict::Tampered { defect, .. } => defect,
        other => panic!("{other:?}"),
    }
}
