//! A certificate request (PKCS#10, RFC 2986): what an authority whose key is elsewhere is asked to sign.

use std::fmt;

use super::der::{self, Malformed};
use super::extension::{AUTHORITY_KEY_IDENTIFIER, SUBJECT_KEY_IDENTIFIER};
use super::to_be_signed::ToBeSigned;
use super::{Certificate, Extension, PrivateKey, RequestError, pem};

/// A certificate request whose maker had the private key: its signature has been checked. Equal when the DER is equal.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateRequest {
    pub(super) der: Vec<u8>,
    pub(super) subject_der: Vec<u8>,
    pub(super) subject: String,
    pub(super) public_key_der: Vec<u8>,
    pub(super) extensions: Vec<Extension>,
}

/// `extensionRequest` (RFC 2985 section 5.4.2), as a DER element.
pub(super) const EXTENSION_REQUEST: &[u8] = &[
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e,
];

/// Version 1 (RFC 2986 section 4.1), as a DER element.
pub(super) const VERSION_1: &[u8] = &[der::INTEGER, 1, 0];

impl CertificateRequest {
    /// Asks for the `model` again, for the `key`, which may be another than the model's.
    ///
    /// Subject and extensions are the model's, byte for byte; key identifiers are left out, for they are the authority's to
    /// give. Signed as [`PrivateKey::sign`] signs, which is what `CreateCertificateRequest` of Go's crypto/x509 chooses.
    pub fn for_model(model: &Certificate, key: &PrivateKey) -> Result<Self, RequestError> {
        let fields = ToBeSigned::of_certificate(model.der())
            .map_err(|Malformed| RequestError::Malformed { part: "model" })?;
        let extensions: Vec<&[u8]> = fields
            .extensions
            .unwrap_or_default()
            .into_iter()
            .zip(model.extensions())
            .filter(|(_, extension)| {
                extension.oid != SUBJECT_KEY_IDENTIFIER && extension.oid != AUTHORITY_KEY_IDENTIFIER
            })
            .map(|(encoding, _)| encoding)
            .collect();
        let information = der::encode(
            der::SEQUENCE,
            &[
                VERSION_1,
                model.subject_der(),
                key.public_key_der(),
                &attributes(&extensions),
            ],
        );
        let request = key
            .signed_der(&information, &key.signature_algorithm_der())
            .map_err(|source| RequestError::Signing {
                subject: model.subject(),
                source,
            })?;
        Self::from_der(&request)
    }

    /// The request as Go's `pem.EncodeToMemory` writes it: 64 columns, LF.
    pub fn pem(&self) -> String {
        pem::encode_request(&self.der)
    }

    /// The whole request.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The subject as DER.
    pub fn subject_der(&self) -> &[u8] {
        &self.subject_der
    }

    /// The subject in one line, like [`Certificate::subject`].
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The `SubjectPublicKeyInfo` as DER.
    pub fn public_key_der(&self) -> &[u8] {
        &self.public_key_der
    }

    /// The extensions that are asked for, in order.
    pub fn extensions(&self) -> &[Extension] {
        &self.extensions
    }
}

/// `[0] IMPLICIT SET OF Attribute`, which must be there even if it is empty.
fn attributes(extensions: &[&[u8]]) -> Vec<u8> {
    if extensions.is_empty() {
        return der::encode(der::context(0), &[]);
    }
    let values = der::encode(der::SET, &[&der::encode(der::SEQUENCE, extensions)]);
    let attribute = der::encode(der::SEQUENCE, &[EXTENSION_REQUEST, &values]);
    der::encode(der::context(0), &[&attribute])
}

