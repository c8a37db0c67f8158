//! One line of a journal: a DSSE v1.0.2 envelope around the JSON of a record. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::defect::Defect;
use super::signature::{JournalKey, VerifyingKey, pre_authentication_encoding};
use crate::digest::Sha256Digest;
use crate::pki::KeyError;

/// The type of every payload.
const PAYLOAD_TYPE: &str = "application/vnd.rekindle.record+json";

/// The longest line that is written and read, in bytes. The commit of a usual node's fourteen changes has 25 KiB; how long it is
/// depends on the names in the certificates.
pub const LONGEST_LINE: usize = 1 << 20;

/// An envelope with its payload decoded and nothing verified.
pub(super) struct Envelope {
    /// A record's, or that of another document, which is never taken for one.
    payload_type: &'static str,
    pub(super) payload: Vec<u8>,
    keyid: Sha256Digest,
    signature: Vec<u8>,
}

/// What stands before, between and behind the type, the payload, the key and the signature of a line. None of them has a
/// letter that JSON escapes.
const BEFORE_TYPE: &str = "{\"payloadType\":\"";
const BEFORE_PAYLOAD: &str = "\",\"payload\":\"";
const BEFORE_KEYID: &str = "\",\"signatures\":[{\"keyid\":\"";
const BEFORE_SIGNATURE: &str = "\",\"sig\":\"";
const END: &str = "\"}]}";

/// The texts in a line.
struct Fields<'line> {
    payload: &'line str,
    keyid: &'line str,
    signature: &'line str,
}

impl<'line> Fields<'line> {
    /// Those of a line that is written the one way in which lines are written.
    fn of(line: &'line [u8], payload_type: &str) -> Option<Self> {
        let rest = str::from_utf8(line).ok()?.strip_prefix(BEFORE_TYPE)?;
        let rest = rest.strip_prefix(payload_type)?;
        let rest = rest.strip_prefix(BEFORE_PAYLOAD)?;
        let (payload, rest) = rest.split_once(BEFORE_KEYID)?;
        let (keyid, rest) = rest.split_once(BEFORE_SIGNATURE)?;
        let signature = rest.strip_suffix(END)?;
        Some(Self {
            payload,
            keyid,
            signature,
        })
    }
}

/// Any line that says what an envelope says: to tell a line that is written in another way from one that is none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AnyLine<'line> {
    payload_type: &'line str,
    #[serde(rename = "payload")]
    _payload: &'line str,
    #[serde(borrow, rename = "signatures")]
    _signatures: [AnySignature<'line>; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnySignature<'line> {
    #[serde(rename = "keyid")]
    _keyid: &'line str,
    #[serde(rename = "sig")]
    _signature: &'line str,
}

/// Why a line is not written as lines are.
fn diagnose(line: &[u8], payload_type: &str) -> Defect {
    match serde_json::from_slice::<AnyLine<'_>>(line) {
        Err(source) => Defect::Envelope { source },
        Ok(fields) if fields.payload_type != payload_type => Defect::PayloadType {
            found: fields.payload_type.to_owned(),
        },
        Ok(_) => Defect::NotCanonical,
    }
}

impl Envelope {
    /// Signs a record.
    pub(super) fn sign(payload: Vec<u8>, key: &JournalKey) -> Result<Self, KeyError> {
        Self::sign_as(PAYLOAD_TYPE, payload, key)
    }

    /// Signs a payload of that type.
    pub(super) fn sign_as(
        payload_type: &'static str,
        payload: Vec<u8>,
        key: &JournalKey,
    ) -> Result<Self, KeyError> {
        let signature = key.sign(&pre_authentication_encoding(payload_type, &payload))?;
        Ok(Self {
            payload_type,
            payload,
            keyid: key.public().fingerprint(),
            signature,
        })
    }

    /// The line, without a newline.
    pub(super) fn to_line(&self) -> Vec<u8> {
        let (payload, signature) = (
            STANDARD.encode(&self.payload),
            STANDARD.encode(&self.signature),
        );
        let (payload_type, keyid) = (self.payload_type, self.keyid);
        format!(
            "{BEFORE_TYPE}{payload_type}{BEFORE_PAYLOAD}{payload}{BEFORE_KEYID}{keyid}{BEFORE_SIGNATURE}{signature}{END}"
        )
        .into_bytes()
    }

    /// How long the line around a payload of so many bytes is.
    pub(super) fn line_length(payload: usize) -> usize {
        const DIGEST_TEXT: usize = 64;
        const SIGNATURE_TEXT: usize = 88;
        let frame = [
            BEFORE_TYPE,
            PAYLOAD_TYPE,
            BEFORE_PAYLOAD,
            BEFORE_KEYID,
            BEFORE_SIGNATURE,
            END,
        ];
        frame.iter().map(|part| part.len()).sum::<usize>()
            + DIGEST_TEXT
            + SIGNATURE_TEXT
            + 4 * payload.div_ceil(3)
    }

