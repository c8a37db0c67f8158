//! PEM files: many blocks, long blocks, and private keys with one number as long as may be.

use rekindle::pki::encode;

use super::certificates::{Parts, SIZE};
use super::{LARGEST, numbered, repeat};
use crate::der_writer::{element, integer, object_identifier, octet_string, sequence};

/// All of them, by name.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = texts()
        .into_iter()
        .map(|(name, text)| (format!("{name}.pem"), text.into_bytes()))
        .collect();
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
    let mut odd = Parts::default();
    odd.extensions = vec![octet_string(b"no extension")];
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
