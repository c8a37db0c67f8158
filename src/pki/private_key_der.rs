//! What is inside a private key's DER, whichever way it is wrapped; and the name of what ring cannot use.

use zeroize::Zeroizing;

use super::KeyError;
use super::der::{self, Element, Malformed};
use super::pem::PrivateKeyForm;
use super::public_key;

/// The parts of a private key that ring wants to see.
pub(super) enum PrivateKeyParts {
    /// An `RSAPrivateKey` (RFC 8017 appendix A.1.2) that ring can use.
    Rsa(Zeroizing<Vec<u8>>),
    EllipticCurve(EllipticCurveParts),
    /// The whole PKCS#8.
    Ed25519(Zeroizing<Vec<u8>>),
}

/// An `ECPrivateKey` (RFC 5915), whose curve and public key are optional.
pub(super) struct EllipticCurveParts {
    /// Dotted; `None` where no curve is named.
    pub(super) curve: Option<String>,
    /// Big-endian, as long as the file has it.
    pub(super) scalar: Zeroizing<Vec<u8>>,
    /// The uncompressed point.
    pub(super) public_key: Option<Vec<u8>>,
}

pub(super) fn read(form: PrivateKeyForm, der: &[u8]) -> Result<PrivateKeyParts, KeyError> {
    match form {
        PrivateKeyForm::Pkcs1 => read_rsa(der),
        PrivateKeyForm::Sec1 => read_elliptic_curve(der, None).map(PrivateKeyParts::EllipticCurve),
        PrivateKeyForm::Pkcs8 => read_pkcs8(der),
    }
}

fn read_pkcs8(der: &[u8]) -> Result<PrivateKeyParts, KeyError> {
    let (algorithm, curve, inner) = unwrap_pkcs8(der)?;
    match algorithm.as_str() {
        public_key::RSA => read_rsa(inner),
        public_key::ELLIPTIC_CURVE => {
            read_elliptic_curve(inner, curve).map(PrivateKeyParts::EllipticCurve)
        }
        public_key::ED25519 => Ok(PrivateKeyParts::Ed25519(Zeroizing::new(der.to_vec()))),
        other => Err(KeyError::Unsupported {
            algorithm: public_key::algorithm_name(other),
            reason: "kubeadm makes RSA and ECDSA keys only",
        }),
    }
}

/// RFC 5958 section 2: version, algorithm with its parameters, the key in an OCTET STRING; more may follow.
fn unwrap_pkcs8(der: &[u8]) -> Result<(String, Option<String>, &[u8]), Malformed> {
    let mut reader = Element::sole(der, der::SEQUENCE)?.reader();
    reader.expect(der::INTEGER)?;
    let mut identifier = reader.expect(der::SEQUENCE)?.reader();
    let algorithm = der::dotted(identifier.expect(der::OBJECT_IDENTIFIER)?.contents)?;
    let curve = identifier
        .optional(der::OBJECT_IDENTIFIER)?
        .map(|curve| der::dotted(curve.contents))
        .transpose()?;
    Ok((algorithm, curve, reader.expect(der::OCTET_STRING)?.contents))
}

/// Checks what ring will check, for ring's reasons are misleading: it calls a small exponent "too small" a key.
fn read_rsa(der: &[u8]) -> Result<PrivateKeyParts, KeyError> {
    let mut reader = Element::sole(der, der::SEQUENCE)
        .map_err(KeyError::from)?
        .reader();
    let version = reader.expect(der::INTEGER)?.contents;
    let modulus = reader.expect(der::INTEGER)?.positive()?;
    let exponent = reader.expect(der::INTEGER)?.positive()?;
    let bits = public_key::bits(modulus).unwrap_or(0);
    let unsupported = |algorithm: String, reason| Err(KeyError::Unsupported { algorithm, reason });
    if version != [0] {
        return unsupported(
            format!("RSA-{bits} of more than two primes"),
            "only keys of two primes can be used",
        );
    }
    if bits < 2048 {
        return unsupported(
            format!("RSA-{bits}"),
            "RSA keys under 2048 bits are not safe",
        );
    }
    if bits > 4096 {
        return unsupported(format!("RSA-{bits}"), "RSA keys go up to 4096 bits");
    }
    if !bits.is_multiple_of(512) {
        return unsupported(
            format!("RSA-{bits}"),
            "the length of an RSA modulus must be a multiple of 512 bits",
        );
    }
    if exponent.len() < 3 {
        let value = exponent
            .iter()
            .fold(0_u32, |value, octet| value << 8 | u32::from(*octet));
        return unsupported(
            format!("RSA with public exponent {value}"),
            "the public exponent must be 65537 or more",
        );
    }
    Ok(PrivateKeyParts::Rsa(Zeroizing::new(der.to_vec())))
}

