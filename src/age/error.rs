//! Why nothing is encrypted.

/// Why a text is no recipient. The text is in none of these: somebody may have named the secret half.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// The secret half was named, which begins with `AGE-SECRET-KEY-`.
    #[error(
        "this is an identity, the secret half of a key, which has been seen by whoever sees command lines"
    )]
    Identity,
    /// A recipient of another kind: a plugin's, a post-quantum one's, or an SSH key.
    #[error("recipients of the kind `{kind}` are not supported: age1… alone is")]
    Kind {
        /// What it begins with.
        kind: String,
    },
    /// Not Bech32, or a letter is wrong in it.
    #[error("it is no age recipient, or a letter of it is wrong")]
    Bech32,
    /// Bech32 of something that is no X25519 public key.
    #[error("it holds {bytes} bytes, and a key of X25519 has 32")]
    Length {
        /// How many.
        bytes: usize,
    },
}

/// Why nothing could be encrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgeError {
    /// The kernel gave no random bytes.
    #[error("there are no random bytes")]
    Random,
    /// The recipient's key is a point of small order, with which everybody shares a secret (RFC 7748 section 6.1).
    #[error("the recipient {recipient} is none to whom anything can be encrypted")]
    WeakRecipient {
        /// Which one.
        recipient: String,
    },
    /// There is nobody who could decrypt it.
    #[error("there is no recipient")]
    NoRecipient,
    /// A primitive failed that cannot fail on these inputs.
    #[error("the file cannot be encrypted")]
    Cryptography,
}
