//! PEM text (RFC 7468) in and out. The only user of `rustls-pemfile` and `pem`.
//!
//! The blocks are found by `pem_blocks.rs`, so that each byte's place in the file is known.

use std::ops::Range;

use rustls_pemfile::Item;
use zeroize::{Zeroize, Zeroizing};

use super::pem_blocks::{Block, find_blocks, labels};
use super::{Certificate, PemError, PrivateKey};

const CERTIFICATE: &str = "CERTIFICATE";

/// The label of a certificate request (RFC 7468 section 7).
pub(super) const REQUEST: &str = "CERTIFICATE REQUEST";

/// The certificates of a file, in its order; at least one. Other blocks, such as a key, are passed over.
pub fn read_certificates(text: &[u8]) -> Result<Vec<Certificate>, PemError> {
    let blocks = find_blocks(text)?;
    let certificates = blocks
        .iter()
        .filter(|block| block.label == CERTIFICATE)
        .enumerate()
        .map(|(index, block)| match decode(block, text)? {
            Some(Item::X509Certificate(der)) => {
                Certificate::from_der(&der).map_err(|source| PemError::InvalidCertificate {
                    position: index + 1,
                    source,
                })
            }
            _ => Err(block.invalid_base64()),
        })
        .collect::<Result<Vec<_>, _>>()?;
    if certificates.is_empty() {
        return Err(PemError::NoCertificate {
            found: labels(&blocks),
        });
    }
    Ok(certificates)
}

/// The certificate as Go's `pem.EncodeToMemory` writes it: 64 columns, LF.
pub fn encode_certificate(certificate: &Certificate) -> String {
    encode_block(CERTIFICATE, certificate.der(), pem::LineEnding::LF)
}

/// A certificate request in the form of [`encode_certificate`].
pub(super) fn encode_request(der: &[u8]) -> String {
    encode_block(REQUEST, der, pem::LineEnding::LF)
}

/// Secret DER as PEM under `label`, in the form of [`encode_certificate`].
pub fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(encode_block(label, der, pem::LineEnding::LF))
}

/// The same file with its first certificate exchanged. Every other byte stays: what is before and behind, further
/// certificates, keys, comments, the kind of line ending.
pub fn replace_certificate(text: &[u8], new: &Certificate) -> Result<Vec<u8>, PemError> {
    let blocks = find_blocks(text)?;
    let first = blocks
        .iter()
        .find(|block| block.label == CERTIFICATE)
        .ok_or_else(|| PemError::NoCertificate {
            found: labels(&blocks),
        })?;
    let (before, behind) = (
        text.get(..first.range.start).unwrap_or_default(),
        text.get(first.range.end..).unwrap_or_default(),
    );
    let block = encode_like(first, text, new);
    Ok([before, block.trim_end().as_bytes(), behind].concat())
}

/// The certificate as PEM, its lines ended as those of `block` are.
fn encode_like(block: &Block, text: &[u8], certificate: &Certificate) -> String {
    let line_ending = if block.bytes(text).contains(&b'\r') {
        pem::LineEnding::CRLF
    } else {
        pem::LineEnding::LF
    };
    encode_block(CERTIFICATE, certificate.der(), line_ending)
}

/// The same file with each copy of the certificate `old` exchanged, and every other byte as it was.
pub fn exchange_certificate(
    text: &[u8],
    old: &Certificate,
    new: &Certificate,
) -> Result<Vec<u8>, PemError> {
    let mut replaced = text.to_vec();
    for block in find_blocks(text)?.iter().rev() {
        let is_old = block.label == CERTIFICATE
            && matches!(decode(block, text)?, Some(Item::X509Certificate(der)) if *der == *old.der());
        if is_old {
            let block_text = encode_like(block, text, new);
            replaced.splice(block.range.clone(), block_text.trim_end().bytes());
        }
    }
    Ok(replaced)
}

/// The same for a certificate that now signs itself: the certificates that came behind the first one, to which it no
/// longer chains, go; keys and all else stay.
pub fn replace_chain(text: &[u8], new: &Certificate) -> Result<Vec<u8>, PemError> {
    let mut replaced = replace_certificate(text, new)?;
    let behind_the_first: Vec<Range<usize>> = find_blocks(&replaced)?
        .into_iter()
        .filter(|block| block.label == CERTIFICATE)
        .skip(1)
        .map(|block| block.range)
        .collect();
    for range in behind_the_first.into_iter().rev() {
        let line_ending = match replaced.get(range.end..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([b'\n', ..]) => 1,
            _ => 0,
        };
        replaced.drain(range.start..range.end + line_ending);
    }
    Ok(replaced)
}

