//! A whole journal, its events chosen by the input and everything else right: numbers, chain, keys, signatures, checkpoints. So
//! what is tried is the order of events and what they say, behind signatures that hold.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rekindle::digest::Sha256Digest;
use rekindle::journal::{Chain, Event, KeyFacts, Trust, Verdict, read_records, verify};
use rekindle::pki::PrivateKey;

use super::journal_line::{PAYLOAD_TYPE, line};

/// One for each attempt.
static KEYS: LazyLock<[PrivateKey; 3]> =
    LazyLock::new(|| [(); 3].map(|()| PrivateKey::generate_ed25519().unwrap()));

/// More lines prove nothing more, and take time.
const MOST_LINES: usize = 40;

/// Of what is larger, writing the journal takes more memory than judging it may.
const LARGEST_INPUT: usize = 4 << 20;

/// Makes a journal whose events are the lines of the input, and judges it.
pub fn check(bytes: &[u8]) -> bool {
    // As it is: nobody whom we trust has written it.
    let verdict = verify(bytes, &Trust::default());
    assert!(!matches!(verdict, Verdict::Complete { .. }), "{verdict:?}");
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if text.len() > LARGEST_INPUT {
        return false;
    }
    let mut journal = Journal::default();
    for event in text.lines().take(MOST_LINES) {
        journal.append(event);
    }
    journal.judge(bytes)
}

#[derive(Default)]
struct Journal {
    /// Each without its newline.
    lines: Vec<String>,
    run: String,
    attempts: usize,
}

impl Journal {
    /// Signs one more record; an event that cannot be read goes in as it is.
    fn append(&mut self, event: &str) {
        let event = serde_json::from_str(event).map_or_else(
            |_| event.to_owned(),
            |event| serde_json::to_string(&self.made_right(event)).unwrap(),
        );
        let previous = match self.lines.last() {
            Some(line) => format!("\"{}\"", Sha256Digest::of(line.as_bytes())),
            None => "null".to_owned(),
        };
        let payload = format!(
            r#"{{"seq":{},"previous":{previous},"at":"2026-11-24T03:12:45Z","event":{event}}}"#,
            self.lines.len()
        );
        let encoding = format!(
            "DSSEv1 {} {PAYLOAD_TYPE} {} {payload}",
            PAYLOAD_TYPE.len(),
            payload.len()
        );
        let signature = self.key().sign(encoding.as_bytes()).unwrap();
        let keyid = Sha256Digest::of(self.key().public_key_der());
        self.lines
            .push(line(payload.as_bytes(), &keyid, &signature));
    }

    fn key(&self) -> &'static PrivateKey {
        &KEYS[self.attempts.saturating_sub(1) % KEYS.len()]
    }

    /// The event with our keys and a note of ours.
    fn made_right(&mut self, mut event: Event) -> Event {
        match &mut event {
            Event::Genesis(genesis) => {
                self.attempts += 1;
                genesis.circumstances.run.id.clone_into(&mut self.run);
                genesis.key = self.key_facts();
            }
            Event::Attempt(attempt) => {
                self.attempts += 1;
                attempt.key = self.key_facts();
            }
            Event::Checkpoint { note } => *note = self.note(),
            _ => {}
        }
        event
    }

    fn key_facts(&self) -> KeyFacts {
        let spki = self.key().public_key_der();
        KeyFacts {
            spki: STANDARD.encode(spki),
            sha256: Sha256Digest::of(spki),
            certificate: None,
        }
    }

    /// A signed note (C2SP signed-note.md) over the lines so far.
    fn note(&self) -> String {
        let origin = format!("rekindle.dev/journal/{}", self.run);
        let root = STANDARD.encode(root(&self.lines).as_bytes());
        let body = format!("{origin}\n{}\n{root}\n", self.lines.len());
        let raw = &self.key().public_key_der()[12..];
        let name = Sha256Digest::of(&[origin.as_bytes(), b"\n\x01", raw].concat());
        let signature = self.key().sign(body.as_bytes()).unwrap();
        let signature = STANDARD.encode([&name.as_bytes()[..4], &signature].concat());
        format!("{body}\n\u{2014} {origin} {signature}\n")
    }

    fn bytes(&self) -> Vec<u8> {
        let lines = self.lines.iter().flat_map(|line| [line, "\n"]);
        lines.collect::<String>().into_bytes()
    }

    /// Whether the journal is one; if so, that it says so everywhere, and that a flipped bit, chosen by the `input`, is seen.
    fn judge(&self, input: &[u8]) -> bool {
        let file = self.bytes();
        let keys = KEYS
            .each_ref()
            .map(|key| Sha256Digest::of(key.public_key_der()));
        let trust = Trust {
            keys: &keys,
            ..Trust::default()
        };
        match (Chain::read(&file), verify(&file, &trust)) {
            (Ok(None), verdict) => {
                assert!(self.lines.is_empty(), "{verdict:?}");
                false
            }
            (Ok(Some(chain)), verdict) => {
                assert_eq!(chain.whole_bytes(), file.len());
                assert_eq!(read_records(&file).flatten().count(), self.lines.len());
                match verdict {
                    Verdict::Complete { .. } => assert!(chain.is_sealed()),
                    Verdict::Incomplete { torn_tail, .. } => {
                        assert!(!chain.is_sealed() && !torn_tail);
                    }
                    other => panic!("{other:?}"),
                }
                check_flip(file, input);
                true
            }
            (Err(broken), verdict) => {
                assert!(
                    matches!(verdict, Verdict::Tampered { line, .. } if line == broken.line),
                    "{verdict:?}"
                );
                let before: usize = self.lines[..broken.line - 1]
                    .iter()
                    .map(|line| line.len() + 1)
                    .sum();
                assert!(Chain::read(&file[..before]).is_ok());
                false
            }
        }
    }
}

/// A flipped bit, chosen by the `input`, is seen.
fn check_flip(mut file: Vec<u8>, input: &[u8]) {
    let [first, second, third, bit, ..] = *Sha256Digest::of(input).as_bytes();
    let at = usize::try_from(u32::from_be_bytes([0, first, second, third])).unwrap() % file.len();
    file[at] ^= 1 << (bit % 8);
    // Without its newline the last line is one that was cut short.
    let torn = at == file.len() - 1;
    let read = Chain::read(&file);
    assert!(read.is_err() || torn, "byte {at} of {}", file.len());
}

/// The Merkle root of RFC 6962 section 2.1.
fn root(lines: &[String]) -> Sha256Digest {
    match lines {
        [] => Sha256Digest::of(b""),
        [line] => Sha256Digest::of(&[b"\0", line.as_bytes()].concat()),
        lines => {
            let (left, right) = lines.split_at(lines.len().next_power_of_two() / 2);
            Sha256Digest::of(
                &[b"\x01", &root(left).as_bytes()[..], root(right).as_bytes()].concat(),
            )
        }
    }
}