    /// Reads a line (without its newline). Only the line that [`to_line`](Self::to_line) writes is one: there is no room for
    /// spaces, escapes, repeated or foreign fields, and bytes have one text in base64, and a digest one in hexadecimal.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Defect> {
        Self::parse_as(PAYLOAD_TYPE, line)
    }

    /// The same, of a payload of that type.
    pub(super) fn parse_as(payload_type: &'static str, line: &[u8]) -> Result<Self, Defect> {
        if line.len() > LONGEST_LINE {
            return Err(Defect::LineTooLong { bytes: line.len() });
        }
        let diagnose = |line| diagnose(line, payload_type);
        let fields = Fields::of(line, payload_type).ok_or_else(|| diagnose(line))?;
        // This engine takes padding and unused bits in their one form alone.
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| diagnose(line));
        let keyid: Sha256Digest = fields.keyid.parse().map_err(|_| diagnose(line))?;
        if !keyid.is_text(fields.keyid) {
            return Err(Defect::NotCanonical);
        }
        Ok(Self {
            payload_type,
            payload: decode(fields.payload)?,
            keyid,
            signature: decode(fields.signature)?,
        })
    }

    /// Whether the line says that `key` signed it.
    pub(super) fn names(&self, key: &VerifyingKey) -> bool {
        self.keyid == key.fingerprint()
    }

    /// Checks that `key` signed the payload, and is the one that the line names.
    pub(super) fn verify(&self, key: &VerifyingKey) -> Result<(), Defect> {
        if !self.names(key) {
            return Err(Defect::KeyId {
                found: self.keyid,
                expected: key.fingerprint(),
            });
        }
        let encoding = pre_authentication_encoding(self.payload_type, &self.payload);
        if !key.verifies(&encoding, &self.signature) {
            return Err(Defect::Signature);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> (String, JournalKey) {
        let key = JournalKey::generate().unwrap();
        let envelope = Envelope::sign(b"{\"a\":1}?".to_vec(), &key).unwrap();
        (String::from_utf8(envelope.to_line()).unwrap(), key)
    }

    #[test]
    fn what_was_signed_comes_back_and_verifies() {
        let (line, key) = line();
        assert!(line.starts_with(
            r#"{"payloadType":"application/vnd.rekindle.record+json","payload":"eyJhIjoxfT8=","signatures":[{"keyid":""#
        ));
        let envelope = Envelope::parse(line.as_bytes()).unwrap();
        assert_eq!(envelope.payload, b"{\"a\":1}?");
        envelope.verify(key.public()).unwrap();
    }

    #[test]
    fn a_line_as_long_as_a_journal_is_refused_unread() {
        let (line, _) = line();
        let long = line + &" ".repeat(LONGEST_LINE);
        assert!(matches!(
            Envelope::parse(long.as_bytes()),
            Err(Defect::LineTooLong { .. })
        ));
    }

    #[test]
    fn another_key_is_named_as_such() {
        let (line, _) = line();
        let other = JournalKey::generate().unwrap();
        let verdict = Envelope::parse(line.as_bytes())
            .unwrap()
            .verify(other.public());
        assert!(matches!(verdict, Err(Defect::KeyId { .. })));
    }

    #[test]
    fn a_second_way_to_write_the_same_line_is_refused() {
        let (line, _) = line();
        let keyid = line.split_once("\"keyid\":\"").unwrap().1[..64].to_owned();
        let rewritten = [
            line.replace(',', ", "),
            format!("{line} "),
            line.replace("fT8=", "fT9="),
            line.replace("fT8=", "fT8"),
            line.replace("fT8=", "fT8=="),
            line.replace("fT8=", "fT8=\\n"),
            line.replace("\"payload\":\"", "\"payload\":\"\\u0065"),
            line.replace(&keyid, &format!("sha256:{keyid}")),
            line.replace("\"}]}", "=\"}]}"),
            line.replace("fT8=", "fT8\\u003d"),
            line.replace("\"payload\":", "\"extra\":1,\"payload\":"),
            line.replace("\"payload\":", "\"payload\":\"e30=\",\"payload\":"),
            line.replace(&keyid, &keyid.to_uppercase()),
            line.replace("}]}", "},{\"keyid\":\"\",\"sig\":\"\"}]}"),
            line.replace("}]}", ",\"extra\":1}]}"),
        ];
        for text in rewritten {
            assert_ne!(text, line);
            assert!(Envelope::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
