//! A PEM file: what is read comes back when it is written, and exchanging a certificate leaves every other byte alone.

use rekindle::pki::{
    Certificate, PrivateKey, encode_certificate, read_certificates, replace_certificate,
    replace_chain,
};

use super::renewal::{NEW_PEM, new_certificate};

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// Reads the certificates and the key of a file, and exchanges the first certificate.
pub fn check(text: &[u8]) -> bool {
    let certificates = read_certificates(text).unwrap_or_default();
    let key = PrivateKey::from_pem(text, certificates.first());
    if let Ok(key) = &key {
        assert!(key.public_key_der().starts_with(&[0x30]) && !key.algorithm().is_empty());
        let _ = key.sign(b"to be signed");
    }
    if !certificates.is_empty() {
        check_certificates(text, &certificates);
    }
    !certificates.is_empty() || key.is_ok()
}

fn check_certificates(text: &[u8], certificates: &[Certificate]) {
    let written: String = certificates.iter().map(encode_certificate).collect();
    assert_eq!(read_certificates(written.as_bytes()).unwrap(), certificates);

    let same = replace_certificate(text, &certificates[0]).unwrap();
    assert_eq!(read_certificates(&same).unwrap(), certificates);

    let replaced = replace_certificate(text, new_certificate()).unwrap();
    let read = read_certificates(&replaced).unwrap();
    assert_eq!(read[0], *new_certificate());
    assert_eq!(read[1..], certificates[1..]);
    check_surroundings(text, &replaced);
    check_same_key(text, &replaced);

    let alone = replace_chain(text, new_certificate()).unwrap();
    assert_eq!(
        read_certificates(&alone).unwrap(),
        [new_certificate().clone()]
    );
    check_same_key(text, &alone);
}

/// All before and all behind the first certificate is as it was, and nothing but the new one is between.
fn check_surroundings(text: &[u8], replaced: &[u8]) {
    let (before, block) = text.split_at(line_of(text, BEGIN));
    let end = line_of(block, END) + END.len();
    let between = replaced
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(&block[end..]))
        .unwrap();
    let between = String::from_utf8(between.to_vec()).unwrap();
    assert_eq!(between.replace("\r\n", "\n"), NEW_PEM.trim_end());
}

/// Where the first line begins that consists of `wanted`.
fn line_of(text: &[u8], wanted: &[u8]) -> usize {
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.trim_ascii_end() == wanted {
            return start;
        }
        start += line.len();
    }
    panic!("no line {:?}", String::from_utf8_lossy(wanted));
}

/// The key in both files is the same, or both lack one for the same reason.
fn check_same_key(text: &[u8], replaced: &[u8]) {
    let key = |text| match PrivateKey::from_pem(text, None) {
        Ok(key) => Ok(key.public_key_der().to_vec()),
        Err(error) => Err(std::mem::discriminant(&error)),
    };
    assert_eq!(key(text), key(replaced));
}
