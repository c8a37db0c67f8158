//! Certificate requests that were written elsewhere: read, and their proof of possession (RFC 2986 section 3) checked.

use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use super::der::{self, Element, Malformed};
use super::extension::ExtensionsError;
use super::known_extensions::KnownExtensions;
use super::name::Name;
use super::pem_blocks::{find_blocks, labels};
use super::public_key::PublicKey;
use super::request::{EXTENSION_REQUEST, VERSION_1};
use super::signature::check_own_signature;
use super::{CertificateRequest, Extension, RequestError, SignatureCheck, pem};

/// The most that a file may have, in bytes.
const LIMIT: usize = 64 * 1024;

impl CertificateRequest {
    /// Reads a PEM file with one request and nothing else: `CERTIFICATE REQUEST`, or `NEW CERTIFICATE REQUEST` as older
    /// software has it. Text around the block is passed over.
    pub fn parse(text: &[u8]) -> Result<Self, RequestError> {
        if text.len() > LIMIT {
            return Err(RequestError::TooLarge {
                bytes: text.len(),
                limit: LIMIT,
            });
        }
        let broken = |source| RequestError::Pem { source };
        let blocks = find_blocks(text).map_err(broken)?;
        match blocks.as_slice() {
            [block] if block.label == pem::REQUEST || block.label == "NEW CERTIFICATE REQUEST" => {
                let der = pem::decode_block(block, text).map_err(broken)?;
                Self::from_der(&der)
            }
            _ => Err(RequestError::NotAlone {
                found: labels(&blocks),
            }),
        }
    }

    pub(super) fn from_der(der: &[u8]) -> Result<Self, RequestError> {
        let fields = Fields::of_request(der).map_err(malformed("structure"))?;
        let requested = fields.requested_extensions();
        let requested = requested.map_err(malformed("attributes"))?;
        let extensions = Extension::read_all(&requested).map_err(|error| match error {
            ExtensionsError::Malformed => RequestError::Malformed {
                part: "extension request",
            },
            ExtensionsError::Twice { oid } => RequestError::DuplicateExtension { oid },
        })?;
        KnownExtensions::read(&extensions)
            .map_err(|oid| RequestError::MalformedExtension { oid })?;
        let public_key =
            PublicKey::read(fields.public_key).map_err(malformed("subjectPublicKeyInfo"))?;
        let subject = read_name(fields.subject).map_err(malformed("subject"))?;
        let check = check_own_signature(
            fields.information,
            fields.signature_algorithm,
            fields.signature,
            fields.public_key,
        );
        match check {
            SignatureCheck::Valid => Ok(Self {
                der: der.to_vec(),
                subject_der: fields.subject.to_vec(),
                subject,
                public_key_der: fields.public_key.to_vec(),
                extensions,
            }),
            SignatureCheck::Invalid => Err(RequestError::NotSignedByItsKey {
                subject,
                algorithm: public_key.name(),
            }),
            SignatureCheck::Unsupported { algorithm } => {
                Err(RequestError::Unverifiable { algorithm })
            }
        }
    }
}

fn malformed(part: &'static str) -> impl Fn(Malformed) -> RequestError {
    move |Malformed| RequestError::Malformed { part }
}

/// A request (RFC 2986 section 4), every field a whole DER element.
struct Fields<'a> {
    /// What is signed.
    information: &'a [u8],
    subject: &'a [u8],
    public_key: &'a [u8],
    attributes: Element<'a>,
    signature_algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of_request(request: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Element::sole(request, der::SEQUENCE)?.reader();
        let information = outer.expect(der::SEQUENCE)?;
        let signature_algorithm = outer.expect(der::SEQUENCE)?;
        // Nothing signs this field, and the verifier does not look at the tag.
        signature_algorithm
            .reader()
            .expect(der::OBJECT_IDENTIFIER)?;
        let signature = outer.expect(der::BIT_STRING)?;
        signature.whole_bits()?;
        outer.finish()?;
        let mut inner = information.reader();
        if inner.expect(der::INTEGER)?.encoding != VERSION_1 {
            return Err(Malformed);
        }
        let subject = inner.expect(der::SEQUENCE)?.encoding;
        let public_key = inner.expect(der::SEQUENCE)?.encoding;
        let attributes = inner.expect(der::context(0))?;
        inner.finish()?;
        Ok(Self {
            information: information.encoding,
            subject,
            public_key,
            attributes,
            signature_algorithm: signature_algorithm.encoding,
            signature: signature.encoding,
        })
    }

    /// What the one attribute `extensionRequest` has; other attributes are passed over.
    fn requested_extensions(&self) -> Result<Vec<&'a [u8]>, Malformed> {
        let mut attributes = self.attributes.reader();
        let mut requested = None;
        while !attributes.is_empty() {
            let mut attribute = attributes.expect(der::SEQUENCE)?.reader();
            let oid = attribute.expect(der::OBJECT_IDENTIFIER)?.encoding;
            let values = attribute.expect(der::SET)?;
            attribute.finish()?;
            if oid != EXTENSION_REQUEST {
                continue;
            }
            // Section 5.4.2 of RFC 2985: SINGLE VALUE.
            let value = Element::sole(values.contents, der::SEQUENCE)?;
            if requested.replace(value).is_some() {
                return Err(Malformed);
            }
        }
        requested.map_or(Ok(Vec::new()), Element::sequences)
    }
}

