//! One line of a journal: a DSSE v1.0.2 envelope around the JSON of a record. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::defect::Defect;
use super::signature::{JournalKey, VerifyingKey, pre_authentication_encoding};
use crate::digest::Sha256Digest;
use crate::pki::KeyError;

/// The type of every payload.
const PAYLOAD_TYPE: &str = "application/vnd.rekindle.record+json";

/// The longest line that is read, in bytes. The longest that is written, the commit of some thirty changes, has 30 KiB.
const LONGEST: usize = 1 << 20;

/// An envelope with its payload decoded and nothing verified.
pub(super) struct Envelope {
    pub(super) payload: Vec<u8>,
    keyid: Sha256Digest,
    signature: Vec<u8>,
}

/// The JSON of the line, in the order in which it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Line<'line> {
    payload_type: &'line str,
    payload: &'line str,
    #[serde(borrow)]
    signatures: [LineSignature<'line>; 1],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineSignature<'line> {
    keyid: &'line str,
    sig: &'line str,
}

impl Envelope {
    /// Signs a payload.
    pub(super) fn sign(payload: Vec<u8>, key: &JournalKey) -> Result<Self, KeyError> {
        let signature = key.sign(&pre_authentication_encoding(PAYLOAD_TYPE, &payload))?;
        Ok(Self {
            payload,
            keyid: key.public().fingerprint(),
            signature,
        })
    }

    /// The line, without a newline.
    pub(super) fn to_line(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Line {
            payload_type: PAYLOAD_TYPE,
            payload: &STANDARD.encode(&self.payload),
            signatures: [LineSignature {
                keyid: &self.keyid.to_string(),
                sig: &STANDARD.encode(&self.signature),
            }],
        })
    }

    /// Reads a line (without its newline). Writing the envelope again must give the same bytes: this alone
    /// leaves no room for spaces, other escapes, repeated or foreign fields, or a second base64 text of the
    /// same bytes.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Defect> {
        if line.len() > LONGEST {
            return Err(Defect::LineTooLong { bytes: line.len() });
        }
        let fields: Line<'_> =
            serde_json::from_slice(line).map_err(|source| Defect::Envelope { source })?;
        if fields.payload_type != PAYLOAD_TYPE {
            return Err(Defect::PayloadType {
                found: fields.payload_type.to_owned(),
            });
        }
        let [signature] = fields.signatures;
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| Defect::NotCanonical);
        let envelope = Self {
            payload: decode(fields.payload)?,
            keyid: signature.keyid.parse().map_err(|_| Defect::NotCanonical)?,
            signature: decode(signature.sig)?,
        };
        match envelope.to_line() {
            Ok(written) if written == line => Ok(envelope),
            _ => Err(Defect::NotCanonical),
        }
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
        let encoding = pre_authentication_encoding(PAYLOAD_TYPE, &self.payload);
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
        (String::from_utf8(envelope.to_line().unwrap()).unwrap(), key)
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
        let long = line + &" ".repeat(LONGEST);
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
