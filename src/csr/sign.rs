//! What an authority signs: nothing but what it has signed before, for the same key, with new dates.

use std::time::Duration;

use time::OffsetDateTime;

use super::{RequestedCertificate, SignedCertificate};
use crate::pki::{
    Authority, Certificate, NoRandomness, ReissueError, Revision, SerialNumber, SignatureCheck,
    Validity, VerifyError, reissue, verify_reissued,
};

/// What becomes of a request.
#[derive(Debug)]
pub enum Judged<'a> {
    /// This authority signs it.
    Fit(&'a Authority),
    /// No authority here has signed it before.
    Elsewhere,
    /// It is something else than it says, and nothing of its bundle is signed.
    Unfit(String),
}

/// Why a certificate could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Signing.
    #[error("it could not be signed")]
    Sign(#[from] ReissueError),
    /// The result.
    #[error("what was signed is not what was asked for")]
    Verify(#[from] VerifyError),
    /// No serial number.
    #[error("no serial number could be drawn")]
    Random(#[from] NoRandomness),
}

/// Looks whether one of `authorities` may sign what is asked for: the certificate in the request is one of its own, of no
/// authority, and the request is for the same key, subject and extensions. What bears the name of one of them and not its signature
/// was forged, or is of a namesake's cluster.
pub fn judge<'a>(requested: &RequestedCertificate, authorities: &'a [Authority]) -> Judged<'a> {
    let model = &requested.certificate;
    let unfit = |reason: &str| Judged::Unfit(reason.to_owned());
    if requested.request.public_key_der() != model.public_key_der() {
        return unfit("the request is for another key than the certificate");
    }
    if requested.request.subject_der() != model.subject_der() {
        let (asked, had) = (requested.request.subject(), model.subject());
        let reason = if asked == had {
            format!("the request is for `{asked}` in another encoding than the certificate has")
        } else {
            format!("the request is for `{asked}`, and the certificate for `{had}`")
        };
        return Judged::Unfit(reason);
    }
    let is_models = |extension| model.extensions().contains(extension);
    if !requested.request.extensions().iter().all(is_models) {
        return unfit("the request asks for extensions that the certificate has not");
    }
    if model.is_authority() {
        return unfit("it is the certificate of an authority");
    }
    let own = authorities
        .iter()
        .find(|authority| model.check_signature(authority.certificate()) == SignatureCheck::Valid);
    if let Some(own) = own {
        return Judged::Fit(own);
    }
    // Of an authority that is elsewhere another machine knows; of this one it is known here that it never signed it.
    let is_namesakes = authorities
        .iter()
        .any(|authority| model.issuer() == authority.certificate().subject());
    if is_namesakes {
        return Judged::Unfit(format!(
            "its certificate names `{}` as who signed it, and the authority of that name here has not",
            model.issuer()
        ));
    }
    Judged::Elsewhere
}

/// Signs the certificate of `requested` again, until `validity` from now or the end of the authority.
pub fn sign(
    requested: &RequestedCertificate,
    authority: &Authority,
    validity: Duration,
    now: OffsetDateTime,
) -> Result<SignedCertificate, SignError> {
    let model = &requested.certificate;
    let validity = Validity::starting_at(now, validity, Some(authority.certificate()));
    let (serial, revision) = (SerialNumber::random()?, Revision::default());
    let certificate: Certificate = reissue(model, authority, &validity, &serial, &revision)?;
    verify_reissued(
        &certificate,
        model,
        authority.certificate(),
        &validity,
        &revision,
    )?;
    Ok(SignedCertificate {
        name: requested.name.clone(),
        certificate,
    })
}
