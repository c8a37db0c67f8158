//! Where the blocks of a PEM file (RFC 7468) begin and end, to the byte; what is in them is not looked at.

use std::ops::Range;

use super::CertificateError;
use super::der::{self, Element};

/// Why a PEM file cannot be used; each case wants something else done.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PemError {
    /// Nothing, or nothing but white space.
    #[error("the file is empty")]
    Empty,
    /// An editor put an invisible mark at the very start; Kubernetes' PEM reader does not find the block behind it.
    #[error("the file begins with a byte order mark")]
    ByteOrderMark,
    /// An editor saved it in two bytes for each character.
    #[error("the file is UTF-16 text, with a byte order mark")]
    Utf16,
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
    /// Whole blocks, but no key among them.
    #[error("the file holds no public key that can be used, only: {found}")]
    NoPublicKey {
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

/// One block: from the first byte of its BEGIN line to the last of its END line, line ending excluded.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) label: String,
    pub(super) range: Range<usize>,
}

impl Block {
    pub(super) fn bytes<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.range.clone()).unwrap_or_default()
    }

    /// PKCS#8's own encryption, or OpenSSL's older kind with header lines (RFC 1421).
    pub(super) fn is_encrypted(&self, text: &[u8]) -> bool {
        self.label == "ENCRYPTED PRIVATE KEY"
            || (self.label.ends_with("PRIVATE KEY")
                && self.bytes(text).split(|byte| *byte == b'\n').any(|line| {
                    line.starts_with(b"Proc-Type:") && line.trim_ascii_end().ends_with(b"ENCRYPTED")
                }))
    }

    pub(super) fn invalid_base64(&self) -> PemError {
        PemError::InvalidBase64 {
            label: self.label.clone(),
        }
    }
}

/// For an error: what is there instead.
pub(super) fn labels(blocks: &[Block]) -> String {
    let labels: Vec<&str> = blocks.iter().map(|block| block.label.as_str()).collect();
    labels.join(", ")
}

/// Finds the blocks, at least one, and refuses what is no PEM file at all.
pub(super) fn find_blocks(text: &[u8]) -> Result<Vec<Block>, PemError> {
    match text {
        [0xef, 0xbb, 0xbf, ..] => return Err(PemError::ByteOrderMark),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(PemError::Utf16),
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
        } else if content.starts_with(b"-----")
            && let Some((label, _)) = open
        {
            // The end of another block, or its own with more behind it on the same line: Go reads nothing of it, nor of the next.
            return Err(PemError::Truncated { label });
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
