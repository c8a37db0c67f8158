//! PEM text (RFC 7468) in and out. The only user of `rustls-pemfile` and `pem`.
//!
//! The blocks are found here, so that each byte's place in the file is known; what is in them is decoded there.

use std::ops::Range;

use rustls_pemfile::Item;
use zeroize::{Zeroize, Zeroizing};

use super::der::{self, Element};
use super::{Certificate, CertificateError};

const CERTIFICATE: &str = "CERTIFICATE";

/// Why a PEM file cannot be used; each case wants something else done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PemError {
    /// Nothing, or nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// An editor put an invisible mark at the very start; Kubernetes' PEM reader does not find the block behind it.
    #[error("the file begins with a byte order mark")]
    ByteOrderMark,
    /// Binary DER where PEM text belongs.
    #[error("the file is binary DER, not PEM text")]
    DerInsteadOfPem,
    /// Some other kind of file.
    #[error("the file is not PEM: no line begins with `-----BEGIN `")]
    NotPem,
    /// A block without its end: the file was cut, or two files were run together.
    #[error("the {label} block is cut short: its `-----END {label}-----` line is missing")]
    Truncated {
        /// What the BEGIN line says.
        label: String,
    },
    /// The lines between BEGIN and END are damaged.
    #[error("the {label} block is not valid base64")]
    InvalidBase64 {
        /// What the BEGIN line says.
        label: String,
    },
    /// A private key under a passphrase: Kubernetes cannot use those, and neither can this program.
    #[error("the private key is encrypted with a passphrase")]
    EncryptedKey,
    /// Whole blocks, but no certificate among them.
    #[error("the file holds no certificate, only: {found}")]
    NoCertificate {
        /// The labels of the blocks that are there.
        found: String,
    },
    /// Whole blocks, but no private key among them.
    #[error("the file holds no private key, only: {found}")]
    NoPrivateKey {
        /// The labels of the blocks that are there.
        found: String,
    },
    /// Well-formed PEM around something that is no certificate.
    #[error("certificate {position} of the file is broken")]
    InvalidCertificate {
        /// Which certificate, counted from 1.
        position: usize,
        /// What is wrong with it.
        #[source]
        source: CertificateError,
    },
}

/// The certificates of a file, in its order; at least one. Other blocks, such as a key, are passed over.
pub fn read_certificates(text: &[u8]) -> Result<Vec<Certificate>, PemError> {
    let blocks = find_blocks(text)?;
    let certificates = blocks
        .iter()
        .filter(|block| block.label == CERTIFICATE)
        .enumerate()
        .map(|(index, block)| match block.decode(text)? {
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
    let line_ending = if first.bytes(text).contains(&b'\r') {
        pem::LineEnding::CRLF
    } else {
        pem::LineEnding::LF
    };
    let block = encode_block(CERTIFICATE, new.der(), line_ending);
    Ok([before, block.trim_end().as_bytes(), behind].concat())
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
        let (form, der) = match block.decode(text)? {
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

fn encode_block(label: &str, der: &[u8], line_ending: pem::LineEnding) -> String {
    let block = pem::Pem::new(label, der);
    let text = pem::encode_config(
        &block,
        pem::EncodeConfig::new().set_line_ending(line_ending),
    );
    block.into_contents().zeroize();
    text
}

/// One block: from the first byte of its BEGIN line to the last of its END line, line ending excluded.
#[derive(Debug)]
struct Block {
    label: String,
    range: Range<usize>,
}

impl Block {
    fn bytes<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.range.clone()).unwrap_or_default()
    }

    fn decode(&self, text: &[u8]) -> Result<Option<Item>, PemError> {
        rustls_pemfile::read_one_from_slice(self.bytes(text))
            .map(|found| found.map(|(item, _)| item))
            .map_err(|_| self.invalid_base64())
    }

    /// PKCS#8's own encryption, or OpenSSL's older kind with header lines (RFC 1421).
    fn is_encrypted(&self, text: &[u8]) -> bool {
        self.label == "ENCRYPTED PRIVATE KEY"
            || (self.label.ends_with("PRIVATE KEY")
                && self.bytes(text).split(|byte| *byte == b'\n').any(|line| {
                    line.starts_with(b"Proc-Type:") && line.trim_ascii_end().ends_with(b"ENCRYPTED")
                }))
    }

    fn invalid_base64(&self) -> PemError {
        PemError::InvalidBase64 {
            label: self.label.clone(),
        }
    }
}

fn labels(blocks: &[Block]) -> String {
    let labels: Vec<&str> = blocks.iter().map(|block| block.label.as_str()).collect();
    labels.join(", ")
}

/// Finds the blocks, at least one, and refuses what is no PEM file at all.
fn find_blocks(text: &[u8]) -> Result<Vec<Block>, PemError> {
    match text {
        [0xef, 0xbb, 0xbf, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return Err(PemError::ByteOrderMark);
        }
        // A SEQUENCE: whole, as a short key is, or with the long length that every certificate begins with.
        [0x30, 0x81..=0x84, ..] => return Err(PemError::DerInsteadOfPem),
        _ if Element::sole(text, der::SEQUENCE).is_ok() => return Err(PemError::DerInsteadOfPem),
        _ if text.trim_ascii().is_empty() => return Err(PemError::Empty),
        _ => {}
    }
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let content = line.trim_ascii_end();
        if let Some(label) = marker(content, b"-----BEGIN ") {
            if let Some((label, _)) = open {
                return Err(PemError::Truncated { label });
            }
            open = Some((label, start));
        } else if let Some(end) = marker(content, b"-----END ")
            && let Some((label, begin)) = open.take_if(|(label, _)| *label == end)
        {
            blocks.push(Block {
                label,
                range: begin..start + content.len(),
            });
        }
        start += line.len();
    }
    match open {
        Some((label, _)) => Err(PemError::Truncated { label }),
        None if blocks.is_empty() => Err(PemError::NotPem),
        None => Ok(blocks),
    }
}

/// The label of a line such as `-----BEGIN CERTIFICATE-----`.
fn marker(line: &[u8], prefix: &[u8]) -> Option<String> {
    let label = line.strip_prefix(prefix)?.strip_suffix(b"-----")?;
    String::from_utf8(label.to_vec()).ok()
}
