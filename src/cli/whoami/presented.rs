//! What the operator shows: one of the three kinds of credential.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::super::arguments::Whoami;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::standard_input::standard_input;
use crate::evidence::with_causes;
use crate::kubernetes::{Context, KubeconfigError};
use crate::node::{look_at_operand, read_operand};
use crate::pki::{Certificate, PemError, read_certificates};

/// The longest credential that is read, in bytes: a kubeconfig of some hundred clusters.
pub(super) const LONGEST: usize = 1024 * 1024;

/// A credential, as it was read; nothing is judged yet.
pub(super) enum Presented {
    /// A kubeconfig, context for context.
    Kubeconfig(Vec<Context>),
    /// Certificates in PEM, the leaf first, and where their key is looked for.
    Certificates {
        chain: Vec<Certificate>,
        key: Option<KeyFile>,
    },
    /// A bearer token. A secret.
    Token(Zeroizing<String>),
}

/// A private key in PEM. A secret.
pub(super) struct KeyFile {
    /// Where it lies, in words.
    pub(super) place: String,
    pub(super) text: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("KeyFile").field(&self.place).finish()
    }
}

impl Presented {
    /// Reads what the command line names.
    pub(super) fn read(arguments: &Whoami) -> Result<Self, Failure> {
        let path = &arguments.credential;
        let (name, bytes) = if path == Path::new("-") {
            ("standard input".to_owned(), standard_input(LONGEST)?)
        } else {
            (path.display().to_string(), operand(path)?)
        };
        if bytes.len() > LONGEST {
            let message = format!("{name} is longer than {LONGEST} bytes: no credential is");
            return Err(Failure::new(Exit::Usage, message).hint("name the credential itself"));
        }
        let text = bytes.trim_ascii();
        let is_pem = text
            .split(|byte| *byte == b'\n')
            .any(|line| line.starts_with(b"-----BEGIN "));
        // A kubeconfig may have PEM in it, as text; its lines are indented then.
        if is_pem {
            return Self::pem(arguments, &name, &bytes);
        }
        if let Some(token) = token(text) {
            return Ok(Self::Token(token));
        }
        let contexts = Context::read_all(&bytes).map_err(|error| unknown(&name, &error))?;
        if contexts.is_empty() {
            let message = format!("{name} is a kubeconfig without contexts and users");
            return Err(
                Failure::new(Exit::Usage, message).hint("kubectl asks nobody with it, as nobody")
            );
        }
        Ok(Self::Kubeconfig(contexts))
    }

    fn pem(arguments: &Whoami, name: &str, bytes: &Zeroizing<Vec<u8>>) -> Result<Self, Failure> {
        let chain = read_certificates(bytes).map_err(|error| {
            let message = format!("{name}: {}", with_causes(&error));
            let failure = Failure::new(Exit::Usage, message);
            match error {
                PemError::NoCertificate { .. } => failure
                    .hint("a key alone says nothing of who its bearer is: name the certificate"),
                _ => failure.hint("name the certificate in PEM, whole"),
            }
        })?;
        let has_key = bytes.split(|byte| *byte == b'\n').any(|line| {
            line.starts_with(b"-----BEGIN ") && line.trim_ascii_end().ends_with(b"PRIVATE KEY-----")
        });
        let key = if let Some(path) = &arguments.key {
            Some((path.display().to_string(), operand(path)?))
        } else if has_key {
            Some(("in the same file".to_owned(), bytes.clone()))
        } else {
            beside(&arguments.credential)
        };
        let key = key.map(|(place, text)| KeyFile { place, text });
        Ok(Self::Certificates { chain, key })
    }
}

fn unknown(name: &str, error: &KubeconfigError) -> Failure {
    let message = format!(
        "{name} is neither PEM nor a token, and no kubeconfig: {}",
        with_causes(error)
    );
    Failure::new(Exit::Usage, message)
        .hint("a token is one word; of a Secret's `data` decode it first: base64 --decode")
}

/// A word of what tokens are made of (RFC 6750 section 2.1, `b64token`), `Bearer` before it perhaps. A kubeconfig is never one word.
fn token(text: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(text).ok()?;
    let word = text.strip_prefix("Bearer ").unwrap_or(text).trim();
    let is_token = !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
    is_token.then(|| Zeroizing::new(word.to_owned()))
}

/// The key of NAME.crt in NAME.key, as kubeadm lays out its pairs.
fn beside(certificate: &Path) -> Option<(String, Zeroizing<Vec<u8>>)> {
    let path: PathBuf = certificate.with_extension("key");
    if path == certificate || !look_at_operand(&path).1 {
        return None;
    }
    let text = read_operand(&path, LONGEST).ok()?;
    Some((path.display().to_string(), text))
}

fn operand(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    read_operand(path, LONGEST).map_err(|error| {
        Failure::of(Exit::Usage, &error)
            .hint("name the file of the credential, or - for standard input")
    })
}