fn read_name(subject: &[u8]) -> Result<String, Malformed> {
    match X509Name::from_der(subject) {
        Ok(([], name)) => Name::read(&name).map(|name| name.to_text()),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pki::PemError;
    use crate::pki::openssl::OpenSsl;

    fn request(openssl: &OpenSsl, options: &str) -> Vec<u8> {
        openssl.run(&format!(
            "req -new -subj /O=a+O=b/CN=cp-1 -addext subjectAltName=DNS:cp-1 -nodes -keyout new.key -out new.csr {options}"
        ));
        openssl.read("new.csr")
    }

    const P256: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";

    #[test]
    fn what_openssl_writes_is_read() {
        let openssl = OpenSsl::new();
        for options in [
            P256,
            "-newkey rsa:2048",
            "-newkey ed25519",
            "-newkey rsa:2048 -newhdr",
            "-newkey rsa:2048 -text",
        ] {
            let text = request(&openssl, options);
            let read = CertificateRequest::parse(&text).unwrap();
            assert_eq!(read.subject(), "CN=cp-1,O=a+O=b");
            assert_eq!(read.extensions().len(), 1);
            assert_eq!(read.extensions()[0].oid, "2.5.29.17");
            openssl.run("pkey -in new.key -pubout -outform DER -out public.der");
            assert_eq!(openssl.read("public.der"), read.public_key_der());
            openssl.run("req -in new.csr -outform DER -out new.der");
            assert_eq!(openssl.read("new.der"), read.der());
            openssl.run("req -in new.csr -out plain.csr");
            assert_eq!(openssl.read("plain.csr"), read.pem().as_bytes());
        }
        // With an attribute that is no extension request, and with none at all.
        openssl.write("odd.cnf", "[req]\ndistinguished_name=dn\nattributes=at\nprompt=no\n[dn]\nCN=a\n[at]\nchallengePassword=secret\n");
        openssl.run("req -new -key new.key -config odd.cnf -out odd.csr");
        let read = CertificateRequest::parse(&openssl.read("odd.csr")).unwrap();
        assert!(read.extensions().is_empty());
    }

    #[test]
    fn each_kind_of_broken_file_has_its_own_error() {
        let openssl = OpenSsl::new();
        let text = request(&openssl, P256);
        let refusal = |text: &[u8]| CertificateRequest::parse(text).unwrap_err();
        let pem = |source| RequestError::Pem { source };
        assert_eq!(refusal(b""), pem(PemError::Empty));
        assert_eq!(refusal(b"apiVersion: v1\n"), pem(PemError::NotPem));
        let label = || "CERTIFICATE REQUEST".to_owned();
        assert_eq!(
            refusal(&text[..text.len() / 2]),
            pem(PemError::Truncated { label: label() })
        );
        let damaged = String::from_utf8(text.clone()).unwrap();
        let damaged = damaged.replacen("\nMII", "\nM!I", 1);
        assert_eq!(
            refusal(damaged.as_bytes()),
            pem(PemError::InvalidBase64 { label: label() })
        );
        let not_alone = |found: &str| RequestError::NotAlone {
            found: found.to_owned(),
        };
        let twice = [text.as_slice(), &text].concat();
        assert_eq!(
            refusal(&twice),
            not_alone("CERTIFICATE REQUEST, CERTIFICATE REQUEST")
        );
        assert_eq!(refusal(&openssl.read("new.key")), not_alone("PRIVATE KEY"));
        let long = [text.as_slice(), &vec![b'\n'; LIMIT]].concat();
        assert_eq!(
            refusal(&long),
            RequestError::TooLarge {
                bytes: long.len(),
                limit: LIMIT
            }
        );
        let hollow = super::super::encode(pem::REQUEST, &[der::SEQUENCE, 0]);
        let part = "structure";
        assert_eq!(refusal(hollow.as_bytes()), RequestError::Malformed { part });
    }

    #[test]
    fn what_is_not_signed_with_its_own_key_or_cannot_be_judged_is_refused() {
        let openssl = OpenSsl::new();
        let read = CertificateRequest::parse(&request(&openssl, P256)).unwrap();
        let mut last_bit = read.der().to_vec();
        *last_bit.last_mut().unwrap() ^= 1;
        assert_eq!(
            CertificateRequest::from_der(&last_bit),
            Err(RequestError::NotSignedByItsKey {
                subject: "CN=cp-1,O=a+O=b".to_owned(),
                algorithm: "ECDSA-P256".to_owned()
            })
        );
        for (options, algorithm) in [
            (
                "-newkey rsa:2048 -sigopt rsa_padding_mode:pss",
                "RSA-PSS, by a key of RSA-2048",
            ),
            (
                "-newkey ec -pkeyopt ec_paramgen_curve:P-521",
                "SHA-256 with ECDSA, by a key of ECDSA-P521",
            ),
            ("-newkey ed448", "Ed448, by a key of Ed448"),
        ] {
            assert_eq!(
                CertificateRequest::parse(&request(&openssl, options)),
                Err(RequestError::Unverifiable {
                    algorithm: algorithm.to_owned()
                })
            );
        }
    }

    #[test]
    fn an_extension_or_a_request_for_extensions_twice_is_refused() {
        let openssl = OpenSsl::new();
        let read = CertificateRequest::parse(&request(&openssl, P256)).unwrap();
        let extension = [0x30, 0x05, 0x06, 0x01, 0x2a, 0x04, 0x00];
        let requested = |extensions: &[&[u8]]| {
            let values = der::encode(der::SET, &[&der::encode(der::SEQUENCE, extensions)]);
            der::encode(der::SEQUENCE, &[EXTENSION_REQUEST, &values])
        };
        let once = requested(&[&extension]);
        let twice = requested(&[&extension, &extension]);
        let names = [
            0x30, 0x0b, 0x06, 0x03, 0x55, 0x1d, 0x11, 0x04, 0x04, 0x30, 0x02, 0x82, 0x05,
        ];
        let damaged = requested(&[&names]);
        let part = "attributes";
        let unsigned = RequestError::NotSignedByItsKey {
            subject: read.subject().to_owned(),
            algorithm: "ECDSA-P256".to_owned(),
        };
        for (attributes, error) in [
            (vec![once.as_slice()], unsigned),
            (
                vec![&twice],
                RequestError::DuplicateExtension {
                    oid: "1.2".to_owned(),
                },
            ),
            (vec![&once, &once], RequestError::Malformed { part }),
            (
                vec![&damaged],
                RequestError::MalformedExtension {
                    oid: "2.5.29.17".to_owned(),
                },
            ),
        ] {
            let attributes = der::encode(der::context(0), &attributes);
            let information = der::encode(
                der::SEQUENCE,
                &[
                    VERSION_1,
                    read.subject_der(),
                    read.public_key_der(),
                    &attributes,
                ],
            );
            let fields = Fields::of_request(read.der()).unwrap();
            let request = der::encode(
                der::SEQUENCE,
                &[&information, fields.signature_algorithm, fields.signature],
            );
            assert_eq!(CertificateRequest::from_der(&request), Err(error));
        }
    }

    #[test]
    fn no_bit_may_flip_and_no_byte_be_missing() {
        let openssl = OpenSsl::new();
        let read = CertificateRequest::parse(&request(&openssl, P256)).unwrap();
        for position in 0..read.der().len() {
            assert!(CertificateRequest::from_der(&read.der()[..position]).is_err());
            for bit in 0..8 {
                let mut flipped = read.der().to_vec();
                flipped[position] ^= 1 << bit;
                assert!(
                    CertificateRequest::from_der(&flipped).is_err(),
                    "{position}.{bit}"
                );
            }
        }
        let longer = [read.der(), &[0]].concat();
        assert!(CertificateRequest::from_der(&longer).is_err());
    }

    proptest! {
        #[test]
        fn hostile_bytes_are_errors(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(CertificateRequest::parse(&bytes).is_err());
            prop_assert!(CertificateRequest::from_der(&bytes).is_err());
            let wrapped = super::super::encode(pem::REQUEST, &bytes);
            prop_assert!(CertificateRequest::parse(wrapped.as_bytes()).is_err());
        }
    }
}
