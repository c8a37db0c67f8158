//! What a record says about one file and its certificate: plain data, never a secret.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::digest::Sha256Digest;
use crate::pki::Certificate;

/// One file that the run replaces. The place in the commit's list is the change's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What kubeadm calls it: `apiserver`, `etcd-peer`, `admin.conf`.
    pub name: String,
    /// Where the certificate lies: in a PKI file, a kubeconfig's user, the kubelet's PEM.
    pub location: String,
    /// The path of the file, beneath the run's root.
    pub target: String,
    /// What was there; nothing, if the file is a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<FileState>,
    /// What will be there.
    pub after: FileState,
    /// The certificate, if the change is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateChange>,
    /// Permission bits in octal: `0600`.
    pub mode: String,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The copy from which `rollback` restores the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
}

/// What a path holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileState {
    /// A symbolic link with this target.
    Symlink(String),
    /// A regular file.
    #[serde(untagged)]
    File(FileIdentity),
}

/// By what a file is known again. No digest of a file that is nothing but a key is ever recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileIdentity {
    /// SHA-256 of its bytes.
    Sha256(Sha256Digest),
    /// Of a private key's file: SHA-256 of the public half's SPKI DER.
    PublicKey(Sha256Digest),
    /// Of a file in the place of a private key that cannot be read as one: its size, in bytes. Its copy in the backup has to tell
    /// the rest.
    Size(u64),
}

/// A copy of a file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Where the copy lies.
    pub path: String,
    /// By what the copy is known again.
    #[serde(flatten)]
    pub identity: FileIdentity,
}

/// A certificate before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateChange {
    /// The one that was there, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<CertificateFacts>,
    /// The one that will be there.
    pub after: CertificateFacts,
}

/// What identifies a certificate to a reader years later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFacts {
    /// SHA-256 of the DER.
    pub fingerprint: Sha256Digest,
    /// The serial number in hexadecimal.
    pub serial: String,
    /// The issuer's name.
    pub issuer: String,
    /// The subject's name.
    pub subject: String,
    /// The subject's alternative names: `DNS:cp-1`, `IP:192.0.2.10`.
    pub subject_alternative_names: Vec<String>,
    /// The first second of validity.
    #[serde(with = "super::moment")]
    pub not_before: OffsetDateTime,
    /// The last second of validity.
    #[serde(with = "super::moment")]
    pub not_after: OffsetDateTime,
    /// `serverAuth`, `clientAuth`, or an object identifier.
    pub extended_key_usages: Vec<String>,
    /// SHA-256 of the public key's SPKI DER.
    pub spki_sha256: Sha256Digest,
}

impl From<&Certificate> for CertificateFacts {
    fn from(certificate: &Certificate) -> Self {
        Self {
            fingerprint: certificate.fingerprint(),
            serial: certificate.serial().to_string(),
            issuer: certificate.issuer(),
            subject: certificate.subject(),
            subject_alternative_names: certificate.subject_alternative_names().to_vec(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            extended_key_usages: certificate.extended_key_usages().to_vec(),
            spki_sha256: Sha256Digest::of(certificate.public_key_der()),
        }
    }
}
