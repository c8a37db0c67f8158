//! How fast a long journal is verified, and the floor under that: the bare signatures of its lines. `scripts/bench` compares both, and
//! measures the program on the same file.
//!
//! Usage: `journal FILE RECORDS ROUNDS`. Writes to FILE, which must not exist yet, a journal of about so many records: of a recovery of
//! four hundred files that fails and is tried again many times, with as many bytes a record as a real one. Prints how many records it has and the fingerprint of the key that signed it; then a line for each round: the
//! microseconds on the processor of the library's whole verdict, of the signatures alone by the same crate (ed25519-dalek), and of
//! the signatures alone by ring.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, run by hand in a scratch folder"
)]

use std::error::Error;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Verifier as _};
use nix::sys::time::TimeValLike as _;
use nix::time::ClockId;
use rekindle::digest::Sha256Digest;
use rekindle::journal::{
    Backup, CertificateChange, CertificateFacts, Change, Circumstances, Clocks, Event,
    FileIdentity, FileState, Host, Log, Operator, Outcome, Run, RunOutcome, Setting, Storage, Tool,
    Trust, Verdict, verify,
};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-24 03:12:45.678901 UTC);

/// The lines, in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Storage for Memory {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.extend_from_slice(line);
        Ok(())
    }

    fn append_durably(&mut self, line: &[u8]) -> io::Result<()> {
        self.append(line)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo's `--bench` comes last and is not needed.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [file, records, rounds] = arguments.as_slice() else {
        return Err("usage: journal FILE RECORDS ROUNDS".into());
    };
    let (bytes, key) = recovery(records.parse()?)?;
    std::fs::File::create_new(file)?.write_all(&bytes)?;
    let signed = signed(&bytes)?;
    println!("{} {key}", signed.lines.len());
    for _ in 0..rounds.parse()? {
        let whole = timed(|| judge(&bytes, key))?;
        let by_dalek = timed(|| signed.verify_with_dalek())?;
        let by_ring = timed(|| signed.verify_with_ring())?;
        println!("{whole} {by_dalek} {by_ring}");
    }
    Ok(())
}

/// The time on the processor, of one thread: what others do on this machine meanwhile is not in it.
fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<i64, Box<dyn Error>> {
    let clock = ClockId::CLOCK_THREAD_CPUTIME_ID;
    let start = clock.now()?;
    work()?;
    Ok((clock.now()? - start).num_microseconds())
}

/// All that the library checks.
fn judge(bytes: &[u8], key: Sha256Digest) -> Result<(), Box<dyn Error>> {
    let trust = Trust {
        keys: &[key],
        ..Trust::default()
    };
    match verify(bytes, &trust) {
        Verdict::Complete { .. } => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

// --- the signatures alone ---------------------------------------------------------------------------------------------------------

/// A line as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'line> {
    payload_type: &'line str,
    payload: &'line str,
    #[serde(borrow)]
    signatures: [LineSignature<'line>; 1],
}

#[derive(Deserialize)]
struct LineSignature<'line> {
    sig: &'line str,
}

/// What was signed, and the signatures.
struct Signed {
    key: Vec<u8>,
    lines: Vec<(Vec<u8>, Vec<u8>)>,
}

fn signed(bytes: &[u8]) -> Result<Signed, Box<dyn Error>> {
    let (mut lines, mut key) = (Vec::new(), None);
    for line in bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let line: Line<'_> = serde_json::from_slice(line)?;
        let payload = STANDARD.decode(line.payload)?;
        if key.is_none() {
            let genesis: serde_json::Value = serde_json::from_slice(&payload)?;
            let spki = genesis
                .pointer("/event/key/spki")
                .and_then(serde_json::Value::as_str);
            key = Some(STANDARD.decode(spki.ok_or("no key")?)?);
        }
        let kind = line.payload_type;
        let mut message = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
        message.extend(payload);
        lines.push((message, STANDARD.decode(line.signatures[0].sig)?));
    }
    // All of an Ed25519 SPKI but the key itself has 12 bytes.
    let key = key.ok_or("no line")?.split_off(12);
    Ok(Signed { key, lines })
}

impl Signed {
    fn verify_with_dalek(&self) -> Result<(), Box<dyn Error>> {
        let key = ed25519_dalek::VerifyingKey::try_from(self.key.as_slice())?;
        for (message, signature) in &self.lines {
            key.verify(message, &Signature::from_slice(signature)?)?;
        }
        Ok(())
    }

