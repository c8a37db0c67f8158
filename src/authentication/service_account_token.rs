//! Tokens of service accounts: JSON Web Tokens (RFC 7519) that the API server or its controller-manager has signed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::pki::{SignatureCheck, VerifyingKey};

/// Whoever issued the tokens in Secrets (`LegacyIssuer` in `k8s.io/kubernetes/pkg/serviceaccount`).
pub const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";

/// A JSON Web Token in its compact form (RFC 7515 section 3.1), not verified yet. The token itself is a secret: it shows nowhere.
pub struct JsonWebToken {
    text: Zeroizing<String>,
    header: Header,
    /// What it says.
    pub claims: Claims,
}

#[derive(Debug, Deserialize)]
struct Header {
    #[serde(default)]
    alg: String,
    #[serde(default)]
    kid: String,
}

/// What a token claims (`privateClaims` and `legacyPrivateClaims` in `k8s.io/kubernetes/pkg/serviceaccount`). Claims, until the
/// signature was checked.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Claims {
    /// Who issued it.
    #[serde(default, rename = "iss")]
    pub issuer: String,
    /// Whom it is about: `system:serviceaccount:NAMESPACE:NAME`.
    #[serde(default, rename = "sub")]
    pub subject: String,
    /// For whom it is.
    #[serde(default, rename = "aud")]
    pub audience: Audience,
    /// When it ends.
    #[serde(default, rename = "exp")]
    expiry: Option<NumericDate>,
    /// When it begins.
    #[serde(default, rename = "nbf")]
    not_before: Option<NumericDate>,
    /// When it was issued.
    #[serde(default, rename = "iat")]
    issued_at: Option<NumericDate>,
    /// What a bound token is about.
    #[serde(default, rename = "kubernetes.io")]
    pub bound: Option<Bound>,
    /// The namespace of a token in a Secret.
    #[serde(default, rename = "kubernetes.io/serviceaccount/namespace")]
    pub namespace: String,
    /// The service account of a token in a Secret.
    #[serde(default, rename = "kubernetes.io/serviceaccount/service-account.name")]
    pub service_account: String,
    /// Its UID.
    #[serde(default, rename = "kubernetes.io/serviceaccount/service-account.uid")]
    pub service_account_uid: String,
    /// The Secret that such a token is in.
    #[serde(default, rename = "kubernetes.io/serviceaccount/secret.name")]
    pub secret: String,
}

/// One audience or several (RFC 7519 section 4.1.3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// None.
    #[default]
    None,
    /// Text alone.
    One(String),
    /// A list.
    Several(Vec<String>),
}

/// Seconds since 1970, whole or not (RFC 7519 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct NumericDate(f64);

/// What a bound token says about itself, and what it ends with.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Bound {
    /// The namespace.
    #[serde(default)]
    pub namespace: String,
    /// The service account.
    #[serde(default)]
    pub serviceaccount: Reference,
    /// The Pod that it is for.
    pub pod: Option<Reference>,
    /// The node of that Pod, or that it is for.
    pub node: Option<Reference>,
    /// The Secret that it ends with.
    pub secret: Option<Reference>,
    /// From when on the server warns: the hour that the kubelet had asked for, of a token that is good for a year.
    warnafter: Option<NumericDate>,
}

/// An object of the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its UID.
    #[serde(default)]
    pub uid: String,
}

/// Why a text is no token of this kind. Quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not three parts of base64url with dots between them.
    #[error("it is no JSON Web Token: that is three parts of base64url with dots between them")]
    NotAToken,
    /// The header is no JSON object.
    #[error("its header cannot be read")]
    Header,
    /// The claims are no JSON object, or one of them is of the wrong type.
    #[error("its claims cannot be read")]
    Claims,
}

impl JsonWebToken {
    /// Reads a token; nothing is verified by that.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return Err(TokenError::NotAToken);
        };
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| TokenError::NotAToken)
        };
        decode(signature)?;
        // By way of a value: of two equal keys the last one counts, as in Go.
        let header: serde_json::Value =
            serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Header)?;
        let claims: serde_json::Value =
            serde_json::from_slice(&decode(claims)?).map_err(|_| TokenError::Claims)?;
        Ok(Self {
            text: Zeroizing::new(text.to_owned()),
            header: Deserialize::deserialize(header).map_err(|_| TokenError::Header)?,
            claims: Deserialize::deserialize(claims).map_err(|_| TokenError::Claims)?,
        })
    }

    /// What the header says of the key: its identifier; empty where it says nothing.
    pub fn key_identifier(&self) -> &str {
        &self.header.kid
    }

    /// How it says that it was signed: `RS256`.
    pub fn algorithm(&self) -> &str {
        &self.header.alg
    }

    /// How long its signature is, in bytes.
    pub fn signature_length(&self) -> usize {
        let signature = self.text.rsplit('.').next().unwrap_or_default();
        URL_SAFE_NO_PAD.decode(signature).map_or(0, |it| it.len())
    }

    /// Whether that key signed it.
    pub fn check(&self, key: &VerifyingKey) -> SignatureCheck {
        let Some((message, signature)) = self.text.rsplit_once('.') else {
            return SignatureCheck::Invalid;
        };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else {
            return SignatureCheck::Invalid;
        };
        key.check(self.algorithm(), message.as_bytes(), &signature)
    }
}

