//! What the extensions that this program asks about say, read once.

use super::der::Malformed;
use super::extension::{self, Extension};

#[derive(Clone, Default)]
pub(super) struct KnownExtensions {
    pub(super) subject_alternative_names: Vec<String>,
    pub(super) extended_key_usages: Vec<String>,
    pub(super) is_authority: bool,
    /// The first bit is digitalSignature.
    pub(super) key_usages: Option<u16>,
    pub(super) subject_key_identifier: Option<Vec<u8>>,
    pub(super) authority_key_identifier: Option<Vec<u8>>,
}

impl KnownExtensions {
    /// The error is the object identifier of the extension that cannot be read.
    pub(super) fn read(extensions: &[Extension]) -> Result<Self, String> {
        let mut known = Self::default();
        for extension in extensions {
            known
                .note(extension)
                .map_err(|Malformed| extension.oid.clone())?;
        }
        Ok(known)
    }

    fn note(&mut self, extension: &Extension) -> Result<(), Malformed> {
        match extension.oid.as_str() {
            extension::SUBJECT_ALTERNATIVE_NAME => {
                self.subject_alternative_names = extension.subject_alternative_names()?;
            }
            extension::EXTENDED_KEY_USAGE => {
                self.extended_key_usages = extension.extended_key_usages()?;
            }
            extension::BASIC_CONSTRAINTS => self.is_authority = extension.is_authority()?,
            extension::KEY_USAGE => {
                self.key_usages = Some(extension.key_usages()?);
            }
            extension::SUBJECT_KEY_IDENTIFIER => {
                self.subject_key_identifier = Some(extension.subject_key_identifier()?);
            }
            extension::AUTHORITY_KEY_IDENTIFIER => {
                self.authority_key_identifier = extension
                    .authority_key_identifier()?
                    .key_identifier
                    .map(|identifier| identifier.0.to_vec());
            }
            _ => {}
        }
        Ok(())
    }
}
