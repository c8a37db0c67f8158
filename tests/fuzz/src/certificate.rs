//! A certificate in DER: what is read is the bytes themselves, is fit to be shown on a terminal, and can be renewed.

use rekindle::pki::{
    Certificate, Revision, encode_certificate, read_certificates, verify_reissued,
};

use super::renewal::{AUTHORITY, renew, validity};

/// Reads a certificate, shows it, writes it as PEM and renews it.
pub fn check(der: &[u8]) -> bool {
    let Ok(certificate) = Certificate::from_der(der) else {
        return false;
    };
    assert_eq!(certificate.der(), der);
    for part in [
        certificate.subject_der(),
        certificate.issuer_der(),
        certificate.public_key_der(),
    ] {
        assert!(der.windows(part.len()).any(|window| window == part));
    }
    let pem = encode_certificate(&certificate);
    assert_eq!(
        read_certificates(pem.as_bytes()).unwrap(),
        std::slice::from_ref(&certificate)
    );
    check_shown(&certificate);
    let _ = certificate.check_signature(&certificate);
    let _ = certificate.check_signature(AUTHORITY.certificate());
    let renewed = renew(&certificate).unwrap();
    let authority = AUTHORITY.certificate();
    assert_eq!(
        verify_reissued(
            &renewed,
            &certificate,
            authority,
            &validity(),
            &Revision::default()
        ),
        Ok(())
    );
    assert_eq!(Certificate::from_der(renewed.der()).unwrap(), renewed);
    true
}

/// No text for the operator holds what a terminal would obey.
fn check_shown(certificate: &Certificate) {
    let texts = [
        certificate.subject(),
        certificate.issuer(),
        certificate.algorithm(),
        certificate.serial().to_string(),
        certificate.fingerprint().to_string(),
    ];
    let lists = [
        certificate.subject_alternative_names(),
        certificate.extended_key_usages(),
    ];
    for text in texts.iter().chain(lists.into_iter().flatten()) {
        assert!(!text.contains(char::is_control), "{text:?}");
    }
}
