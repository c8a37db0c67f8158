//! From an error of observation to a refusal: what happened in one line, and the command that mends it.

use std::path::{Path, PathBuf};

use super::file_remedy::of_file;
use super::{Refusal, RefusalCode};
use crate::evidence::with_causes;
use crate::inventory::ObservationError;
use crate::kubernetes::{DocumentError, KubeconfigError, KubeletConfigError, StaticPodError};
use crate::node::FileError;
use crate::pki::{KeyError, PemError};
use crate::shell::quote;

impl Refusal {
    /// The refusal for something of `subject` that could not be observed.
    pub fn of_observation(subject: &str, error: &ObservationError) -> Self {
        let (code, remedy) = match error {
            ObservationError::File(error) => of_file(error),
            ObservationError::Certificate { path, source } => of_pem(path, source),
            ObservationError::Key { path, source } => of_key(path, source),
            ObservationError::Kubeconfig { path, source } => of_kubeconfig(path, source),
            ObservationError::Manifest { path, source } => match source {
                StaticPodError::Document(source) => {
                    of_document(path, source, RefusalCode::ManifestInvalid)
                }
                _ => (RefusalCode::ManifestInvalid, mend_text(path)),
            },
            ObservationError::KubeletFlags { path, .. } => {
                (RefusalCode::KubeletConfigInvalid, mend_text(path))
            }
            // No plan needs these files.
            ObservationError::AuthenticationConfiguration { path, .. }
            | ObservationError::Webhook { path, .. }
            | ObservationError::Unusable { path, .. } => (RefusalCode::CannotRead, mend_text(path)),
            ObservationError::KubeletConfig { path, source } => match source {
                KubeletConfigError::Document(source) => {
                    of_document(path, source, RefusalCode::KubeletConfigInvalid)
                }
                KubeletConfigError::NotAKubeletConfiguration { .. } => {
                    (RefusalCode::KubeletConfigInvalid, mend_text(path))
                }
            },
        };
        Self {
            code,
            subject: subject.to_owned(),
            evidence: with_causes(error),
            remedy,
        }
    }

    /// The refusal for a file or folder that the recovery itself needs.
    pub fn of_file(subject: &str, error: &FileError) -> Self {
        let (code, remedy) = of_file(error);
        Self {
            code,
            subject: subject.to_owned(),
            evidence: with_causes(error),
            remedy,
        }
    }
}

fn of_pem(path: &Path, error: &PemError) -> (RefusalCode, String) {
    use RefusalCode as Code;
    let restore = format!("bring {} back from a backup", path.display());
    match error {
        PemError::Empty => (Code::FileEmpty, restore),
        PemError::ByteOrderMark => (
            Code::ByteOrderMark,
            format!(
                "remove it: LC_ALL=C sed -i '1s/^\\xef\\xbb\\xbf//' {}",
                quote(path)
            ),
        ),
        PemError::Utf16 => (Code::ByteOrderMark, to_utf8(path)),
        PemError::DerInsteadOfPem => (
            Code::DerInsteadOfPem,
            rewrite(path, "crt", "convert it", "openssl x509 -inform DER").unwrap_or(restore),
        ),
        PemError::Truncated { .. } => (Code::FileTruncated, restore),
        PemError::EncryptedKey => (Code::KeyEncrypted, decrypt(path)),
        PemError::NotPem
        | PemError::InvalidBase64 { .. }
        | PemError::NoCertificate { .. }
        | PemError::NoPrivateKey { .. }
        | PemError::NoPublicKey { .. }
        | PemError::InvalidCertificate { .. } => (Code::CertificateDamaged, restore),
    }
}

fn of_key(path: &Path, error: &KeyError) -> (RefusalCode, String) {
    use RefusalCode as Code;
    let restore = format!("bring {} back from a backup", path.display());
    match error {
        KeyError::Pem { source } => match of_pem(path, source) {
            (Code::CertificateDamaged, _) => (Code::KeyDamaged, restore),
            (Code::DerInsteadOfPem, _) => (
                Code::DerInsteadOfPem,
                rewrite(path, "key", "convert it", "openssl pkey -inform DER").unwrap_or(restore),
            ),
            other => other,
        },
        KeyError::Encrypted => (Code::KeyEncrypted, decrypt(path)),
        KeyError::Unsupported { .. } => (
            Code::KeyUnsupported,
            "renew by other means what this key is for, as the runbook says".to_owned(),
        ),
        KeyError::Malformed { .. } | KeyError::PublicKeyMissing | KeyError::Random { .. } => {
            (Code::KeyDamaged, restore)
        }
    }
}

