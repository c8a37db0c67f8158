//! Somebody who can write well-formed journals with a key of their own. Of checkpoints there are those alone without which
//! nothing else may follow.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rekindle::digest::Sha256Digest;
use rekindle::journal::{Attempt, Direction, Event, KeyFacts, Record, Verdict, read_records};
use rekindle::pki::{
    Authority, Certificate, ExtendedKeyUsage, KeyUsage, PrivateKey, SerialNumber, Specification,
    Validity, encode_certificate, issue,
};

use crate::fixture::{FIXTURE, NOW, circumstances, setting};
use crate::line::note;

const PAYLOAD_TYPE: &str = "application/vnd.rekindle.record+json";

/// The wishes for a journal's certificate.
pub fn journal_specification() -> Specification {
    Specification {
        key_usages: vec![KeyUsage::DigitalSignature],
        extended_key_usages: vec![ExtendedKeyUsage::DocumentSigning],
        extended_key_usages_critical: true,
        ..Specification::default()
    }
}

pub fn certify(
    key: &PrivateKey,
    specification: &Specification,
    authority: &Authority,
    hours: u64,
) -> Certificate {
    let lifetime = std::time::Duration::from_hours(hours);
    let validity = Validity::starting_at(NOW, lifetime, Some(authority.certificate()));
    let serial = SerialNumber::random().unwrap();
    let public = key.public_key_der();
    issue(specification, public, authority, &validity, &serial).unwrap()
}

/// The records of a journal but for its checkpoints and its close.
pub fn records(bytes: &[u8]) -> Vec<Record> {
    read_records(bytes)
        .map(Result::unwrap)
        .filter(|record| !matches!(record.event, Event::Checkpoint { .. } | Event::Close { .. }))
        .collect()
}

/// Numbers, chains and signs the records as they are, with `key` and `certificate` in the genesis.
pub fn forge(
    mut records: Vec<Record>,
    key: &PrivateKey,
    certificate: Option<&Certificate>,
) -> Vec<u8> {
    for record in &mut records {
        if let Event::Genesis(genesis) = &mut record.event {
            genesis.key = key_facts(key, certificate);
        }
    }
    let signed = records.into_iter().map(|record| (record, key)).collect();
    forge_lines(signed)
}

/// Numbers, chains and signs each record with a key of its own; puts a checkpoint behind each genesis, attempt and commit.
pub fn forge_lines(records: Vec<(Record, &PrivateKey)>) -> Vec<u8> {
    let mut lines: Vec<String> = Vec::new();
    for (record, key) in records {
        let event = record.event.clone();
        let at = record.at;
        write_line(&mut lines, record, key);
        if let Event::Genesis(_) | Event::Attempt(_) | Event::Commit { .. } = event {
            let note = checkpoint(&lines, key);
            let event = Event::Checkpoint { note };
            let record = Record {
                at,
                ..self::record(event)
            };
            write_line(&mut lines, record, key);
        }
    }
    lines.concat().into_bytes()
}

/// Puts a record behind the lines, each with its newline.
fn write_line(lines: &mut Vec<String>, mut record: Record, key: &PrivateKey) {
    record.seq = lines.len() as u64;
    record.previous = lines
        .last()
        .map(|line| Sha256Digest::of(line.trim_end().as_bytes()));
    let line = sign(&serde_json::to_string(&record).unwrap(), key);
    lines.push(line + "\n");
}

/// The note over these lines.
fn checkpoint(lines: &[String], key: &PrivateKey) -> String {
    let leaves: Vec<Sha256Digest> = lines
        .iter()
        .map(|line| Sha256Digest::of(&[b"\0", line.trim_end().as_bytes()].concat()))
        .collect();
    let origin = format!("rekindle.dev/journal/{}", circumstances().run.id);
    note(&origin, lines.len() as u64, &root(&leaves), key)
}

/// The root of a Merkle tree, as RFC 6962 (2.1) defines it.
fn root(leaves: &[Sha256Digest]) -> Sha256Digest {
    match leaves {
        [] => Sha256Digest::of(b""),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let (left, right) = (root(left), root(right));
            Sha256Digest::of(&[b"\x01", &left.as_bytes()[..], right.as_bytes()].concat())
        }
    }
}

/// What a genesis or an attempt says of its key.
pub fn key_facts(key: &PrivateKey, certificate: Option<&Certificate>) -> KeyFacts {
    let spki = key.public_key_der();
    KeyFacts {
        spki: STANDARD.encode(spki),
        sha256: Sha256Digest::of(spki),
        certificate: certificate.map(encode_certificate),
    }
}

/// One line around any payload.
pub fn sign(payload: &str, key: &PrivateKey) -> String {
    let encoding = format!(
        "DSSEv1 {} {PAYLOAD_TYPE} {} {payload}",
        PAYLOAD_TYPE.len(),
        payload.len()
    );
    let signature = STANDARD.encode(key.sign(encoding.as_bytes()).unwrap());
    let keyid = Sha256Digest::of(key.public_key_der());
    let payload = STANDARD.encode(payload);
    format!(
        r#"{{"payloadType":"{PAYLOAD_TYPE}","payload":"{payload}","signatures":[{{"keyid":"{keyid}","sig":"{signature}"}}]}}"#
    )
}

pub fn record(event: Event) -> Record {
    Record {
        seq: 0,
        previous: None,
        at: NOW,
        event,
    }
}

/// Two keys of the cluster's authority, and a run of the first that was interrupted with change 1 under way.
pub struct Forgery {
    pub keys: [PrivateKey; 2],
    pub certificates: [Certificate; 2],
    pub first: Vec<Record>,
}

impl Forgery {
    pub fn new() -> Self {
        let keys = [(); 2].map(|()| PrivateKey::generate_ed25519().unwrap());
        let certificates = [0, 1].map(|one: usize| {
            certify(&keys[one], &journal_specification(), &FIXTURE.authority, 24)
        });
        let mut first = records(&FIXTURE.bytes);
        let commit = first
            .iter()
            .position(|record| matches!(record.event, Event::Commit { .. }));
        first.truncate(commit.unwrap() + 1);
        let Event::Genesis(genesis) = &mut first[0].event else {
            panic!("{:?}", first[0]);
        };
        genesis.key = key_facts(&keys[0], Some(&certificates[0]));
        for event in [
            Event::Intent { change: 0 },
            Event::Done { change: 0 },
            Event::Intent { change: 1 },
        ] {
            first.push(record(event));
        }
        Self {
            keys,
            certificates,
            first,
        }
    }

    /// A further attempt with the second key.
    pub fn attempt(&self, number: u64, direction: Direction) -> Event {
        Event::Attempt(Box::new(Attempt {
            number,
            direction,
            key: key_facts(&self.keys[1], Some(&self.certificates[1])),
            authority: None,
            torn: Vec::new(),
            setting: setting("resume"),
        }))
    }

    /// The journal in which these follow, each signed by the key of that number.
    pub fn bytes(&self, then: Vec<(Event, usize)>) -> Vec<u8> {
        let first = self.first.iter().cloned().map(|one| (one, &self.keys[0]));
        let then = then
            .into_iter()
            .map(|(event, key)| (record(event), &self.keys[key]));
        forge_lines(first.chain(then).collect())
    }

    /// What the verifier says of it.
    pub fn judge(&self, then: Vec<(Event, usize)>) -> Verdict {
        FIXTURE.verify(&self.bytes(then))
    }
}
