//! Files that only the holders of certain keys can read, in the format that vaults have tools for: age
//! (<https://age-encryption.org/v1>). Encryption alone, to native X25519 recipients, in its ASCII armor. Pure but for randomness.
//!
//! The primitives are ring's; what is here is the format. There is nothing that decrypts: no identity, which is the secret half
//! of a recipient, has any business on a node.

mod encrypt;
mod error;
mod header;
mod payload;
mod recipient;

pub use encrypt::encrypt;
pub use error::{AgeError, RecipientError};
pub use recipient::Recipient;

use ring::hkdf;
use zeroize::Zeroizing;

/// The length of a key of ChaCha20-Poly1305 and of HMAC-SHA-256, in bytes.
const KEY_LENGTH: usize = 32;

/// How long a key is that HKDF is to give.
struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        KEY_LENGTH
    }
}

/// HKDF-SHA-256 (RFC 5869), as every key of the format is derived.
fn derive(secret: &[u8], salt: &[u8], info: &str) -> Result<Zeroizing<[u8; KEY_LENGTH]>, AgeError> {
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info.as_bytes()], KeyLength)
        .and_then(|okm| okm.fill(key.as_mut_slice()))
        .map_err(|_| AgeError::Cryptography)?;
    Ok(key)
}
