//! Everything that can be wrong with a kubeconfig, one case for each thing that a person must do about it. Pure.

use crate::kubernetes::document::DocumentError;

/// Why a kubeconfig cannot be used or edited. Names, paths and lines, never a credential.
#[derive(Debug, thiserror::Error)]
pub enum KubeconfigError {
    /// Not one plain YAML document: empty, invalid, ambiguous, or with a value of the wrong type.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// An anchor (`&name`) or an alias (`*name`).
    #[error("line {line}: `{token}` is a YAML anchor or alias")]
    Anchor {
        /// Counted from one.
        line: usize,
        /// As it is written.
        token: String,
    },
    /// A YAML tag, such as `!!binary`.
    #[error("line {line}: `{token}` is a YAML tag")]
    Tag {
        /// Counted from one.
        line: usize,
        /// As it is written.
        token: String,
    },
    /// Some other object, or none at all.
    #[error("it is not a kubeconfig: its kind is {}", kind.as_deref().unwrap_or("missing").escape_debug())]
    NotAKubeconfig {
        /// The kind that it says it is, if any.
        kind: Option<String>,
    },
    /// `current-context` is absent or empty.
    #[error("it has no current-context")]
    NoCurrentContext,
    /// `current-context` names a context that is not in `contexts`.
    #[error("the current-context {context:?} is not among its contexts")]
    NoSuchContext {
        /// The missing context.
        context: String,
    },
    /// The current context has no `user`.
    #[error("the current context {context:?} names no user")]
    ContextWithoutUser {
        /// The current context.
        context: String,
    },
    /// The current context names a user that is not in `users`.
    #[error("the user {user:?} of the current context {context:?} is not among its users")]
    NoSuchUser {
        /// The current context.
        context: String,
        /// The missing user.
        user: String,
    },
    /// The current context has no `cluster`.
    #[error("the current context {context:?} names no cluster")]
    ContextWithoutCluster {
        /// The current context.
        context: String,
    },
    /// The current context names a cluster that is not in `clusters`.
    #[error("the cluster {cluster:?} of the current context {context:?} is not among its clusters")]
    NoSuchCluster {
        /// The current context.
        context: String,
        /// The missing cluster.
        cluster: String,
    },
    /// Two entries have the name that is looked for; client-go refuses that too.
    #[error("it has two {list} of the name {name:?}")]
    SameName {
        /// `clusters`, `contexts` or `users`.
        list: &'static str,
        /// Their name.
        name: String,
    },
    /// The user has no certificate; a program fetches its credential.
    #[error("the user {user:?} has no certificate: the program {command:?} fetches its credential")]
    ExecUser {
        /// The user of the current context.
        user: String,
        /// `exec.command`, without arguments and environment.
        command: String,
    },
    /// The user has no certificate; an authentication provider of old fetches its credential.
    #[error("the user {user:?} has no certificate but the auth-provider {provider:?}")]
    AuthProviderUser {
        /// The user of the current context.
        user: String,
        /// `auth-provider.name`.
        provider: String,
    },
    /// The user has no certificate but a bearer token.
    #[error("the user {user:?} has no certificate but a token")]
    TokenUser {
        /// The user of the current context.
        user: String,
    },
    /// The user has no certificate but a password.
    #[error("the user {user:?} has no certificate but a password")]
    PasswordUser {
        /// The user of the current context.
        user: String,
    },
    /// The user has no credential at all.
    #[error("the user {user:?} has no client certificate")]
    NoClientCertificate {
        /// The user of the current context.
        user: String,
    },
    /// A client certificate without `client-key-data` and `client-key`.
    #[error("the user {user:?} has a client certificate and no key")]
    NoClientKey {
        /// The user of the current context.
        user: String,
    },
    /// `client-certificate-data` is not base64.
    #[error("the client-certificate-data of the user {user:?} is not base64")]
    CertificateNotBase64 {
        /// The user of the current context.
        user: String,
        /// Where and why.
        source: base64::DecodeError,
    },
    /// `client-key-data` is not base64; no source, for it would quote the key.
    #[error("the client-key-data of the user {user:?} is not base64")]
    KeyNotBase64 {
        /// The user of the current context.
        user: String,
    },
    /// An edit was asked for, but the certificate is in a file of its own.
    #[error("the client certificate of the user {user:?} is not in it but in {path:?}")]
    NotEmbedded {
        /// The user of the current context.
        user: String,
        /// The `client-certificate`.
        path: String,
    },
    /// The bytes of the value could not be told from what surrounds them.
    #[error(
        "the client-certificate-data of the user {user:?} is written in a way that cannot be edited safely"
    )]
    NotEditable {
        /// The user of the current context.
        user: String,
    },
    /// The edit was made in memory, checked, and found to change something else too.
    #[error(
        "replacing the client-certificate-data of the user {user:?} would change more than that"
    )]
    EditChangedMore {
        /// The user of the current context.
        user: String,
    },
    /// A new credential was asked for, but the key is in a file of its own.
    #[error("the client key of the user {user:?} is not in it but in {path:?}")]
    KeyNotEmbedded {
        /// The user of the current context.
        user: String,
        /// The `client-key`.
        path: String,
    },
    /// The bytes of the key's value could not be told from what surrounds them.
    #[error(
        "the client-key-data of the user {user:?} is written in a way that cannot be edited safely"
    )]
    KeyNotEditable {
        /// The user of the current context.
        user: String,
    },
    /// The edit was made in memory, checked, and found to change something else too.
    #[error("replacing the credential of the user {user:?} would change more than that")]
    CredentialEditChangedMore {
        /// The user of the current context.
        user: String,
    },
    /// `certificate-authority-data` is not base64.
    #[error("the certificate-authority-data of the cluster {cluster:?} is not base64")]
    AuthorityNotBase64 {
        /// The cluster.
        cluster: String,
        /// Where and why.
        source: base64::DecodeError,
    },
    /// An edit was asked for, but there is no such entry, or not one with authorities in it.
    #[error("its clusters[{index}] has no certificate-authority-data")]
    AuthorityNotEmbedded {
        /// The place in the list, counted from zero.
        index: usize,
    },
    /// The bytes of the authorities' value could not be told from what surrounds them.
    #[error(
        "the certificate-authority-data of its clusters[{index}] is written in a way that cannot be edited safely"
    )]
    AuthorityNotEditable {
        /// The place in the list, counted from zero.
        index: usize,
    },
    /// The edit was made in memory, checked, and found to change something else too.
    #[error(
        "replacing the certificate-authority-data of its clusters[{index}] would change more than that"
    )]
    AuthorityEditChangedMore {
        /// The place in the list, counted from zero.
        index: usize,
    },
}
