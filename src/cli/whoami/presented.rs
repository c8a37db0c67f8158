//! What the operator shows: one of the three kinds of credential.

use std::fmt;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::super::arguments::Whoami;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::standard_input::standard_input;
use crate::authentication::bootstrap_token;
use crate::evidence::with_causes;
use crate::kubernetes::{Contexts, KubeconfigError};
use crate::node::{Root, look_at_operand, read_operand};
use crate::pki::{Certificate, PemError, read_certificates};

/// The longest credential that is read, in bytes: a kubeconfig of some hundred clusters.
pub(super) const LONGEST: usize = 1024 * 1024;

/// A credential, as it was read; nothing is judged yet.
pub(super) enum Presented {
    /// A kubeconfig, context for context.
    Kubeconfig(Contexts),
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
    pub(super) fn read(root: &Root, arguments: &Whoami) -> Result<Self, Failure> {
        let path = &arguments.credential;
        let (name, bytes) = if path == Path::new("-") {
            if io::stdin().is_terminal() {
                return Err(Failure::usage(
                    "standard input is a terminal, which would show what is pasted",
                )
                .hint(root.command("whoami - < FILE")));
            }
            ("standard input".to_owned(), standard_input(LONGEST)?)
        } else {
            (path.display().to_string(), operand(root, path)?)
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
            return Self::pem(root, arguments, &name, &bytes);
        }
        if arguments.key.is_some() {
            return Err(Failure::usage(
                "--key is for a certificate in PEM, and this is none",
            ));
        }
        if let Some(token) = token(text) {
            return Ok(Self::Token(token));
        }
        let contexts =
            Contexts::read(&bytes).map_err(|error| unknown(root, &name, &bytes, &error))?;
        if contexts.all.is_empty() {
            let message = format!("{name} is a kubeconfig without contexts and users");
            return Err(Failure::new(Exit::Usage, message)
                .hint("was it cut short? where it came from it is whole"));
        }
        Ok(Self::Kubeconfig(contexts))
    }

    /// Whether it is a kubeconfig, and what its `current-context` says then.
    pub(super) fn current_context(&self) -> (bool, Option<String>) {
        match self {
            Self::Kubeconfig(contexts) => (true, contexts.current.clone()),
            Self::Certificates { .. } | Self::Token(_) => (false, None),
        }
    }

    fn pem(
        root: &Root,
        arguments: &Whoami,
        name: &str,
        bytes: &Zeroizing<Vec<u8>>,
    ) -> Result<Self, Failure> {
        let chain = read_certificates(bytes).map_err(|error| {
            let message = format!("{name}: {}", with_causes(&error));
            let failure = Failure::new(Exit::Usage, message);
            match &error {
                PemError::NoCertificate { found } if found.contains("AGE ENCRYPTED FILE") => {
                    failure
                        .hint("it is sealed with age; whoever has the key opens it: age --decrypt")
                }
                PemError::NoCertificate { found } if found.contains("REQUEST") => {
                    failure.hint("a request is no certificate yet: name what was signed")
                }
                PemError::NoCertificate { .. } => failure
                    .hint("a key alone says nothing of who its bearer is: name the certificate"),
                _ => failure.hint("name the certificate in PEM, whole"),
            }
        })?;
        let has_key = bytes.split(|byte| *byte == b'\n').any(|line| {
            line.starts_with(b"-----BEGIN ") && line.trim_ascii_end().ends_with(b"PRIVATE KEY-----")
        });
        let key = if let Some(path) = &arguments.key {
            Some((path.display().to_string(), operand(root, path)?))
        } else if has_key {
            Some(("in the same file".to_owned(), bytes.clone()))
        } else {
            beside(&arguments.credential)
        };
        let key = key.map(|(place, text)| KeyFile { place, text });
        Ok(Self::Certificates { chain, key })
    }
}

fn unknown(root: &Root, name: &str, bytes: &[u8], error: &KubeconfigError) -> Failure {
    if bytes.trim_ascii().is_empty() {
        return Failure::new(Exit::Usage, format!("{name} is empty"))
            .hint("where it came from it is not");
    }
    if let [0x30, 0x80..=0x84, ..] = bytes {
        return Failure::new(Exit::Usage, format!("{name} is DER, and not PEM")).hint(format!(
            "openssl x509 -inform DER -in FILE | {}",
            root.command("whoami -")
        ));
    }
    let message = format!(
        "{name} is neither PEM nor a token, and no kubeconfig: {}",
        with_causes(error)
    );
    Failure::new(Exit::Usage, message).hint(
        "name a kubeconfig (YAML or JSON), a certificate in PEM, or a token, which is one word; of a Secret's `data` decode it first: \
         base64 --decode",
    )
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
    if certificate == Path::new("-") {
        return None;
    }
    let path: PathBuf = certificate.with_extension("key");
    if path == certificate || !look_at_operand(&path).1 {
        return None;
    }
    let text = read_operand(&path, LONGEST).ok()?;
    Some((path.display().to_string(), text))
}

fn operand(root: &Root, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let is_token = |text: &str| {
        (text.starts_with("eyJ") && text.len() > 60) || bootstrap_token(text).is_some()
    };
    if path.to_str().is_some_and(is_token) && !look_at_operand(path).1 {
        return Err(Failure::usage(
            "that is a token and not the name of a file; whoever sees command lines has seen it",
        )
        .hint(format!(
            "{}; and have this one replaced",
            root.command("whoami - < FILE")
        )));
    }
    read_operand(path, LONGEST).map_err(|error| {
        Failure::of(Exit::Usage, &error)
            .hint("name the file of the credential, or - for standard input")
    })
}
