//! A whole file, in ASCII armor.

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::header::{FILE_KEY_LENGTH, header};
use super::payload::append_payload;
use super::{AgeError, Recipient};

/// The label of the armor, which is strict PEM.
const LABEL: &str = "AGE ENCRYPTED FILE";

/// `plaintext` as an age file, armored, which each of `recipients` can decrypt alone.
pub fn encrypt(plaintext: &[u8], recipients: &[Recipient]) -> Result<Vec<u8>, AgeError> {
    if recipients.is_empty() {
        return Err(AgeError::NoRecipient);
    }
    let random = SystemRandom::new();
    let mut file_key = Zeroizing::new([0; FILE_KEY_LENGTH]);
    random
        .fill(file_key.as_mut_slice())
        .map_err(|_| AgeError::Random)?;
    let mut file = header(&file_key, recipients, &random)?;
    append_payload(&mut file, plaintext, &file_key, &random)?;
    let line_ends = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    Ok(pem::encode_config(&pem::Pem::new(LABEL, file), line_ends).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_and_a_key_of_small_order_are_refused() {
        assert_eq!(encrypt(b"", &[]), Err(AgeError::NoRecipient));
        let hrp = bech32::Hrp::parse("age").unwrap();
        let weak = bech32::encode::<bech32::Bech32>(hrp, &[0; 32]).unwrap();
        let weak: Recipient = weak.parse().unwrap();
        let error = encrypt(b"", std::slice::from_ref(&weak)).unwrap_err();
        assert!(matches!(error, AgeError::WeakRecipient { .. }), "{error}");
    }

    #[test]
    fn two_files_of_one_content_have_nothing_in_common() {
        let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        let recipients = [recipient.parse().unwrap()];
        let decoded = || {
            let text = encrypt(b"content", &recipients).unwrap();
            assert!(text.ends_with(b"-----END AGE ENCRYPTED FILE-----\n"));
            pem::parse(text).unwrap().into_contents()
        };
        let (one, two) = (decoded(), decoded());
        assert_eq!(one.len(), two.len());
        let version = b"age-encryption.org/v1\n-> X25519 ".len();
        let windows = one[version..].windows(16);
        assert!(
            windows
                .into_iter()
                .all(|piece| !two[version..].windows(16).any(|other| other == piece))
        );
    }
}
