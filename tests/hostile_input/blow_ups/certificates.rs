//! Certificates in DER, each with one part that is as large as the file may be. Their check writes them as PEM too, and
//! reads them again.

use super::LARGEST;
use crate::der_writer::{
    bit_string, element, integer, object_identifier, octet_string, sequence, set,
};

/// So much DER fits into the largest file as base64.
pub const SIZE: usize = LARGEST / 66 * 48 - 4096;

/// All of them, by name.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let parts = fields().into_iter().chain(subjects()).chain(extensions());
    parts
        .map(|(name, parts)| (name, parts.certificate()))
        .chain([("nested", element(0x30, &[0x30, 0x80].repeat(SIZE / 2)))])
        .map(|(name, der)| (format!("{name}.der"), der))
        .collect()
}

fn fields() -> Vec<(&'static str, Parts)> {
    let filler = vec![0x41; SIZE];
    let mut parts = [(); 3].map(|()| Parts::default());
    parts[0].serial = integer(&filler);
    parts[1].public_key = rsa_public_key(&filler);
    parts[2].signature = filler;
    ["serial", "rsa", "signature"]
        .into_iter()
        .zip(parts)
        .collect()
}

fn subjects() -> Vec<(&'static str, Parts)> {
    let filler = vec![0x41; SIZE];
    let attribute =
        |tag, contents: &[u8]| sequence(&[object_identifier("2.5.4.3"), element(tag, contents)]);
    let name = |tag, contents: &[u8]| sequence(&[set(&[attribute(tag, contents)])]);
    let empty = attribute(0x0c, b"");
    let long_type = sequence(&[element(0x06, &filler), element(0x0c, b"")]);
    [
        ("utf8-name", name(0x0c, &filler)),
        ("t61-name", name(0x14, &filler)),
        ("bmp-name", name(0x1e, &filler)),
        ("binary-name", name(0x04, &filler)),
        ("control-name", name(0x0c, &vec![0x1b; SIZE])),
        ("sets", repeated(&set(std::slice::from_ref(&empty)))),
        (
            "attributes",
            sequence(&[element(0x31, &empty.repeat(SIZE / empty.len()))]),
        ),
        ("long-type", sequence(&[set(&[long_type])])),
    ]
    .map(|(name, subject)| {
        (
            name,
            Parts {
                subject,
                ..Parts::default()
            },
        )
    })
    .into()
}

fn extensions() -> Vec<(&'static str, Parts)> {
    let filler = vec![0x41; SIZE];
    let names = "2.5.29.17";
    let other_name = [object_identifier("1.2"), element(0xa0, &[])].concat();
    let authority_names = element(0xa1, &element(0x82, b"").repeat(SIZE / 2));
    let one =
        |dotted: &str, value: &[u8]| sequence(&[object_identifier(dotted), octet_string(value)]);
    // Arcs that need two or three octets: the more extensions, the better.
    let many = (128..SIZE / 10).map(|arc| one(&format!("1.2.{arc}"), b""));
    let single = [
        ("names", names, repeated(&element(0x82, b""))),
        (
            "addresses",
            names,
            repeated(&element(0x87, &[192, 0, 2, 10])),
        ),
        (
            "directory-names",
            names,
            repeated(&element(0xa4, &sequence(&[]))),
        ),
        ("other-names", names, repeated(&element(0xa0, &other_name))),
        ("usages", "2.5.29.37", repeated(&object_identifier("1.2"))),
        ("usage", "2.5.29.15", bit_string(&filler)),
        ("constraints", "2.5.29.19", sequence(&[integer(&filler)])),
        ("key-identifier", "2.5.29.14", octet_string(&filler)),
        (
            "authority-key-identifier",
            "2.5.29.35",
            sequence(&[element(0x80, &filler)]),
        ),
        ("authority-names", "2.5.29.35", sequence(&[authority_names])),
        ("unknown", "1.2.3", filler),
    ];
    single
        .map(|(name, dotted, value)| (name, vec![one(dotted, &value)]))
        .into_iter()
        .chain([
            ("extensions", many.collect()),
            ("same-extension", vec![one("1.2.3", b""); SIZE / 8]),
        ])
        .map(|(name, extensions)| {
            (
                name,
                Parts {
                    extensions,
                    ..Parts::default()
                },
            )
        })
        .collect()
}

/// A sequence of as many of `unit` as go in.
fn repeated(unit: &[u8]) -> Vec<u8> {
    sequence(&[unit.repeat(SIZE / unit.len())])
}

fn rsa_public_key(modulus: &[u8]) -> Vec<u8> {
    sequence(&[
        sequence(&[
            object_identifier("1.2.840.113549.1.1.1"),
            element(0x05, &[]),
        ]),
        bit_string(&sequence(&[integer(modulus), integer(&[1, 0, 1])])),
    ])
}

/// What a certificate is made of.
pub struct Parts {
    serial: Vec<u8>,
    subject: Vec<u8>,
    public_key: Vec<u8>,
    /// Each as DER.
    pub extensions: Vec<Vec<u8>>,
    signature: Vec<u8>,
}

impl Default for Parts {
    fn default() -> Self {
        let ed25519 = sequence(&[object_identifier("1.3.101.112")]);
        Self {
            serial: integer(&[1]),
            subject: sequence(&[]),
            public_key: sequence(&[ed25519, bit_string(&[7; 32])]),
            extensions: vec![sequence(&[object_identifier("1.2.3"), octet_string(b"")])],
            signature: vec![7; 64],
        }
    }
}

impl Parts {
    /// The DER.
    pub fn certificate(self) -> Vec<u8> {
        let algorithm = sequence(&[object_identifier("1.3.101.112")]);
        let date = |text: &[u8]| element(0x17, text);
        let to_be_signed = sequence(&[
            element(0xa0, &integer(&[2])),
            self.serial,
            algorithm.clone(),
            sequence(&[]),
            sequence(&[date(b"250101000000Z"), date(b"260101000000Z")]),
            self.subject,
            self.public_key,
            element(0xa3, &sequence(&self.extensions)),
        ]);
        sequence(&[to_be_signed, algorithm, bit_string(&self.signature)])
    }
}
