//! The same certificate again, with new dates, serial number and signature: every other byte is kept.
//!
//! What is new is written by rcgen; what is kept is spliced in as the bytes it was. Names cannot go through rcgen: its
//! names hold each attribute once, so a second O (a Kubernetes group) would vanish without an error.

use rcgen::CertificateParams;

use super::authority_key_identifier::AuthorityIdentity;
use super::der::Malformed;
use super::draft::draft;
use super::extension;
use super::to_be_signed::ToBeSigned;
use super::{
    Authority, Certificate, CertificateError, DraftError, KeyError, PrivateKey, SerialNumber,
    Validity,
};

/// Why a certificate could not be issued again.
#[derive(Debug, thiserror::Error)]
pub enum ReissueError {
    /// A self-signed certificate is signed with its own key, and this is another.
    #[error("the private key is not that of the certificate of {subject}")]
    KeyMismatch {
        /// Whose certificate it is.
        subject: String,
    },
    /// The new fields cannot be written.
    #[error("the certificate of {subject} cannot be drafted")]
    Draft {
        /// Whose certificate it is.
        subject: String,
        /// The reason.
        #[source]
        source: DraftError,
    },
    /// The key does not sign.
    #[error("the certificate of {subject} cannot be signed")]
    Signing {
        /// Whose certificate it is.
        subject: String,
        /// The reason.
        #[source]
        source: KeyError,
    },
    /// What came out is not a certificate: a defect, found before anything is written.
    #[error("the new certificate of {subject} cannot be read back")]
    Unreadable {
        /// Whose certificate it is.
        subject: String,
        /// The reason.
        #[source]
        source: CertificateError,
    },
}

/// The `model` again, signed by `authority`.
///
/// Version, subject, public key, unique identifiers and extensions stay byte for byte. Only an authority key
/// identifier that does not name this authority changes: it is rebuilt in its place from the authority's subject key
/// identifier, or left out if the authority has none. The signature algorithm is that of the authority's key.
pub fn reissue(
    model: &Certificate,
    authority: &Authority,
    validity: &Validity,
    serial: &SerialNumber,
) -> Result<Certificate, ReissueError> {
    let certificate = authority.certificate();
    splice(
        model,
        certificate.subject_der(),
        &AuthorityIdentity::of(certificate),
        authority.key(),
        validity,
        serial,
    )
}

/// The `model` again, signed with its own key: its issuer becomes its subject. For the kubelet's serving pair.
pub fn reissue_self_signed(
    model: &Certificate,
    key: &PrivateKey,
    validity: &Validity,
    serial: &SerialNumber,
) -> Result<Certificate, ReissueError> {
    if !key.fits(model) {
        return Err(ReissueError::KeyMismatch {
            subject: model.subject(),
        });
    }
    let itself = AuthorityIdentity {
        key_identifier: model.subject_key_identifier(),
        issuer: model.subject_der(),
        serial,
    };
    splice(model, model.subject_der(), &itself, key, validity, serial)
}

fn splice(
    model: &Certificate,
    issuer: &[u8],
    authority: &AuthorityIdentity<'_>,
    key: &PrivateKey,
    validity: &Validity,
    serial: &SerialNumber,
) -> Result<Certificate, ReissueError> {
    let subject = || model.subject();
    let unreadable = |source| ReissueError::Unreadable {
        subject: subject(),
        source,
    };
    let structure = |Malformed| unreadable(CertificateError::Malformed { part: "structure" });
    let draft = draft(
        CertificateParams::default(),
        authority.key_identifier,
        key,
        validity,
        serial,
    )
    .map_err(|source| ReissueError::Draft {
        subject: subject(),
        source,
    })?;
    let new = ToBeSigned::of_certificate(&draft).map_err(structure)?;
    let kept = ToBeSigned::of_certificate(model.der()).map_err(structure)?;
    // The draft's one extension is the authority key identifier, if the authority has one to give.
    let rebuilt = new
        .extensions
        .and_then(|extensions| extensions.first().copied());
    let extensions = kept
        .extensions
        .as_deref()
        .and_then(|encodings| fit_extensions(model, encodings, authority, rebuilt));
    let der = ToBeSigned {
        serial: new.serial,
        signature_algorithm: new.signature_algorithm,
        issuer,
        validity: new.validity,
        extensions,
        ..kept
    }
    .sign(key)
    .map_err(|source| ReissueError::Signing {
        subject: subject(),
        source,
    })?;
    Certificate::from_der(&der).map_err(unreadable)
}

/// The extensions with an authority key identifier that is true; `None` if nothing is left.
fn fit_extensions<'a>(
    model: &Certificate,
    encodings: &[&'a [u8]],
    authority: &AuthorityIdentity<'_>,
    rebuilt: Option<&'a [u8]>,
) -> Option<Vec<&'a [u8]>> {
    let fitted: Vec<&[u8]> = encodings
        .iter()
        .zip(model.extensions())
        .filter_map(|(encoding, extension)| {
            if extension.oid != extension::AUTHORITY_KEY_IDENTIFIER
                || authority.is_named_by(extension)
            {
                Some(*encoding)
            } else {
                rebuilt
            }
        })
        .collect();
    // An empty list is what a model may have had, but not what leaving something out may make (RFC 5280: SIZE (1..)).
    (encodings.is_empty() || !fitted.is_empty()).then_some(fitted)
}
