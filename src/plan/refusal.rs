//! Why something cannot be done as asked: found before the first byte is written, each with its evidence,
//! its way out and its runbook.

use std::fmt;

/// One reason for which nothing is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind; names the runbook.
    pub code: RefusalCode,
    /// What it is about: a certificate's name, an authority's, or a path.
    pub subject: String,
    /// What was found, with paths and values.
    pub evidence: String,
    /// What to do.
    pub remedy: String,
}

/// Writes the kinds down once: the variant, its word, and what it means.
macro_rules! refusal_codes {
    ($($(#[$meaning:meta])* $variant:ident => $word:literal,)*) => {
        /// The kinds of refusal. `runbooks/refused/<code>.md` explains each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RefusalCode {
            $($(#[$meaning])* $variant,)*
        }

        impl RefusalCode {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word for scripts, and the name of the runbook.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

refusal_codes! {
    /// A certificate was plainly made for another node.
    AnotherNodesCertificate => "another-nodes-certificate",
    /// Another rekindle holds the lock of this node.
    AnotherRekindle => "another-rekindle",
    /// The CA certificate is no CA, or may not sign certificates.
    AuthorityCannotSign => "ca-cannot-sign",
    /// The CA itself has expired.
    AuthorityExpired => "ca-expired",
    /// `ca.key` is not the key of any certificate in `ca.crt`.
    AuthorityKeyMismatch => "ca-key-mismatch",
    /// The key of the cluster CA is not on the node.
    AuthorityKeyMissing => "ca-key-missing",
    /// The CA certificate is not on the node.
    AuthorityMissing => "ca-missing",
    /// The CA is not valid yet.
    AuthorityNotYetValid => "ca-not-yet-valid",
    /// The copy of an old file is gone or damaged.
    BackupLost => "backup-lost",
    /// A node's bundle is damaged, or none.
    BundleDamaged => "bundle-damaged",
    /// A node's bundle has expired, or is not valid yet.
    BundleExpired => "bundle-expired",
    /// A node's bundle is for another host.
    BundleForAnotherHost => "bundle-for-another-host",
    /// Nobody whom this node trusts vouches for a bundle.
    BundleNotTrusted => "bundle-not-trusted",
    /// The file begins with a UTF-8 byte order mark.
    ByteOrderMark => "byte-order-mark",
    /// The kernel refused to open or read a file.
    CannotRead => "cannot-read",
    /// A file is PEM, but holds no certificate that can be parsed.
    CertificateDamaged => "certificate-damaged",
    /// A certificate that was signed elsewhere is not the one that was asked for.
    CertificateUnfit => "certificate-unfit",
    /// The clock is far later than what tells the time by itself.
    ClockAhead => "clock-ahead",
    /// The clock is earlier than what was written on the node already.
    ClockBehind => "clock-behind",
    /// The file holds binary DER.
    DerInsteadOfPem => "der-instead-of-pem",
    /// There is no room for the new files, the backup and the journal.
    DiskFull => "disk-full",
    /// etcd's data were to be copied, and cannot be.
    EtcdCopyImpossible => "etcd-copy-impossible",
    /// The file has no bytes, as an interrupted `kubeadm certs renew` leaves it.
    FileEmpty => "file-empty",
    /// The file is larger than any of its kind.
    FileTooLarge => "file-too-large",
    /// The file ends in the middle of a PEM block.
    FileTruncated => "file-truncated",
    /// Somebody else changed a file that an interrupted run was to change or had changed.
    ForeignChange => "foreign-change",
    /// Somebody else owns a file, folder or link.
    ForeignOwner => "foreign-owner",
    /// A file has a second name.
    HardLinked => "hard-linked",
    /// A file or folder may not be changed, not even by root: `chattr +i` or `+a`.
    Immutable => "immutable",
    /// The node is not the one that was planned for: something was changed meanwhile.
    InventoryChanged => "inventory-changed",
    /// Nobody who is trusted vouches for the journal of a run that is to be taken up, or back.
    JournalNotAnchored => "journal-not-anchored",
    /// A private key cannot be parsed.
    KeyDamaged => "key-damaged",
    /// A private key is protected by a passphrase.
    KeyEncrypted => "key-encrypted",
    /// A certificate and its key are not a pair.
    KeyMismatch => "key-mismatch",
    /// The file of a key that would be made anew is that of another credential, too, or of an authority.
    KeyShared => "key-shared",
    /// A private key is of a kind that cannot be used here.
    KeyUnsupported => "key-unsupported",
    /// A kubeconfig uses YAML anchors, so that one edit could change two places.
    KubeconfigAnchors => "kubeconfig-anchors",
    /// A kubeconfig has the same key twice.
    KubeconfigDuplicateKeys => "kubeconfig-duplicate-keys",
    /// A file is no kubeconfig, or does not hang together.
    KubeconfigInvalid => "kubeconfig-invalid",
    /// A kubeconfig does not say which context is current.
    KubeconfigNoCurrentContext => "kubeconfig-no-current-context",
    /// The user of a kubeconfig logs on by other means than a certificate.
    KubeconfigOtherLogin => "kubeconfig-other-login",
    /// A kubeconfig holds several YAML documents.
    KubeconfigSeveralDocuments => "kubeconfig-several-documents",
    /// The kubelet's configuration cannot be parsed.
    KubeletConfigInvalid => "kubelet-config-invalid",
    /// A restart was asked for that needs a running kubelet.
    KubeletNotRunning => "kubelet-not-running",
    /// The kubelet's service cannot be stopped and started.
    KubeletServiceUnusable => "kubelet-service-unusable",
    /// A later run replaced what is to be rolled back.
    LaterRun => "later-run",
    /// A symbolic link leads out of the root, or in circles.
    LinkLeavesRoot => "link-leaves-root",
    /// The manifest of a static pod cannot be parsed.
    ManifestInvalid => "manifest-invalid",
    /// The manifest of a static pod cannot be given an annotation.
    ManifestNotEditable => "manifest-not-editable",
    /// Something is mounted on a file that is to be replaced.
    MountPoint => "mount-point",
    /// There is no control plane here.
    NoNode => "no-node",
    /// The node whose certificates are to be back-dated is alive.
    NodeIsLive => "node-is-live",
    /// Nobody is known who stops and starts the kubelet.
    NoServiceManager => "no-service-manager",
    /// A folder, FIFO, socket or device stands where a file belongs.
    NotARegularFile => "not-a-regular-file",
    /// The machine's own node can only be recovered by root.
    NotRoot => "not-root",
    /// The processes of this machine cannot be seen from here.
    ProcessesHidden => "processes-hidden",
    /// A file system that must be written is mounted read-only.
    ReadOnlyFileSystem => "read-only-file-system",
    /// A restart was asked for that is not possible for a node in a folder.
    RestartElsewhere => "restart-elsewhere",
    /// An interrupted run has begun to be undone.
    RollbackBegun => "rollback-begun",
    /// Requests for certificates, or the answer to some, are not to be believed.
    RequestsUnusable => "requests-unusable",
    /// Others than its owner may read a private key.
    SecretExposed => "secret-exposed",
    /// What an interrupted run had staged is gone or damaged.
    StagedFileLost => "staged-file-lost",
    /// A run was interrupted and must be finished or undone first.
    UnfinishedRun => "unfinished-run",
    /// This is a worker: what signs certificates is never on it.
    WorkerNode => "worker-node",
    /// Others than its owner may change a file, or exchange what is in a folder.
    WritableByOthers => "writable-by-others",
    /// A certificate was signed by a CA that nothing on this node trusts.
    WrongIssuer => "wrong-issuer",
}

impl RefusalCode {
    /// The runbook, as a path in the repository.
    pub fn runbook(self) -> String {
        format!("runbooks/refused/{self}.md")
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
