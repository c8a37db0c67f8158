//! Whom we are for a server.

use std::fmt;
use std::sync::Arc;

use rustls::InconsistentKeys;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

/// A client certificate and its key, ready to sign a handshake. Copies share the key, and none can be printed.
#[derive(Clone)]
pub struct ClientCredential(Arc<CertifiedKey>);

/// Why a certificate and a key are no credential.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// There is no certificate in the PEM.
    #[error("there is no client certificate")]
    NoCertificate,
    /// There is no private key in the PEM, or none without a password.
    #[error("there is no key for the client certificate")]
    NoKey,
    /// A block is not PEM.
    #[error("the client credential is not PEM")]
    Malformed {
        /// The reason. Nothing of the block is in it.
        #[source]
        source: pem::Error,
    },
    /// The key is of a kind that cannot sign here, or damaged.
    #[error("the client's key cannot be used")]
    UnusableKey {
        /// The reason.
        #[source]
        source: rustls::Error,
    },
    /// Certificate and key are not a pair.
    #[error("the client certificate is for another key")]
    NotAPair,
    /// The certificate cannot be read.
    #[error("the client certificate cannot be read")]
    UnreadableCertificate {
        /// The reason.
        #[source]
        source: rustls::Error,
    },
}

impl ClientCredential {
    /// From PEM: the certificate that belongs to the key, behind it those that lead to its authority; and the first key in
    /// PKCS#1, SEC1 or PKCS#8. Other blocks are passed over, so both may be the text of one file.
    ///
    /// Dates are not looked at: what a server says of an expired certificate may be what is asked.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, CredentialError> {
        let chain = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| CredentialError::Malformed { source })?;
        if chain.is_empty() {
            return Err(CredentialError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|source| match source {
            pem::Error::NoItemsFound => CredentialError::NoKey,
            source => CredentialError::Malformed { source },
        })?;
        let key = Zeroizing::new(key);
        let key =
            any_supported_type(&key).map_err(|source| CredentialError::UnusableKey { source })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
                Ok(Self(Arc::new(certified)))
            }
            Err(rustls::Error::InconsistentKeys(_)) => Err(CredentialError::NotAPair),
            Err(source) => Err(CredentialError::UnreadableCertificate { source }),
        }
    }

    pub(super) fn certified_key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for ClientCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(certified) = self;
        formatter
            .debug_struct("ClientCredential")
            .field("certificates", &certified.cert.len())
            .finish_non_exhaustive()
    }
}
