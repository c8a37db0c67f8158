//! Did we get what we asked for: a fresh certificate held against its specification, its authority and its dates.

use super::extension::EXTENDED_KEY_USAGE;
use super::verify::verify_signed;
use super::{Certificate, Specification, Validity, VerifyError};

/// Checks that `new` is a fresh certificate as `specification` has it, for the key `public_key_der`, and that `authority`
/// signed it.
pub fn verify_issued(
    new: &Certificate,
    specification: &Specification,
    public_key_der: &[u8],
    authority: &Certificate,
    validity: &Validity,
) -> Result<(), VerifyError> {
    let purposes = new
        .extensions()
        .iter()
        .find(|one| one.oid == EXTENDED_KEY_USAGE);
    let asked = [
        ("subject", new.subject_der() == specification.subject_der()),
        (
            "subjectPublicKeyInfo",
            new.public_key_der() == public_key_der,
        ),
        (
            "extended key usage",
            purposes.map(|one| one.value.as_slice())
                == Some(specification.extended_key_usages_der().as_slice()),
        ),
        (
            "basic constraints",
            !new.is_authority() && !new.may_sign_certificates(),
        ),
        (
            "number of names",
            new.subject_alternative_names().len()
                == specification.dns_names.len() + specification.ip_addresses.len(),
        ),
        (
            "authority key identifier",
            new.authority_key_identifier() == authority.subject_key_identifier(),
        ),
    ];
    match asked.into_iter().find(|(_, is_so)| !is_so) {
        Some((field, _)) => Err(VerifyError::NotAsked { field }),
        None => verify_signed(new, authority, validity),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::pki::openssl::OpenSsl;
    use crate::pki::{
        Attribute, ExtendedKeyUsage, KeyAlgorithm, KeyUsage, SerialNumber, generate, issue,
    };

    fn wish() -> Specification {
        Specification {
            subject: vec![(Attribute::CommonName, "a".to_owned())],
            key_usages: vec![KeyUsage::DigitalSignature],
            extended_key_usages: vec![ExtendedKeyUsage::ClientAuth],
            ..Specification::default()
        }
    }

    #[test]
    fn whatever_was_not_asked_for_is_found() {
        let openssl = OpenSsl::new();
        let authority = openssl.authority("ca", "/CN=ca");
        let stranger = openssl.authority("stranger", "/CN=ca");
        let key = generate(KeyAlgorithm::EcdsaP256).unwrap().private_key;
        let start = authority.certificate().not_before();
        let validity = Validity::starting_at(start, Duration::from_hours(1), None);
        let made = |wish: &Specification| {
            let serial = SerialNumber::random().unwrap();
            issue(wish, key.public_key_der(), &authority, &validity, &serial).unwrap()
        };
        let verify = |new: &Certificate, key: &[u8], authority: &Certificate| {
            verify_issued(new, &wish(), key, authority, &validity)
        };
        let (good, own) = (made(&wish()), authority.certificate());
        assert_eq!(verify(&good, key.public_key_der(), own), Ok(()));
        let not_asked = |field| Err(VerifyError::NotAsked { field });
        let other_key = own.public_key_der();
        assert_eq!(
            verify(&good, other_key, own),
            not_asked("subjectPublicKeyInfo")
        );
        let mut odd = [wish(), wish(), wish(), wish()];
        odd[0].subject[0].1 = "b".to_owned();
        odd[1]
            .extended_key_usages
            .push(ExtendedKeyUsage::ServerAuth);
        odd[2].dns_names.push("a".to_owned());
        odd[3].key_usages.push(KeyUsage::CertificateSign);
        let fields = [
            "subject",
            "extended key usage",
            "number of names",
            "basic constraints",
        ];
        for (odd, field) in odd.iter().zip(fields) {
            assert_eq!(
                verify(&made(odd), key.public_key_der(), own),
                not_asked(field)
            );
        }
        let other = verify(&good, key.public_key_der(), stranger.certificate());
        assert!(other.is_err(), "{other:?}");
    }
}
