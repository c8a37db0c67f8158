//! A JSON Web Token: what is read is what another reader reads, no key that it names has signed it, and it does not show.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rekindle::authentication::JsonWebToken;
use rekindle::pki::{SignatureCheck, VerifyingKey};
use serde_json::Value;

/// Nobody has the private half.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
";

/// Reads a token, and checks it against a key.
pub fn check(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let Ok(token) = JsonWebToken::parse(text) else {
        return false;
    };
    let claims = text.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let issuer = claims.get("iss").and_then(Value::as_str);
    assert_eq!(token.claims.issuer, issuer.unwrap_or_default());
    let _ = (
        token.claims.expiry(),
        token.claims.not_before(),
        token.claims.issued_at(),
    );
    for key in VerifyingKey::read_all(KEY.as_bytes()).unwrap() {
        assert_ne!(token.check(&key), SignatureCheck::Valid);
    }
    let signature = text.rsplit('.').next().unwrap();
    assert!(signature.len() < 24 || !format!("{token:?}").contains(signature));
    true
}