/// How a private key is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PrivateKeyForm {
    /// `RSA PRIVATE KEY`, RFC 8017.
    Pkcs1,
    /// `EC PRIVATE KEY`, RFC 5915.
    Sec1,
    /// `PRIVATE KEY`, RFC 5958.
    Pkcs8,
}

/// The first private key of a file. Other blocks, such as certificates or `EC PARAMETERS`, are passed over.
pub(super) fn read_private_key(
    text: &[u8],
) -> Result<(PrivateKeyForm, Zeroizing<Vec<u8>>), PemError> {
    let blocks = find_blocks(text)?;
    for block in &blocks {
        if block.is_encrypted(text) {
            return Err(PemError::EncryptedKey);
        }
        if !matches!(
            block.label.as_str(),
            "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "PRIVATE KEY"
        ) {
            continue;
        }
        // The reader's own buffers are not wiped on drop: copy what is ours and wipe them here.
        let (form, der) = match decode(block, text)? {
            Some(Item::Pkcs1Key(mut key)) => {
                let der = Zeroizing::new(key.secret_pkcs1_der().to_vec());
                key.zeroize();
                (PrivateKeyForm::Pkcs1, der)
            }
            Some(Item::Sec1Key(mut key)) => {
                let der = Zeroizing::new(key.secret_sec1_der().to_vec());
                key.zeroize();
                (PrivateKeyForm::Sec1, der)
            }
            Some(Item::Pkcs8Key(mut key)) => {
                let der = Zeroizing::new(key.secret_pkcs8_der().to_vec());
                key.zeroize();
                (PrivateKeyForm::Pkcs8, der)
            }
            _ => return Err(block.invalid_base64()),
        };
        return Ok((form, der));
    }
    Err(PemError::NoPrivateKey {
        found: labels(&blocks),
    })
}

/// The public key of each block that has one, as `SubjectPublicKeyInfo`; at least one.
pub(super) fn read_public_keys(text: &[u8]) -> Result<Vec<Vec<u8>>, PemError> {
    let blocks = find_blocks(text)?;
    let mut keys = Vec::new();
    for block in &blocks {
        match decode(block, text)? {
            Some(Item::SubjectPublicKeyInfo(der)) => keys.push(der.to_vec()),
            Some(Item::X509Certificate(der)) => {
                let certificate = Certificate::from_der(&der);
                keys.extend(certificate.map(|it| it.public_key_der().to_vec()));
            }
            Some(Item::Pkcs1Key(_) | Item::Sec1Key(_) | Item::Pkcs8Key(_)) => {
                let key = PrivateKey::from_pem(block.bytes(text), None);
                keys.extend(key.map(|key| key.public_key_der().to_vec()));
            }
            _ => {}
        }
    }
    if keys.is_empty() {
        return Err(PemError::NoPublicKey {
            found: labels(&blocks),
        });
    }
    Ok(keys)
}

fn encode_block(label: &str, der: &[u8], line_ending: pem::LineEnding) -> String {
    let block = pem::Pem::new(label, der);
    let text = pem::encode_config(
        &block,
        pem::EncodeConfig::new().set_line_ending(line_ending),
    );
    block.into_contents().zeroize();
    text
}

/// The bytes of a block of any kind; they are not wiped.
pub(super) fn decode_block(block: &Block, text: &[u8]) -> Result<Vec<u8>, PemError> {
    pem::parse(block.bytes(text))
        .map(pem::Pem::into_contents)
        .map_err(|_| block.invalid_base64())
}

