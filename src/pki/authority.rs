//! Who may sign: a CA certificate and its key, proven to belong together and to be of use at this moment.

use std::fmt;

use time::OffsetDateTime;

use super::{Certificate, PrivateKey};
use crate::digest::Sha256Digest;
use crate::evidence::moment;

/// A certificate authority that can sign now.
pub struct Authority {
    certificate: Certificate,
    key: PrivateKey,
}

/// Why a certificate and a key are not an authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The key is not that of any certificate in the file.
    #[error(
        "the private key (public half sha256:{key}) is not that of {}",
        list(authorities)
    )]
    KeyMismatch {
        /// Subject of each certificate in the file, and SHA-256 of its `SubjectPublicKeyInfo`.
        authorities: Vec<(String, Sha256Digest)>,
        /// SHA-256 of the key's own `SubjectPublicKeyInfo`.
        key: Sha256Digest,
    },
    /// What it signs now nobody would trust.
    #[error(
        "the authority {subject} expired at {}, and it is {}",
        moment(*not_after),
        moment(*now)
    )]
    Expired {
        /// Whose certificate it is.
        subject: String,
        /// Its last second.
        not_after: OffsetDateTime,
        /// The moment of asking.
        now: OffsetDateTime,
    },
    /// Usually a clock that is wrong.
    #[error(
        "the authority {subject} is valid from {} on, and it is {}",
        moment(*not_before),
        moment(*now)
    )]
    NotYetValid {
        /// Whose certificate it is.
        subject: String,
        /// Its first second.
        not_before: OffsetDateTime,
        /// The moment of asking.
        now: OffsetDateTime,
    },
    /// RFC 5280 section 4.2.1.9: no basic constraints with `CA:TRUE`.
    #[error("the certificate of {subject} is not that of an authority (no CA:TRUE)")]
    NotAnAuthority {
        /// Whose certificate it is.
        subject: String,
    },
    /// RFC 5280 section 4.2.1.3: a key usage without keyCertSign.
    #[error("the authority {subject} may not sign certificates (its key usage has no keyCertSign)")]
    MayNotSign {
        /// Whose certificate it is.
        subject: String,
    },
}

impl Authority {
    /// The authority of the certificate that [`choose`](Self::choose) finds in a CA file.
    pub fn new(
        bundle: &[Certificate],
        key: PrivateKey,
        now: OffsetDateTime,
    ) -> Result<Self, AuthorityError> {
        let certificate = Self::choose(bundle, &key, now)?.clone();
        Ok(Self { certificate, key })
    }

    /// Of the certificates in a CA file, the first that belongs to the key and may sign at `now`.
    ///
    /// Where none may, the error is that of the first which belongs to the key.
    pub fn choose<'bundle>(
        bundle: &'bundle [Certificate],
        key: &PrivateKey,
        now: OffsetDateTime,
    ) -> Result<&'bundle Certificate, AuthorityError> {
        let mut reason = None;
        for certificate in bundle.iter().filter(|certificate| key.fits(certificate)) {
            match judge(certificate, now) {
                Ok(()) => return Ok(certificate),
                Err(error) => reason = reason.or(Some(error)),
            }
        }
        Err(reason.unwrap_or_else(|| AuthorityError::KeyMismatch {
            authorities: bundle
                .iter()
                .map(|one| (one.subject(), Sha256Digest::of(one.public_key_der())))
                .collect(),
            key: Sha256Digest::of(key.public_key_der()),
        }))
    }

    /// The authority's own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    pub(super) fn key(&self) -> &PrivateKey {
        &self.key
    }
}

fn judge(certificate: &Certificate, now: OffsetDateTime) -> Result<(), AuthorityError> {
    let subject = certificate.subject();
    if !certificate.is_authority() {
        return Err(AuthorityError::NotAnAuthority { subject });
    }
    if !certificate.may_sign_certificates() {
        return Err(AuthorityError::MayNotSign { subject });
    }
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if now < not_before {
        return Err(AuthorityError::NotYetValid {
            subject,
            not_before,
            now,
        });
    }
    if now > not_after {
        return Err(AuthorityError::Expired {
            subject,
            not_after,
            now,
        });
    }
    Ok(())
}

