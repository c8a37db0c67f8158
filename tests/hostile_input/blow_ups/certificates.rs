//! PEM files, and certificates in DER and PEM, each with one part that is as large as the file may be.

use rekindle::pki::encode;

use super::{LARGEST, numbered, repeat};
use crate::der_writer::{
    bit_string, element, integer, object_identifier, octet_string, sequence, set,
};

/// So much DER fits into the largest file as base64.
const SIZE: usize = LARGEST / 66 * 48 - 4096;

/// All of them, by name.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = texts()
        .into_iter()
        .map(|(name, text)| (format!("{name}.pem"), text.into_bytes()))
        .collect();
    for (name, der) in certificates() {
        let pem = encode("CERTIFICATE", &der).as_bytes().to_vec();
        all.push((format!("{name}.der"), der));
        all.push((format!("{name}.crt"), pem));
    }
    for (name, der) in keys() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            let pem = encode(label, &der).as_bytes().to_vec();
            all.push((format!("{name}.{}.key", label.replace(' ', "-")), pem));
        }
    }
    all
}

fn texts() -> Vec<(&'static str, String)> {
    let block = |label: &str, content: &str| {
        format!("-----BEGIN {label}-----\n{content}-----END {label}-----\n")
    };
    let small = encode("CERTIFICATE", &Parts::default().certificate());
    let odd = Parts {
        extensions: vec![octet_string(b"no extension")],
        ..Parts::default()
    };
    let odd = encode("CERTIFICATE", &odd.certificate());
    vec![
        ("blocks", repeat(&block("A", ""), LARGEST)),
        (
            "numbered-blocks",
            numbered(LARGEST, |number| block(&format!("{number:x}"), "")),
        ),
        ("long-labels", block(&repeat("A", LARGEST / 2 - 99), "")),
        ("certificates", repeat(&small, LARGEST)),
        (
            "certificates-and-a-broken-one",
            repeat(&small, LARGEST - 2048) + &odd,
        ),
        ("begins", repeat("-----BEGIN A-----\n", LARGEST)),
        ("ends", repeat("-----END A-----\n", LARGEST)),
        (
            "blank-lines",
            small.to_string() + &repeat("\n", LARGEST - 2048),
        ),
        ("dashes", repeat("-", LARGEST)),
        ("zeros", repeat("\0", LARGEST)),
        (
            "base64",
            block("CERTIFICATE", &repeat("AAAA", LARGEST - 99)),
        ),
        (
            "base64-in-lines",
            block("CERTIFICATE", &repeat("A\n", LARGEST - 99)),
        ),
        (
            "headers",
            block("PRIVATE KEY", &repeat("Proc-Type: 4\n", LARGEST - 99)),
        ),
        (
            "parameters",
            repeat(&block("EC PARAMETERS", "AAAA\n"), LARGEST),
        ),
    ]
}