impl fmt::Debug for JsonWebToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("JsonWebToken")
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

impl Claims {
    /// When it ends; never, where it does not say.
    pub fn expiry(&self) -> Option<OffsetDateTime> {
        self.expiry.map(NumericDate::moment)
    }

    /// When it begins.
    pub fn not_before(&self) -> Option<OffsetDateTime> {
        self.not_before.map(NumericDate::moment)
    }

    /// When it was issued.
    pub fn issued_at(&self) -> Option<OffsetDateTime> {
        self.issued_at.map(NumericDate::moment)
    }

    /// Whether it is one that was put into a Secret.
    pub fn is_legacy(&self) -> bool {
        self.issuer == LEGACY_ISSUER
    }
}

impl Bound {
    /// From when on the server warns; none where it does not say.
    pub fn warn_after(&self) -> Option<OffsetDateTime> {
        let warn_after = self.warnafter.filter(|date| date.0 != 0.0);
        warn_after.map(NumericDate::moment)
    }
}

impl Audience {
    /// Each of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

impl NumericDate {
    /// The moment; the first or the last that there is, where it is beyond those.
    fn moment(self) -> OffsetDateTime {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a cast from a float goes to the nearest that there is"
        )]
        let seconds = self.0 as i64;
        OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(if seconds < 0 {
            time::PrimitiveDateTime::MIN.assume_utc()
        } else {
            time::PrimitiveDateTime::MAX.assume_utc()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
        format!(
            "{}.{}.{}",
            encode(header),
            encode(claims),
            encode("signature")
        )
    }

    #[test]
    fn claims_of_both_kinds_are_read() {
        let bound = r#"{"aud":["https://kubernetes.default.svc"],"exp":1800000000,"iat":1700000000.5,"nbf":1700000000,
            "iss":"https://kubernetes.default.svc","sub":"system:serviceaccount:a:b","other":{"x":1},
            "kubernetes.io":{"namespace":"a","serviceaccount":{"name":"b","uid":"u"},"pod":{"name":"p","uid":"q"},"warnafter":1700003607}}"#;
        let read = JsonWebToken::parse(&token(r#"{"alg":"RS256","kid":"k"}"#, bound)).unwrap();
        assert_eq!((read.algorithm(), read.key_identifier()), ("RS256", "k"));
        let claims = &read.claims;
        assert_eq!(claims.audience.all(), ["https://kubernetes.default.svc"]);
        assert_eq!(claims.expiry().unwrap().unix_timestamp(), 1_800_000_000);
        let inside = claims.bound.as_ref().unwrap();
        assert_eq!(inside.pod.as_ref().unwrap().name, "p");
        assert_eq!(inside.warn_after().unwrap().unix_timestamp(), 1_700_003_607);
        let legacy = r#"{"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"a",
            "kubernetes.io/serviceaccount/secret.name":"s","sub":"x","aud":"y","sub":"last"}"#;
        let read = JsonWebToken::parse(&token("{}", legacy)).unwrap();
        assert!(read.claims.is_legacy() && read.claims.expiry().is_none());
        assert_eq!(read.claims.secret, "s");
        assert_eq!(read.claims.subject, "last");
        assert_eq!(read.claims.audience.all(), ["y"]);
    }

    #[test]
    fn dates_beyond_all_dates_are_the_last_one() {
        for far in ["1e300", "9223372036854775807", "-1e300", "-0.5"] {
            let claims = format!(r#"{{"exp":{far}}}"#);
            let read = JsonWebToken::parse(&token("{}", &claims)).unwrap();
            assert!(read.claims.expiry().is_some(), "{far}");
        }
    }

    #[test]
    fn what_is_no_token_is_an_error_that_quotes_nothing() {
        for text in ["", "a.b", "a.b.c.d", "hunter2", "a b.c.d", "....."] {
            assert!(JsonWebToken::parse(text).is_err(), "{text}");
        }
        let broken = [
            (r#"{"alg":"RS256"}"#, "[]"),
            (r#"{"alg":1}"#, "{}"),
            ("hunter2", "{}"),
            ("{}", r#"{"exp":"hunter2"}"#),
            ("{}", r#"{"aud":{"hunter2":1}}"#),
        ];
        for (header, claims) in broken {
            let error = JsonWebToken::parse(&token(header, claims)).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("hunter2"));
        }
        let good = JsonWebToken::parse(&token(r#"{"kid":"k"}"#, "{}")).unwrap();
        assert!(!format!("{good:?}").contains("c2ln"));
    }
}
