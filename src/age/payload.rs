//! The payload: the file in chunks, each of which knows its place and whether it is the last (the STREAM of Hoang, Reyhanitabar,
//! Rogaway and Vizár).

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::header::FILE_KEY_LENGTH;
use super::{AgeError, derive};

/// How many bytes of the file are in each chunk but the last.
const CHUNK: usize = 64 * 1024;
/// The length of what makes the payload's key this file's own, in bytes.
const SALT_LENGTH: usize = 16;
/// What the payload's key is derived for.
const PAYLOAD_INFO: &str = "payload";

/// Appends `plaintext`, encrypted, to what is in `file`.
pub(super) fn append_payload(
    file: &mut Vec<u8>,
    plaintext: &[u8],
    file_key: &[u8; FILE_KEY_LENGTH],
    random: &SystemRandom,
) -> Result<(), AgeError> {
    let mut salt = [0; SALT_LENGTH];
    random.fill(&mut salt).map_err(|_| AgeError::Random)?;
    file.extend_from_slice(&salt);
    let key = derive(file_key, &salt, PAYLOAD_INFO)?;
    let key =
        UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).map_err(|_| AgeError::Cryptography)?;
    let key = LessSafeKey::new(key);
    // An empty file has one chunk, too: an empty one.
    let count = plaintext.len().div_ceil(CHUNK).max(1);
    let mut rest = plaintext;
    for number in 0..count {
        let (chunk, behind) = rest.split_at(rest.len().min(CHUNK));
        rest = behind;
        let mut chunk = Zeroizing::new(chunk.to_vec());
        let tag = key
            .seal_in_place_separate_tag(
                nonce(number, number + 1 == count),
                Aad::empty(),
                chunk.as_mut_slice(),
            )
            .map_err(|_| AgeError::Cryptography)?;
        file.extend_from_slice(&chunk);
        file.extend_from_slice(tag.as_ref());
    }
    Ok(())
}

/// The chunk's number in eleven bytes, and one that says whether it is the last.
fn nonce(number: usize, is_last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    let digits = (number as u64).to_be_bytes();
    let (counter, last) = bytes.split_at_mut(NONCE_LEN - 1);
    let places = counter.iter_mut().rev().zip(digits.iter().rev());
    places.for_each(|(place, digit)| *place = *digit);
    last.fill(u8::from(is_last));
    Nonce::assume_unique_for_key(bytes)
}
