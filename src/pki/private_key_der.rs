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
