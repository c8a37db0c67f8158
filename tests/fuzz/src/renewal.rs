//! An authority that signs what was read, and a certificate to put in the place of another. Made once in each process.

use std::sync::LazyLock;
use std::time::Duration;

use rekindle::pki::{
    Attribute, Authority, Certificate, KeyUsage, PrivateKey, ReissueError, Revision, SerialNumber,
    Specification, Validity, encode_certificate, issue_authority, reissue,
};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-24 03:12:45 UTC);

pub static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let key = PrivateKey::generate_ed25519().unwrap();
    let specification = Specification {
        subject: vec![(Attribute::CommonName, "kubernetes".to_owned())],
        key_usages: vec![KeyUsage::CertificateSign],
        ..Specification::default()
    };
    let certificate = issue_authority(&specification, &key, &validity(), &serial()).unwrap();
    Authority::new(&[certificate], key, NOW).unwrap()
});

/// Some certificate that is in no input.
pub fn new_certificate() -> &'static Certificate {
    AUTHORITY.certificate()
}

/// The same as PEM.
pub static NEW_PEM: LazyLock<String> = LazyLock::new(|| encode_certificate(new_certificate()));

/// `model` again, signed by [`AUTHORITY`].
pub fn renew(model: &Certificate) -> Result<Certificate, ReissueError> {
    reissue(
        model,
        &AUTHORITY,
        &validity(),
        &serial(),
        &Revision::default(),
    )
}

pub fn validity() -> Validity {
    Validity::starting_at(NOW, Duration::from_hours(8760), None)
}

fn serial() -> SerialNumber {
    SerialNumber::random().unwrap()
}