fn of_kubeconfig(path: &Path, error: &KubeconfigError) -> (RefusalCode, String) {
    use RefusalCode as Code;
    let shown = quote(path);
    match error {
        KubeconfigError::Document(source) => of_document(path, source, Code::KubeconfigInvalid),
        KubeconfigError::Anchor { .. } | KubeconfigError::Tag { .. } => (
            Code::KubeconfigAnchors,
            format!(
                "write it without: (umask 077; kubectl config view --raw --kubeconfig {shown} >{0}) && mv {0} {shown}",
                quote(beside(path))
            ),
        ),
        KubeconfigError::NoCurrentContext => (
            Code::KubeconfigNoCurrentContext,
            format!(
                "kubectl config get-contexts --kubeconfig {shown}; then kubectl config use-context NAME --kubeconfig {shown}; \
                 if the file is cut short, put an older copy in its place"
            ),
        ),
        KubeconfigError::ExecUser { .. }
        | KubeconfigError::AuthProviderUser { .. }
        | KubeconfigError::TokenUser { .. }
        | KubeconfigError::PasswordUser { .. } => (
            Code::KubeconfigOtherLogin,
            "its credential comes from elsewhere; renew it there".to_owned(),
        ),
        _ => (Code::KubeconfigInvalid, mend_text(path)),
    }
}

fn of_document(path: &Path, error: &DocumentError, invalid: RefusalCode) -> (RefusalCode, String) {
    use RefusalCode as Code;
    let kubeconfig = invalid == Code::KubeconfigInvalid;
    let code = match error {
        DocumentError::Empty => {
            let restore = format!("bring {} back from a backup", path.display());
            return (Code::FileEmpty, restore);
        }
        DocumentError::TooLarge { .. } => Code::FileTooLarge,
        DocumentError::ByteOrderMark => {
            let path = path.display();
            let save = format!("save {path} again as UTF-8 without a byte order mark");
            return (Code::ByteOrderMark, save);
        }
        DocumentError::SeveralDocuments if kubeconfig => Code::KubeconfigSeveralDocuments,
        DocumentError::DuplicateKey { .. } if kubeconfig => Code::KubeconfigDuplicateKeys,
        _ => invalid,
    };
    (code, mend_text(path))
}

fn mend_text(path: &Path) -> String {
    format!("mend {}, or bring it back from a backup", path.display())
}

fn decrypt(path: &Path) -> String {
    rewrite(path, "key", "write it without a passphrase", "openssl pkey").unwrap_or_else(|| {
        format!(
            "put a key without a passphrase into {}, or bring it back from a backup",
            path.display()
        )
    })
}

/// The openssl command that writes the file again in another form; none where the file may hold more than one thing,
/// of which openssl would keep the first.
fn rewrite(path: &Path, extension: &str, purpose: &str, command: &str) -> Option<String> {
    let (shown, new) = (quote(path), quote(beside(path)));
    let umask = if extension == "key" { "077" } else { "022" };
    (path.extension()? == extension).then(|| {
        format!("{purpose}: (umask {umask}; {command} -in {shown} -out {new}) && mv {new} {shown}")
    })
}

/// The command that writes a file of UTF-16 again as UTF-8; what may be a key is for its owner alone.
fn to_utf8(path: &Path) -> String {
    let (shown, new) = (quote(path), quote(beside(path)));
    let is_certificate = path.extension().is_some_and(|it| it == "crt");
    let umask = if is_certificate { "022" } else { "077" };
    format!(
        "write it as UTF-8: (umask {umask}; iconv -f UTF-16 -t UTF-8 {shown} >{new}) && mv {new} {shown}"
    )
}

/// A name with a dot in front: in the manifests folder any other would become a pod.
pub(super) fn beside(path: &Path) -> PathBuf {
    path.with_file_name(".new")
}