impl fmt::Debug for CertificateRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CertificateRequest")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::OpenSsl;
    use crate::pki::{KeyAlgorithm, generate};

    fn keys() -> Vec<PrivateKey> {
        let mut keys = vec![PrivateKey::generate_ed25519().unwrap()];
        for algorithm in [
            KeyAlgorithm::Rsa2048,
            KeyAlgorithm::EcdsaP256,
            KeyAlgorithm::EcdsaP384,
        ] {
            keys.push(generate(algorithm).unwrap().private_key);
        }
        keys
    }

    #[test]
    fn openssl_reads_the_models_names_and_purposes_and_verifies_the_signature() {
        let openssl = OpenSsl::new();
        openssl.authority("ca", "/CN=ca");
        let model = openssl.leaf("ca", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\nauthorityKeyIdentifier=keyid\nsubjectAltName=DNS:cp-1,IP:192.0.2.1,IP:2001:db8::1");
        for (key, algorithm) in keys().iter().zip([
            "ED25519",
            "sha256WithRSAEncryption",
            "ecdsa-with-SHA256",
            "ecdsa-with-SHA384",
        ]) {
            let request = CertificateRequest::for_model(&model, key).unwrap();
            openssl.write("new.csr", request.pem());
            let text = openssl.run("req -in new.csr -verify -noout -text");
            for expected in [
                "self-signature verify OK",
                "Subject: O = a + O = b, CN = leaf",
                "CA:FALSE",
                "X509v3 Key Usage: critical",
                "Digital Signature, Key Encipherment",
                "TLS Web Server Authentication, TLS Web Client Authentication",
                "DNS:cp-1, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1",
                &format!("Signature Algorithm: {algorithm}"),
            ] {
                assert!(text.contains(expected), "{expected}: {text}");
            }
            assert!(!text.contains("Key Identifier"), "{text}");
            assert_eq!(request.subject_der(), model.subject_der());
            assert_eq!(request.public_key_der(), key.public_key_der());
            openssl.run("req -in new.csr -out same.csr");
            assert_eq!(openssl.read("same.csr"), request.pem().as_bytes());
        }
    }

    #[test]
    fn an_authority_that_copies_what_is_asked_for_gives_the_model_again() {
        let openssl = OpenSsl::new();
        openssl.authority("ca", "/CN=ca");
        let model = openssl.leaf(
            "ca",
            "subjectAltName=critical,DNS:cp-1,URI:spiffe://a\n1.2.3.4=critical,DER:0500\nextendedKeyUsage=serverAuth",
        );
        let key = generate(KeyAlgorithm::EcdsaP256).unwrap().private_key;
        let request = CertificateRequest::for_model(&model, &key).unwrap();
        assert_eq!(request.extensions(), model.extensions());
        openssl.write("new.csr", request.pem());
        openssl.write(
            "none",
            "subjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n",
        );
        openssl.run("x509 -req -in new.csr -copy_extensions copyall -extfile none -CA ca.crt -CAkey ca.key -CAcreateserial -out new.crt");
        let new = openssl.certificate("new.crt");
        assert!(key.fits(&new));
        assert_eq!(new.subject_der(), model.subject_der());
        for extension in model.extensions() {
            assert!(new.extensions().contains(extension), "{extension:?}");
        }
        assert_eq!(new.extensions().len(), model.extensions().len());
    }

    #[test]
    fn a_model_without_extensions_or_with_key_identifiers_alone_asks_for_none() {
        let openssl = OpenSsl::new();
        openssl.authority("ca", "/CN=ca");
        let key = generate(KeyAlgorithm::EcdsaP256).unwrap().private_key;
        let version_1 = openssl.leaf("ca", "");
        let identified = openssl.sign_leaf("ca", "authorityKeyIdentifier=keyid", "");
        for model in [version_1, identified] {
            let request = CertificateRequest::for_model(&model, &key).unwrap();
            assert!(request.extensions().is_empty());
            openssl.write("new.csr", request.pem());
            let text = openssl.run("req -in new.csr -verify -noout -text");
            assert!(text.contains("verify OK"), "{text}");
            assert!(text.contains("(none)"), "{text}");
        }
    }

    #[test]
    fn odd_names_reach_the_request_byte_for_byte() {
        let openssl = OpenSsl::new();
        openssl.run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -utf8 -subj /DC=test/DC=example/O=system:masters/O=Ünï+O=dev/CN=one/CN=two -keyout a.key -out a.crt");
        let model = openssl.certificate("a.crt");
        let key = PrivateKey::from_pem(&openssl.read("a.key"), None).unwrap();
        let request = CertificateRequest::for_model(&model, &key).unwrap();
        assert_eq!(request.subject_der(), model.subject_der());
        assert_eq!(request.subject(), model.subject());
        assert_eq!(
            format!("{request:?}"),
            format!(
                "CertificateRequest {{ subject: {:?}, .. }}",
                model.subject()
            )
        );
    }
}