fn certificates() -> Vec<(&'static str, Vec<u8>)> {
    let filler = vec![0x41; SIZE];
    let attribute =
        |tag, contents: &[u8]| sequence(&[object_identifier("2.5.4.3"), element(tag, contents)]);
    let name = |tag| sequence(&[set(&[attribute(tag, &filler)])]);
    let with = |parts: Parts| parts.certificate();
    let subject = |subject| {
        with(Parts {
            subject,
            ..Parts::default()
        })
    };
    let extensions = |extensions| {
        with(Parts {
            extensions,
            ..Parts::default()
        })
    };
    let extension = |dotted: &str, value: &[u8]| {
        extensions(vec![sequence(&[
            object_identifier(dotted),
            octet_string(value),
        ])])
    };
    let repeated = |unit: Vec<u8>| sequence(&vec![unit.clone(); SIZE / unit.len()]);
    vec![
        (
            "serial",
            with(Parts {
                serial: integer(&filler),
                ..Parts::default()
            }),
        ),
        ("utf8-name", subject(name(0x0c))),
        ("t61-name", subject(name(0x14))),
        ("bmp-name", subject(name(0x1e))),
        ("binary-name", subject(name(0x04))),
        (
            "control-name",
            subject(sequence(&[set(&[attribute(0x0c, &vec![0x1b; SIZE])])])),
        ),
        ("sets", subject(repeated(set(&[attribute(0x0c, b"")])))),
        (
            "attributes",
            subject(sequence(&[element(
                0x31,
                &attribute(0x0c, b"").repeat(SIZE / 9),
            )])),
        ),
        (
            "long-type",
            subject(sequence(&[set(&[sequence(&[
                element(0x06, &filler),
                element(0x0c, b""),
            ])])])),
        ),
        ("extensions", extensions(numbered_extensions())),
        (
            "same-extension",
            extensions(vec![
                sequence(&[
                    object_identifier("1.2.3"),
                    octet_string(b"")
                ]);
                SIZE / 8
            ]),
        ),
        (
            "names",
            extension("2.5.29.17", &repeated(element(0x82, b""))),
        ),
        (
            "addresses",
            extension("2.5.29.17", &repeated(element(0x87, &[192, 0, 2, 10]))),
        ),
        (
            "directory-names",
            extension("2.5.29.17", &repeated(element(0xa4, &sequence(&[])))),
        ),
        (
            "other-names",
            extension(
                "2.5.29.17",
                &repeated(element(
                    0xa0,
                    &[object_identifier("1.2"), element(0xa0, &[])].concat(),
                )),
            ),
        ),
        (
            "usages",
            extension("2.5.29.37", &repeated(object_identifier("1.2"))),
        ),
        ("usage", extension("2.5.29.15", &bit_string(&filler))),
        (
            "constraints",
            extension("2.5.29.19", &sequence(&[integer(&filler)])),
        ),
        (
            "key-identifier",
            extension("2.5.29.14", &octet_string(&filler)),
        ),
        (
            "authority-key-identifier",
            extension("2.5.29.35", &sequence(&[element(0x80, &filler)])),
        ),
        (
            "authority-names",
            extension(
                "2.5.29.35",
                &sequence(&[element(0xa1, &element(0x82, b"").repeat(SIZE / 2))]),
            ),
        ),
        ("unknown", extension("1.2.3", &filler)),
        (
            "rsa",
            with(Parts {
                public_key: rsa_public_key(&filler),
                ..Parts::default()
            }),
        ),
        (
            "signature",
            with(Parts {
                signature: filler.clone(),
                ..Parts::default()
            }),
        ),
        ("nested", element(0x30, &[0x30, 0x80].repeat(SIZE / 2))),
    ]
}

fn keys() -> Vec<(&'static str, Vec<u8>)> {
    let filler = vec![0x41; SIZE];
    let zeros = vec![0; SIZE];
    let version = integer(&[0]);
    vec![
        (
            "rsa-modulus",
            sequence(&[version.clone(), integer(&filler), integer(&[1, 0, 1])]),
        ),
        (
            "rsa-exponent",
            sequence(&[version.clone(), integer(&[0x41; 256]), integer(&filler)]),
        ),
        (
            "ec-scalar",
            sequence(&[
                integer(&[1]),
                octet_string(&zeros),
                element(0xa0, &object_identifier("1.2.840.10045.3.1.7")),
            ]),
        ),
        (
            "long-algorithm",
            sequence(&[
                version.clone(),
                sequence(&[element(0x06, &filler)]),
                octet_string(b""),
            ]),
        ),
        (
            "ed25519",
            sequence(&[
                version,
                sequence(&[object_identifier("1.3.101.112")]),
                octet_string(&filler),
            ]),
        ),
    ]
}

fn numbered_extensions() -> Vec<Vec<u8>> {
    // Arcs that need two or three octets: the more extensions, the better.
    (128..)
        .map(|arc| sequence(&[object_identifier(&format!("1.2.{arc}")), octet_string(b"")]))
        .scan(0, |length, extension| {
            *length += extension.len();
            (*length < SIZE).then_some(extension)
        })
        .collect()
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
struct Parts {
    serial: Vec<u8>,
    subject: Vec<u8>,
    public_key: Vec<u8>,
    extensions: Vec<Vec<u8>>,
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
    fn certificate(self) -> Vec<u8> {
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