fn list(authorities: &[(String, Sha256Digest)]) -> String {
    let texts: Vec<String> = authorities
        .iter()
        .map(|(subject, digest)| format!("{subject} (sha256:{digest})"))
        .collect();
    texts.join(", ")
}

impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            certificate,
            key: _,
        } = self;
        formatter
            .debug_struct("Authority")
            .field("certificate", certificate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::OpenSsl;
    use time::Duration;

    fn key(openssl: &OpenSsl, name: &str) -> PrivateKey {
        PrivateKey::from_pem(&openssl.read(name), None).unwrap()
    }

    #[test]
    fn the_member_of_a_bundle_that_belongs_to_the_key_is_taken() {
        let openssl = OpenSsl::new();
        let other = openssl.authority("other", "/CN=ca").certificate().clone();
        let own = openssl.authority("own", "/CN=ca").certificate().clone();
        let now = own.not_before();
        let authority =
            Authority::new(&[other.clone(), own.clone()], key(&openssl, "own.key"), now);
        assert_eq!(authority.unwrap().certificate(), &own);
        match Authority::new(&[other], key(&openssl, "own.key"), now) {
            Err(AuthorityError::KeyMismatch { authorities, .. }) => {
                assert_eq!(authorities[0].0, "CN=ca");
            }
            unexpected => panic!("{unexpected:?}"),
        }
    }

    #[test]
    fn a_renewed_authority_with_the_same_key_is_preferred_to_the_expired_one() {
        let openssl = OpenSsl::new();
        let long = openssl.authority("ca", "/CN=ca").certificate().clone();
        openssl.run("req -x509 -key ca.key -days 1 -subj /CN=ca -out short.crt");
        let short = openssl.certificate("short.crt");
        let later = short.not_after() + Duration::DAY;
        let bundle = [short.clone(), long.clone()];
        let authority = Authority::new(&bundle, key(&openssl, "ca.key"), later).unwrap();
        assert_eq!(authority.certificate(), &long);
        let expired = Authority::new(&[short], key(&openssl, "ca.key"), later).unwrap_err();
        assert!(
            expired
                .to_string()
                .starts_with("the authority CN=ca expired at 2")
        );
        assert!(expired.to_string().ends_with('Z'), "{expired}");
    }

    #[test]
    fn both_ends_of_the_validity_count() {
        let openssl = OpenSsl::new();
        let certificate = openssl.authority("ca", "/CN=ca").certificate().clone();
        let at = |now| {
            Authority::new(
                std::slice::from_ref(&certificate),
                key(&openssl, "ca.key"),
                now,
            )
        };
        assert!(at(certificate.not_before()).is_ok());
        assert!(at(certificate.not_after()).is_ok());
        assert!(matches!(
            at(certificate.not_before() - Duration::SECOND),
            Err(AuthorityError::NotYetValid { .. })
        ));
        assert!(matches!(
            at(certificate.not_after() + Duration::SECOND),
            Err(AuthorityError::Expired { .. })
        ));
    }

    #[test]
    fn who_is_no_authority_or_may_not_sign_is_refused() {
        let openssl = OpenSsl::new();
        openssl.authority("ca", "/CN=ca");
        for (extension, may_not_sign) in [
            ("basicConstraints=critical,CA:FALSE", false),
            ("keyUsage=critical,digitalSignature", true),
        ] {
            openssl.run(&format!(
                "req -x509 -key ca.key -subj /CN=odd -addext {extension} -out odd.crt"
            ));
            let odd = openssl.certificate("odd.crt");
            let now = odd.not_before();
            match Authority::new(&[odd], key(&openssl, "ca.key"), now) {
                Err(AuthorityError::MayNotSign { subject }) => assert!(may_not_sign, "{subject}"),
                Err(AuthorityError::NotAnAuthority { subject }) => {
                    assert!(!may_not_sign, "{subject}");
                }
                unexpected => panic!("{unexpected:?}"),
            }
        }
    }
}