/// RFC 5915 section 3. A curve that the wrapping names stands for one that is not named inside.
fn read_elliptic_curve(
    der: &[u8],
    outer_curve: Option<String>,
) -> Result<EllipticCurveParts, KeyError> {
    let mut reader = Element::sole(der, der::SEQUENCE)?.reader();
    reader.expect(der::INTEGER)?;
    let scalar = Zeroizing::new(reader.expect(der::OCTET_STRING)?.contents.to_vec());
    let inner_curve = match reader.optional(der::context(0))? {
        Some(parameters) => parameters
            .reader()
            .optional(der::OBJECT_IDENTIFIER)?
            .map(|curve| der::dotted(curve.contents))
            .transpose()?,
        None => None,
    };
    let public_key = reader
        .optional(der::context(1))?
        .map(|wrapped| {
            let bits = Element::sole(wrapped.contents, der::BIT_STRING)?;
            bits.whole_bits().map(<[u8]>::to_vec)
        })
        .transpose()?;
    Ok(EllipticCurveParts {
        curve: inner_curve.or(outer_curve),
        scalar,
        public_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::openssl::OpenSsl;
    use crate::pki::{Certificate, PrivateKey, encode};

    const EC: &str = "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:";
    const RSA: &str = "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:";

    /// The key in `FILE` can sign, and openssl says that the signature is right.
    fn assert_signs(
        openssl: &OpenSsl,
        file: &str,
        certificate: Option<&Certificate>,
    ) -> PrivateKey {
        let key = PrivateKey::from_pem(&openssl.read(file), certificate).unwrap();
        openssl.write("message", "to be signed");
        openssl.write("signature", key.sign(b"to be signed").unwrap());
        openssl.write("public.der", key.public_key_der());
        let digest = match key.algorithm().as_str() {
            "ECDSA-P384" => "-sha384",
            _ => "-sha256",
        };
        openssl.run(&format!(
            "dgst {digest} -verify public.der -keyform DER -signature signature message"
        ));
        key
    }

    fn refusal(openssl: &OpenSsl, file: &str) -> KeyError {
        PrivateKey::from_pem(&openssl.read(file), None).unwrap_err()
    }

    fn unsupported(openssl: &OpenSsl, generate: &str) -> String {
        openssl.run(&format!("{generate} -out odd.key"));
        match refusal(openssl, "odd.key") {
            KeyError::Unsupported { algorithm, .. } => algorithm,
            other => panic!("{generate}: {other:?}"),
        }
    }

    #[test]
    fn rsa_keys_work_in_both_wrappings() {
        let openssl = OpenSsl::new();
        for bits in ["2048", "3072"] {
            openssl.run(&format!("{RSA}{bits} -out pkcs8.key"));
            openssl.run("rsa -traditional -in pkcs8.key -out pkcs1.key");
            for file in ["pkcs8.key", "pkcs1.key"] {
                let key = assert_signs(&openssl, file, None);
                assert_eq!(key.algorithm(), format!("RSA-{bits}"));
            }
        }
    }

    #[test]
    fn ecdsa_keys_work_in_every_wrapping() {
        let openssl = OpenSsl::new();
        for (curve, algorithm) in [("P-256", "ECDSA-P256"), ("P-384", "ECDSA-P384")] {
            openssl.run(&format!("{EC}{curve} -out pkcs8.key"));
            openssl.run("ec -in pkcs8.key -out sec1.key");
            openssl.run("ec -in pkcs8.key -param_out -out parameters");
            let both = [openssl.read("parameters"), openssl.read("sec1.key")].concat();
            openssl.write("parameters-first.key", both);
            for file in ["pkcs8.key", "sec1.key", "parameters-first.key"] {
                assert_eq!(assert_signs(&openssl, file, None).algorithm(), algorithm);
            }
        }
    }

    #[test]
    fn what_an_ecdsa_key_leaves_out_is_taken_from_the_certificate() {
        let openssl = OpenSsl::new();
        let certificate = openssl.authority("ca", "/CN=ca").certificate().clone();
        openssl.run("ec -in ca.key -no_public -out no-public.key");
        openssl.run("ec -in ca.key -param_enc explicit -out explicit.key");
        // In PKCS#8, which openssl would give the public key again.
        let no_public = String::from_utf8(openssl.read("no-public.key")).unwrap();
        let sec1 = crate::pki::pem::read_private_key(no_public.as_bytes())
            .unwrap()
            .1;
        let bare = Element::sole(&sec1, der::SEQUENCE).unwrap();
        let curve = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
        let elliptic = [0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
        let pkcs8 = der::encode(
            der::SEQUENCE,
            &[
                &[0x02, 0x01, 0x00],
                &der::encode(der::SEQUENCE, &[&elliptic, &curve]),
                &der::encode(der::OCTET_STRING, &[bare.encoding]),
            ],
        );
        openssl.write("bare-pkcs8.key", encode("PRIVATE KEY", &pkcs8).as_bytes());
        for file in ["no-public.key", "bare-pkcs8.key", "explicit.key"] {
            assert!(
                assert_signs(&openssl, file, Some(&certificate)).fits(&certificate),
                "{file}"
            );
        }
        for file in ["no-public.key", "bare-pkcs8.key"] {
            assert!(
                matches!(refusal(&openssl, file), KeyError::PublicKeyMissing),
                "{file}"
            );
        }
        // Another's public key is not believed.
        let other = openssl
            .authority("other", "/CN=other")
            .certificate()
            .clone();
        let mismatch = PrivateKey::from_pem(&openssl.read("no-public.key"), Some(&other));
        assert!(matches!(mismatch, Err(KeyError::Malformed { .. })));
    }

    #[test]
    fn an_ed25519_key_works() {
        let openssl = OpenSsl::new();
        openssl.run("genpkey -algorithm ED25519 -out key");
        let key = PrivateKey::from_pem(&openssl.read("key"), None).unwrap();
        openssl.write("message", "to be signed");
        openssl.write("signature", key.sign(b"to be signed").unwrap());
        openssl.write("public.der", key.public_key_der());
        openssl.run("pkeyutl -verify -pubin -keyform DER -inkey public.der -rawin -in message -sigfile signature");
        assert_eq!(key.algorithm(), "Ed25519");
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named() {
        let openssl = OpenSsl::new();
        for (generate, name) in [
            (format!("{RSA}1024"), "RSA-1024"),
            (format!("{RSA}3000"), "RSA-3000"),
            (
                format!("{RSA}2048 -pkeyopt rsa_keygen_pubexp:3"),
                "RSA with public exponent 3",
            ),
            (
                format!("{RSA}2048 -pkeyopt rsa_keygen_pubexp:17"),
                "RSA with public exponent 17",
            ),
            (
                format!("{RSA}2048 -pkeyopt rsa_keygen_primes:3"),
                "RSA-2048 of more than two primes",
            ),
            (format!("{EC}P-521"), "ECDSA-P521"),
            (format!("{EC}P-224"), "ECDSA-P224"),
            (format!("{EC}secp256k1"), "ECDSA-secp256k1"),
            (
                format!("{EC}P-256 -pkeyopt ec_param_enc:explicit"),
                "ECDSA without a named curve",
            ),
            (
                "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048".to_owned(),
                "RSA-PSS",
            ),
            ("genpkey -algorithm ED448".to_owned(), "Ed448"),
            ("genpkey -algorithm X25519".to_owned(), "X25519"),
        ] {
            assert_eq!(unsupported(&openssl, &generate), name);
        }
        let modulus = der::encode(der::INTEGER, &[&[0], &[0xff; 640]]);
        let exponent = [0x02, 0x03, 0x01, 0x00, 0x01];
        let huge = der::encode(der::SEQUENCE, &[&[0x02, 0x01, 0x00], &modulus, &exponent]);
        openssl.write("odd.key", encode("RSA PRIVATE KEY", &huge).as_bytes());
        assert!(
            refusal(&openssl, "odd.key")
                .to_string()
                .contains("RSA-5120")
        );
    }

    #[test]
    fn a_key_under_a_passphrase_is_named_in_both_forms() {
        let openssl = OpenSsl::new();
        openssl.run(&format!("{EC}P-256 -out plain.key"));
        openssl.run("ec -in plain.key -aes256 -passout pass:secret -out traditional.key");
        openssl.run("pkcs8 -topk8 -in plain.key -passout pass:secret -out pkcs8.key");
        for file in ["traditional.key", "pkcs8.key"] {
            assert!(
                matches!(refusal(&openssl, file), KeyError::Encrypted),
                "{file}"
            );
        }
    }

    #[test]
    fn a_scalar_of_another_length_is_brought_to_the_curves() {
        let openssl = OpenSsl::new();
        let certificate = openssl.authority("ca", "/CN=ca").certificate().clone();
        let sec1 = crate::pki::pem::read_private_key(&openssl.read("ca.key")).unwrap();
        let PrivateKeyParts::EllipticCurve(parts) = read(sec1.0, &sec1.1).unwrap() else {
            panic!("not an elliptic curve key");
        };
        for scalar in [
            [&[0], parts.scalar.as_slice()].concat(),
            [&[1], parts.scalar.as_slice()].concat(),
        ] {
            let longer = der::encode(
                der::SEQUENCE,
                &[
                    &[0x02, 0x01, 0x01],
                    &der::encode(der::OCTET_STRING, &[&scalar]),
                ],
            );
            openssl.write("longer.key", encode("EC PRIVATE KEY", &longer).as_bytes());
            let read = PrivateKey::from_pem(&openssl.read("longer.key"), Some(&certificate));
            assert_eq!(read.is_ok(), scalar.starts_with(&[0]), "{read:?}");
        }
    }

    #[test]
    fn damaged_keys_are_errors_and_never_panics() {
        let openssl = OpenSsl::new();
        openssl.run(&format!("{RSA}2048 -out rsa.pkcs8"));
        openssl.run("rsa -traditional -in rsa.pkcs8 -out rsa.pkcs1");
        openssl.run(&format!("{EC}P-256 -out ec.pkcs8"));
        openssl.run("ec -in ec.pkcs8 -out ec.sec1");
        openssl.run("genpkey -algorithm ED25519 -out ed25519.pkcs8");
        for file in [
            "rsa.pkcs8",
            "rsa.pkcs1",
            "ec.pkcs8",
            "ec.sec1",
            "ed25519.pkcs8",
        ] {
            let text = openssl.read(file);
            let (form, der) = crate::pki::pem::read_private_key(&text).unwrap();
            let label = match form {
                PrivateKeyForm::Pkcs1 => "RSA PRIVATE KEY",
                PrivateKeyForm::Sec1 => "EC PRIVATE KEY",
                PrivateKeyForm::Pkcs8 => "PRIVATE KEY",
            };
            for length in 0..der.len() {
                let cut = encode(label, &der[..length]);
                assert!(
                    PrivateKey::from_pem(cut.as_bytes(), None).is_err(),
                    "{file} at {length}"
                );
            }
            // The head, where the structure is: a flipped bit may leave a key that is another one, but no panic.
            for position in 0..der.len().min(90) {
                for bit in [0x01, 0x10, 0x80] {
                    let mut flipped = der.to_vec();
                    flipped[position] ^= bit;
                    let _ = PrivateKey::from_pem(encode(label, &flipped).as_bytes(), None);
                }
            }
        }
    }
}
