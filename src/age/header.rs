//! The header: the file's key, wrapped once for each recipient, and the proof that no recipient was added or taken away.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::hmac;
use ring::rand::SystemRandom;
use zeroize::Zeroizing;

use super::{AgeError, Recipient, derive};

/// The first line: the version of the format.
const VERSION: &str = "age-encryption.org/v1\n";
/// What the key is derived for that wraps a file's key.
const X25519_INFO: &str = "age-encryption.org/v1/X25519";
/// What the key is derived for that authenticates the header.
const HEADER_INFO: &str = "header";
/// The length of a file's key in bytes.
pub(super) const FILE_KEY_LENGTH: usize = 16;

/// A header that lets each of `recipients` have `file_key`.
pub(super) fn header(
    file_key: &[u8; FILE_KEY_LENGTH],
    recipients: &[Recipient],
    random: &SystemRandom,
) -> Result<Vec<u8>, AgeError> {
    let mut text = VERSION.to_owned();
    for recipient in recipients {
        let (share, body) = wrap(file_key, recipient, random)?;
        // 43 digits: one line, shorter than the 64 after which a line ends.
        let (share, body) = (STANDARD_NO_PAD.encode(share), STANDARD_NO_PAD.encode(body));
        text.extend(["-> X25519 ", &share, "\n", &body, "\n"]);
    }
    text.push_str("---");
    let key = derive(file_key, &[], HEADER_INFO)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_slice());
    let code = hmac::sign(&key, text.as_bytes());
    text.extend([" ", &STANDARD_NO_PAD.encode(code), "\n"]);
    Ok(text.into_bytes())
}

/// The share of a secret that exists for this recipient of this file alone, and the file's key as that secret wraps it.
fn wrap(
    file_key: &[u8; FILE_KEY_LENGTH],
    recipient: &Recipient,
    random: &SystemRandom,
) -> Result<(Vec<u8>, Vec<u8>), AgeError> {
    let secret = EphemeralPrivateKey::generate(&X25519, random).map_err(|_| AgeError::Random)?;
    let share = secret
        .compute_public_key()
        .map_err(|_| AgeError::Cryptography)?;
    let salt = [share.as_ref(), recipient.key()].concat();
    let their_key = UnparsedPublicKey::new(&X25519, recipient.key());
    // ring takes no shared secret of zeros, as the format demands.
    let weak = || AgeError::WeakRecipient {
        recipient: recipient.to_string(),
    };
    let wrapping = agree_ephemeral(secret, &their_key, |shared| {
        derive(shared, &salt, X25519_INFO)
    })
    .map_err(|_| weak())??;
    let key = UnboundKey::new(&CHACHA20_POLY1305, wrapping.as_slice())
        .map_err(|_| AgeError::Cryptography)?;
    let mut body = Zeroizing::new(file_key.to_vec());
    // Never used twice with one key, which is this file's and recipient's alone.
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let tag = LessSafeKey::new(key)
        .seal_in_place_separate_tag(nonce, Aad::empty(), body.as_mut_slice())
        .map_err(|_| AgeError::Cryptography)?;
    let wrapped = [body.as_slice(), tag.as_ref()].concat();
    Ok((share.as_ref().to_vec(), wrapped))
}
