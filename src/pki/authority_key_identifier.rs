//! Whether an authority key identifier (RFC 5280 section 4.2.1.1) points to the authority that signs.

use x509_parser::extensions::GeneralName;

use super::extension::Extension;
use super::{Certificate, SerialNumber};

/// What an authority key identifier can say about an authority.
pub(super) struct AuthorityIdentity<'a> {
    /// Its subject key identifier.
    pub(super) key_identifier: Option<&'a [u8]>,
    /// Who issued the authority's own certificate, as DER.
    pub(super) issuer: &'a [u8],
    /// The serial number of the authority's own certificate.
    pub(super) serial: &'a SerialNumber,
}

impl<'a> AuthorityIdentity<'a> {
    pub(super) fn of(authority: &'a Certificate) -> Self {
        Self {
            key_identifier: authority.subject_key_identifier(),
            issuer: authority.issuer_der(),
            serial: authority.serial(),
        }
    }

    /// Whether everything that the extension says is true of this authority.
    ///
    /// Verifiers hold each part against the issuer (OpenSSL's `X509_check_akid`), so one that is wrong is one too many.
    pub(super) fn is_named_by(&self, extension: &Extension) -> bool {
        let Ok(identifier) = extension.authority_key_identifier() else {
            return false;
        };
        let key_fits = identifier
            .key_identifier
            .is_none_or(|identifier| self.key_identifier == Some(identifier.0));
        let issuer_fits = identifier.authority_cert_issuer.is_none_or(|names| {
            names.iter().any(|name| {
                matches!(name, GeneralName::DirectoryName(name) if name.as_raw() == self.issuer)
            })
        });
        let serial_fits = identifier
            .authority_cert_serial
            .is_none_or(|serial| self.serial.contents() == serial);
        key_fits && issuer_fits && serial_fits
    }
}
