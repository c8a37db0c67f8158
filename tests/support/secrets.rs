//! Every private key of a tree, and the search for a piece of one in what a run left behind.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::der::{elements, of_pem};
use super::leaf::embedded;
use super::tree::{Content, Tree};

const WINDOW: usize = 16;
const SLOT_BITS: u32 = 22;

/// All pieces of 16 bytes of every secret number: as it is, in hexadecimal digits, and in base64.
pub struct Secrets {
    pieces: HashSet<[u8; WINDOW]>,
    /// For each value of [`slot`], whether a piece has it: most windows of a text need no more than that.
    slots: Vec<bool>,
}

impl Secrets {
    /// Collects the keys in `tree`: files, kubeconfigs, the service accounts' key too.
    pub fn of(tree: &Tree) -> Self {
        let mut pieces = HashSet::new();
        let mut keys = 0;
        for path in tree.paths() {
            let Some(Content::File(bytes)) = tree.get(path).map(|entry| &entry.content) else {
                continue;
            };
            let text = String::from_utf8_lossy(bytes).into_owned();
            let inner = embedded(&text, "client-key-data").unwrap_or_default();
            for number in [text, inner].iter().flat_map(|text| secret_numbers(text)) {
                keys += 1;
                add(&number, &mut pieces);
            }
        }
        assert!(keys > 10, "a node has more than {keys} keys");
        Self::new(pieces)
    }

    /// Those of the keys in `texts`, PEM or kubeconfigs, that are not among `known`; `None` where there is none.
    pub fn beyond(known: &Self, texts: impl Iterator<Item = String>) -> Option<Self> {
        let mut pieces = HashSet::new();
        for text in texts {
            let inner = embedded(&text, "client-key-data").unwrap_or_default();
            for number in [text, inner].iter().flat_map(|text| secret_numbers(text)) {
                add(&number, &mut pieces);
            }
        }
        pieces.retain(|piece| !known.pieces.contains(piece));
        (!pieces.is_empty()).then(|| Self::new(pieces))
    }

    fn new(pieces: HashSet<[u8; WINDOW]>) -> Self {
        let mut slots = vec![false; 1 << SLOT_BITS];
        for piece in &pieces {
            slots[slot(piece)] = true;
        }
        Self { pieces, slots }
    }

    /// Whether a piece of a secret is in `bytes`.
    pub fn are_in(&self, bytes: &[u8]) -> bool {
        bytes
            .windows(WINDOW)
            .any(|window| self.slots[slot(window)] && self.pieces.contains(window))
    }
}

/// A number for the first four bytes of a window.
fn slot(window: &[u8]) -> usize {
    let first = u32::from_le_bytes([window[0], window[1], window[2], window[3]]);
    (first.wrapping_mul(0x9e37_79b1) >> (32 - SLOT_BITS)) as usize
}

fn add(number: &[u8], pieces: &mut HashSet<[u8; WINDOW]>) {
    let mut forms = vec![number.to_vec()];
    let hexadecimal = number.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write;
        write!(text, "{byte:02x}").unwrap();
        text
    });
    forms.push(hexadecimal.to_uppercase().into_bytes());
    forms.push(hexadecimal.into_bytes());
    // Three bytes make four digits: there are three ways to fall into step.
    for skipped in 0..3 {
        let rest = number.get(skipped..).unwrap_or_default();
        let whole = rest.len() / 3 * 3;
        forms.push(STANDARD_NO_PAD.encode(&rest[..whole]).into_bytes());
    }
    for form in forms {
        pieces.extend(
            form.windows(WINDOW)
                .map(|window| <[u8; WINDOW]>::try_from(window).unwrap()),
        );
    }
}

/// What must stay secret in the keys of a PEM text; modulus, exponent and public point are everybody's.
fn secret_numbers(text: &str) -> Vec<Vec<u8>> {
    let mut numbers = Vec::new();
    for label in ["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"] {
        let mut rest = text;
        while let Some((der, behind)) = of_pem(rest, label) {
            numbers.extend(secret_fields(&der));
            rest = behind;
        }
    }
    numbers
}

fn secret_fields(der: &[u8]) -> Vec<Vec<u8>> {
    let fields = elements(elements(der)[0].contents);
    let of = |fields: &[super::der::Element<'_>]| {
        fields.iter().map(|field| field.contents.to_vec()).collect()
    };
    match fields
        .iter()
        .map(|field| field.tag)
        .collect::<Vec<_>>()
        .as_slice()
    {
        // RFC 8017: version, modulus, public exponent; the other six are secret.
        [2, 2, 2, 2, 2, 2, 2, 2, 2] => of(&fields[3..]),
        // RFC 5915: version, private key.
        [2, 4, ..] => of(&fields[1..2]),
        // RFC 5958: version, algorithm, and one of the above (Ed25519: an octet string).
        [2, 0x30, 4, ..] => match fields[2].contents {
            [4, ..] => of(&elements(fields[2].contents)),
            _ => secret_fields(fields[2].contents),
        },
        other => panic!("an unexpected key: {other:?}"),
    }
}