    fn verify_with_ring(&self) -> Result<(), Box<dyn Error>> {
        let key = UnparsedPublicKey::new(&ED25519, &self.key);
        for (message, signature) in &self.lines {
            key.verify(message, signature)
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

// --- a long journal ---------------------------------------------------------------------------------------------------------------

/// How many files are replaced: the line of the commit has nearly the length that a line may have.
const CHANGES: usize = 400;

/// A journal of about so many records, and the fingerprint of its key.
fn recovery(records: usize) -> Result<(Vec<u8>, Sha256Digest), Box<dyn Error>> {
    let memory = Memory::default();
    let changes: Vec<Change> = (0..CHANGES).map(change).collect();
    let mut log = Log::begin(Box::new(memory.clone()), circumstances(), None, NOW)?;
    for (number, change) in changes.iter().enumerate() {
        let (FileState::File(identity), Some(backup)) = (&change.after, &change.backup) else {
            continue;
        };
        let backed_up = Event::BackedUp {
            change: number,
            path: backup.path.clone(),
            identity: backup.identity,
        };
        log.append(backed_up, NOW)?;
        let staged = Event::Staged {
            change: number,
            temporary: format!("{}.rekindle", change.target),
            identity: *identity,
        };
        log.append(staged, NOW)?;
    }
    log.commit(changes, Vec::new(), NOW)?;
    // Two records for each file before the commit, and two behind it.
    let tries = (records / 2).saturating_sub(2 * CHANGES);
    for change in (0..CHANGES).cycle().take(tries) {
        let intent = log.intend(change, NOW)?;
        let failure = Outcome::Failed {
            step: format!("replace {}", intent.target().display()),
            error: "the disk said no; ".repeat(48),
        };
        log.outcome(intent, failure, NOW)?;
    }
    for change in 0..CHANGES {
        let intent = log.intend(change, NOW)?;
        log.outcome(intent, Outcome::Done, NOW)?;
    }
    let closed = log.close(RunOutcome::Completed, NOW)?;
    let bytes = memory
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    Ok((bytes, closed.key))
}

fn change(number: usize) -> Change {
    let target = format!("/etc/kubernetes/pki/number-{number}.crt");
    let before = Sha256Digest::of(target.as_bytes());
    Change {
        name: format!("number-{number}"),
        location: "pki-file".to_owned(),
        before: Some(FileState::File(FileIdentity::Sha256(before))),
        after: FileState::File(FileIdentity::Sha256(Sha256Digest::of(before.as_bytes()))),
        certificate: Some(CertificateChange {
            before: Some(certificate(before, NOW)),
            after: certificate(before, NOW + time::Duration::days(365)),
        }),
        mode: "0644".to_owned(),
        uid: 0,
        gid: 0,
        backup: Some(Backup {
            path: format!("/var/lib/rekindle/backups/long{target}"),
            identity: FileIdentity::Sha256(before),
        }),
        target,
    }
}

/// As long as that of an API server.
fn certificate(digest: Sha256Digest, not_after: OffsetDateTime) -> CertificateFacts {
    let names = [
        "cp-1",
        "kubernetes",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
    ];
    CertificateFacts {
        fingerprint: digest,
        serial: "5c1f2d3e4a5b6c7d".to_owned(),
        issuer: "CN=kubernetes".to_owned(),
        subject: "CN=kube-apiserver".to_owned(),
        subject_alternative_names: names.map(|name| format!("DNS:{name}")).to_vec(),
        not_before: NOW,
        not_after,
        extended_key_usages: vec!["serverAuth".to_owned()],
        spki_sha256: digest,
    }
}

fn circumstances() -> Circumstances {
    Circumstances {
        run: Run {
            id: "long".to_owned(),
            counter: 1,
            previous_checkpoint: None,
        },
        setting: Setting {
            host: Host {
                name: "cp-1".to_owned(),
                machine_id: None,
                boot_id: None,
            },
            tool: Tool {
                version: "0.1.0".to_owned(),
                sha256: None,
            },
            arguments: vec!["recover".to_owned()],
            operator: Operator {
                uid: 0,
                loginuid: None,
                sudo_user_claimed: None,
            },
            reason: None,
            ticket: None,
            clocks: Clocks {
                wall: NOW,
                monotonic: "1".to_owned(),
                boot_time: NOW,
            },
        },
        root: "/".to_owned(),
        inventory_digest: None,
        folders: vec!["/etc/kubernetes/pki".to_owned()],
        new_folders: Vec::new(),
        homes: Vec::new(),
        plan: Vec::new(),
    }
}