/// What is in a block; `None` for blocks that are neither certificates nor keys.
fn decode(block: &Block, text: &[u8]) -> Result<Option<Item>, PemError> {
    rustls_pemfile::read_one_from_slice(block.bytes(text))
        .map(|found| found.map(|(item, _)| item))
        .map_err(|_| block.invalid_base64())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::pki::openssl::OpenSsl;

    fn material() -> (OpenSsl, String, String) {
        let openssl = OpenSsl::new();
        openssl.authority("ca", "/CN=ca");
        let text = |name| String::from_utf8(openssl.read(name)).unwrap();
        let (certificate, key) = (text("ca.crt"), text("ca.key"));
        (openssl, certificate, key)
    }

    fn refusal(text: impl AsRef<[u8]>) -> PemError {
        read_certificates(text.as_ref()).unwrap_err()
    }

    #[test]
    fn what_is_written_is_what_openssl_writes() {
        let (openssl, certificate, key) = material();
        assert_eq!(
            encode_certificate(&openssl.certificate("ca.crt")),
            certificate
        );
        let (_, der) = read_private_key(key.as_bytes()).unwrap();
        assert_eq!(*encode("PRIVATE KEY", &der), key);
    }

    #[test]
    fn odd_but_whole_files_are_read() {
        let (openssl, certificate, key) = material();
        let expected = openssl.certificate("ca.crt");
        for text in [
            certificate.replace('\n', "\r\n"),
            certificate.trim_end().to_owned(),
            format!("subject=CN = ca\n\n{certificate}trailing words\n"),
            format!("{key}{certificate}"),
            certificate.replace("-----\n", "-----  \n"),
        ] {
            assert_eq!(
                read_certificates(text.as_bytes()).unwrap(),
                std::slice::from_ref(&expected),
                "{text}"
            );
        }
        let both = format!("{certificate}{key}{certificate}");
        assert_eq!(read_certificates(both.as_bytes()).unwrap().len(), 2);
        assert!(
            PrivateKey::from_pem(both.as_bytes(), None)
                .unwrap()
                .fits(&expected)
        );
    }

    #[test]
    fn each_kind_of_broken_file_has_its_own_error() {
        let (openssl, certificate, key) = material();
        openssl.run("x509 -in ca.crt -outform DER -out ca.der");
        openssl.run("pkey -in ca.key -outform DER -out key.der");
        assert_eq!(refusal(""), PemError::Empty);
        assert_eq!(refusal(" \r\n\n"), PemError::Empty);
        assert_eq!(
            refusal(format!("\u{feff}{certificate}")),
            PemError::ByteOrderMark
        );
        assert_eq!(refusal([0xff, 0xfe, 0x2d, 0x00]), PemError::Utf16);
        assert_eq!(refusal(openssl.read("ca.der")), PemError::DerInsteadOfPem);
        assert_eq!(refusal(openssl.read("key.der")), PemError::DerInsteadOfPem);
        assert_eq!(refusal("apiVersion: v1\n"), PemError::NotPem);
        assert_eq!(
            refusal(certificate.replace("-----BEGIN", "  -----BEGIN")),
            PemError::NotPem
        );
        assert_eq!(refusal([0, 159, 146, 150]), PemError::NotPem);
        let label = || "CERTIFICATE".to_owned();
        let truncated = PemError::Truncated { label: label() };
        let half = &certificate[..certificate.len() / 2];
        assert_eq!(refusal(half), truncated);
        assert_eq!(refusal(format!("{half}\n{certificate}")), truncated);
        assert_eq!(
            refusal(certificate.replace("END CERT", "END CRET")),
            truncated
        );
        // Two files run together, the first without an end of line.
        let joined = format!("{}{certificate}", certificate.trim_end());
        assert_eq!(refusal(joined), truncated);
        let damaged = certificate.replacen("\nMII", "\nM!I", 1);
        assert_eq!(refusal(damaged), PemError::InvalidBase64 { label: label() });
        let found = "PRIVATE KEY".to_owned();
        assert_eq!(refusal(&key), PemError::NoCertificate { found });
        assert_eq!(
            read_private_key(certificate.as_bytes()).unwrap_err(),
            PemError::NoPrivateKey { found: label() }
        );
        let no_certificate = encode(CERTIFICATE, &[0x30, 0x00]);
        assert!(matches!(
            refusal(format!("{certificate}{}", no_certificate.as_str())),
            PemError::InvalidCertificate { position: 2, .. }
        ));
    }

    /// Made once: two certificates, and the key of the first.
    static MATERIAL: LazyLock<(String, String, String)> = LazyLock::new(|| {
        let (openssl, old, key) = material();
        openssl.authority("new", "/CN=new");
        (
            old,
            String::from_utf8(openssl.read("new.crt")).unwrap(),
            key,
        )
    });

    proptest! {
        #[test]
        fn replacing_a_certificate_or_its_chain_changes_nothing_else(
            before in "([ -,.-~]{0,20}\n){0,3}",
            behind in "([ -,.-~]{0,20}\n){0,3}",
            key_first in any::<bool>(),
            crlf in any::<bool>(),
            more in 0..3_usize,
        ) {
            let (old, new, key) = &*MATERIAL;
            let file = |first: &str, more: usize| {
                let chain = old.repeat(more);
                let text = if key_first {
                    format!("{before}{key}{first}{chain}{behind}")
                } else {
                    format!("{before}{first}{chain}{key}{behind}")
                };
                if crlf { text.replace('\n', "\r\n") } else { text }
            };
            let certificate = &read_certificates(new.as_bytes()).unwrap()[0];
            let old = file(old, more);
            let replaced = replace_certificate(old.as_bytes(), certificate);
            prop_assert_eq!(String::from_utf8(replaced.unwrap()).unwrap(), file(new, more));
            let alone = replace_chain(old.as_bytes(), certificate);
            prop_assert_eq!(String::from_utf8(alone.unwrap()).unwrap(), file(new, 0));
        }
    }
}
