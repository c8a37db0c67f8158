//! The extensions of a certificate that is issued again: each as it was, but for what a revision or another authority
//! makes untrue.

use std::borrow::Cow;

use super::authority_key_identifier::AuthorityIdentity;
use super::der::{self, Element, Malformed};
use super::extension::{
    AUTHORITY_KEY_IDENTIFIER, SUBJECT_ALTERNATIVE_NAME, SUBJECT_KEY_IDENTIFIER,
};
use super::{AlternativeName, Certificate};

/// What may be another than in the model.
pub(super) struct ExtensionChanges<'a> {
    /// Who signs.
    pub(super) authority: &'a AuthorityIdentity<'a>,
    /// The authority key identifier that takes the place of one that is not true; `None` leaves it out.
    pub(super) authority_key_identifier: Option<&'a [u8]>,
    /// The identifier of a new key.
    pub(super) key_identifier: Option<&'a [u8]>,
    /// The names to append.
    pub(super) names: &'a [&'a AlternativeName],
}

impl<'a> ExtensionChanges<'a> {
    /// The extensions of the new certificate; `None` if there are none.
    pub(super) fn apply(
        &self,
        model: &Certificate,
        encodings: Option<&[&'a [u8]]>,
    ) -> Result<Option<Vec<Cow<'a, [u8]>>>, Malformed> {
        let mut revised = Vec::new();
        let mut names = self.names;
        for (encoding, extension) in encodings.unwrap_or_default().iter().zip(model.extensions()) {
            match extension.oid.as_str() {
                AUTHORITY_KEY_IDENTIFIER if !self.authority.is_named_by(extension) => {
                    revised.extend(self.authority_key_identifier.map(Cow::Borrowed));
                }
                SUBJECT_KEY_IDENTIFIER if self.key_identifier.is_some() => {
                    let identifier = self.key_identifier.unwrap_or_default();
                    let value = der::encode(der::OCTET_STRING, &[identifier]);
                    revised.push(Cow::Owned(with_value(encoding, &value)?));
                }
                SUBJECT_ALTERNATIVE_NAME if !names.is_empty() => {
                    let kept = Element::sole(&extension.value, der::SEQUENCE)?.contents;
                    let value = general_names(kept, std::mem::take(&mut names));
                    revised.push(Cow::Owned(with_value(encoding, &value)?));
                }
                _ => revised.push(Cow::Borrowed(*encoding)),
            }
        }
        if !names.is_empty() {
            let is_critical = has_no_subject(model);
            let extension = alternative_names(is_critical, &general_names(&[], names));
            revised.push(Cow::Owned(extension));
        }
        // An empty list is what a model may have had, but not what leaving something out may make (RFC 5280: SIZE (1..)).
        let was_empty = encodings.is_some_and(<[_]>::is_empty);
        Ok((was_empty || !revised.is_empty()).then_some(revised))
    }
}

/// Then the names are critical, for they are all that says whose certificate it is (RFC 5280 section 4.2.1.6).
pub(super) fn has_no_subject(certificate: &Certificate) -> bool {
    Element::sole(certificate.subject_der(), der::SEQUENCE)
        .is_ok_and(|subject| subject.contents.is_empty())
}

fn general_names(kept: &[u8], names: &[&AlternativeName]) -> Vec<u8> {
    let added: Vec<u8> = names.iter().flat_map(|name| name.to_der()).collect();
    der::encode(der::SEQUENCE, &[kept, &added])
}

/// The same extension with another value: its object identifier and its criticality stay as they were written.
fn with_value(encoding: &[u8], value: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut reader = Element::sole(encoding, der::SEQUENCE)?.reader();
    let oid = reader.expect(der::OBJECT_IDENTIFIER)?.encoding;
    let critical = reader.optional(der::BOOLEAN)?;
    let critical = critical.map_or(&[][..], |element| element.encoding);
    let value = der::encode(der::OCTET_STRING, &[value]);
    Ok(der::encode(der::SEQUENCE, &[oid, critical, &value]))
}

fn alternative_names(is_critical: bool, value: &[u8]) -> Vec<u8> {
    let oid = [der::OBJECT_IDENTIFIER, 3, 0x55, 0x1d, 0x11];
    let critical = [der::BOOLEAN, 1, 0xff];
    let critical = if is_critical { &critical[..] } else { &[] };
    let value = der::encode(der::OCTET_STRING, &[value]);
    der::encode(der::SEQUENCE, &[&oid, critical, &value])
}
