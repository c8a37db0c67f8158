//! Distinguished names as text, without losing an attribute. The raw DER stays the truth; this is for people.

use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::der::{Malformed, dotted};

/// One attribute: its object identifier, dotted, and its value as text where it is some kind of string.
struct Attribute {
    oid: String,
    value: Value,
}

enum Value {
    Text(String),
    /// Not a string, or not a valid one: the contents octets.
    Bytes(Vec<u8>),
}

/// A name: a sequence of sets of attributes.
pub(super) struct Name(Vec<Vec<Attribute>>);

/// Whether every `PrintableString` of a name, DER, has those letters alone that Go takes in one (`isPrintable` in `crypto/x509`): some more
/// than X.680 section 41.4 has. What is no name is somebody else's to refuse.
pub(super) fn is_printable(name_der: &[u8]) -> bool {
    let Ok((_, name)) = X509Name::from_der(name_der) else {
        return true;
    };
    let is_taken = |byte: &u8| byte.is_ascii_alphanumeric() || b"'()+,-./ :=?*&".contains(byte);
    name.iter_attributes().all(|attribute| {
        let value = attribute.attr_value();
        value.tag() != Tag::PrintableString || value.data.iter().all(is_taken)
    })
}

impl Name {
    pub(super) fn read(name: &X509Name<'_>) -> Result<Self, Malformed> {
        name.iter_rdn()
            .map(|set| {
                set.iter()
                    .map(|attribute| {
                        Ok(Attribute {
                            oid: dotted(attribute.attr_type().as_bytes())?,
                            value: read_value(attribute.attr_value()),
                        })
                    })
                    .collect()
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The values of this attribute that are text, in order.
    pub(super) fn values<'a>(&'a self, oid: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.0
            .iter()
            .flatten()
            .filter_map(move |attribute| match &attribute.value {
                Value::Text(text) if attribute.oid == oid => Some(text.as_str()),
                _ => None,
            })
    }

    /// RFC 4514: the last set first, sets separated by `,`, the attributes of one set by `+`.
    pub(super) fn to_text(&self) -> String {
        let sets = self.0.iter().rev().map(|set| {
            let attributes: Vec<String> = set.iter().map(Attribute::to_text).collect();
            attributes.join("+")
        });
        sets.collect::<Vec<_>>().join(",")
    }
}

impl Attribute {
    fn to_text(&self) -> String {
        let value = match &self.value {
            Value::Text(text) => escape(text),
            Value::Bytes(bytes) => format!("#{}", hexadecimal(bytes)),
        };
        format!("{}={value}", short_name(&self.oid).unwrap_or(&self.oid))
    }
}

/// The names that RFC 4514 section 3 lists, and those that openssl adds for what appears in practice.
fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => return None,
    })
}

fn read_value(value: &Any<'_>) -> Value {
    let text = match value.tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString => String::from_utf8(value.data.to_vec()).ok(),
        // In practice T61String holds Latin-1, or UTF-8 from those who did not care.
        Tag::T61String => Some(
            String::from_utf8(value.data.to_vec())
                .unwrap_or_else(|_| value.data.iter().copied().map(char::from).collect()),
        ),
        Tag::BmpString => utf16(value.data),
        _ => None,
    };
    text.map_or_else(|| Value::Bytes(value.data.to_vec()), Value::Text)
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else {
        return None;
    };
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    String::from_utf16(&units).ok()
}

/// RFC 4514 section 2.4.
fn escape(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (position, character) in text.chars().enumerate() {
        let special = match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => true,
            '#' => position == 0,
            ' ' => position == 0 || position == last,
            _ => false,
        };
        out.extend(special.then_some('\\'));
        out.push(character);
    }
    printable(&out)
}

/// Control characters as RFC 4514's `\1b`, for the text may end up on a terminal.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                out.push('\\');
                out.push_str(&hexadecimal(&[byte]));
            }
        } else {
            out.push(character);
        }
    }
    out
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 0x0f] {
            out.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A CN of that type with that text.
    fn name(tag: u8, text: &[u8]) -> Vec<u8> {
        let value = encode(tag, &[text]);
        let attribute = encode(der::SEQUENCE, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &value]);
        encode(der::SEQUENCE, &[&encode(0x31, &[&attribute])])
    }

    #[test]
    fn a_printable_string_has_the_letters_that_go_takes() {
        const PRINTABLE: u8 = 0x13;
        const UTF8: u8 = 0x0c;
        assert!(is_printable(&name(PRINTABLE, b"a Z9'()+,-./:=?*&")));
        for letter in [b"a@b", b"a_b", b"a\0b"] {
            assert!(!is_printable(&name(PRINTABLE, letter)));
            assert!(is_printable(&name(UTF8, letter)));
        }
        assert!(is_printable(b"no name"));
    }

    use crate::pki::der::{self, encode};
    use x509_parser::prelude::FromDer;

    /// `CN` of this string type and these bytes, as one `AttributeTypeAndValue`.
    fn common_name(tag: u8, bytes: &[u8]) -> Vec<u8> {
        let value = encode(tag, &[bytes]);
        encode(der::SEQUENCE, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &value])
    }

    fn text(sets: &[&[&[u8]]]) -> String {
        let sets: Vec<Vec<u8>> = sets.iter().map(|set| encode(der::SET, set)).collect();
        let sets: Vec<&[u8]> = sets.iter().map(Vec::as_slice).collect();
        let name = encode(der::SEQUENCE, &sets);
        Name::read(&X509Name::from_der(&name).unwrap().1)
            .unwrap()
            .to_text()
    }

    #[test]
    fn no_attribute_is_lost() {
        let one = common_name(der::UTF8_STRING, "Ünï".as_bytes());
        let two = common_name(der::PRINTABLE_STRING, b"two");
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[&[&one]]), "CN=Ünï");
        assert_eq!(
            text(&[&[&one], &[&two], &[&one, &two]]),
            "CN=Ünï+CN=two,CN=two,CN=Ünï"
        );
    }

    #[test]
    fn every_string_type_is_shown() {
        for (tag, bytes, expected) in [
            (0x14, &b"M\xfcn"[..], "CN=Mün"),         // T61String in Latin-1
            (0x14, "Mün".as_bytes(), "CN=Mün"),       // T61String in UTF-8
            (0x1e, &[0, b'M', 0, 0xfc], "CN=Mü"),     // BMPString
            (0x1e, &[0, b'M', 0], "CN=#004d00"),      // half a character
            (der::UTF8_STRING, &[0xff], "CN=#ff"),    // not UTF-8
            (0x16, b"a@b.example", "CN=a@b.example"), // IA5String
            (der::INTEGER, &[7], "CN=#07"),           // no string at all
        ] {
            assert_eq!(text(&[&[&common_name(tag, bytes)]]), expected);
        }
    }

    #[test]
    fn special_characters_are_escaped() {
        for (value, expected) in [
            ("a,b+c=d", "CN=a\\,b\\+c=d"),
            (" #a ", "CN=\\ #a\\ "),
            ("#a", "CN=\\#a"),
            ("\u{1b}[2Ja\u{9b}", "CN=\\1b[2Ja\\c2\\9b"),
        ] {
            assert_eq!(
                text(&[&[&common_name(der::UTF8_STRING, value.as_bytes())]]),
                expected
            );
        }
    }
}
