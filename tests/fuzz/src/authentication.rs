//! What the API server knows people by: static tokens and the configuration of authentication. What they say does not hang on how it
//! is written, and no error quotes anything of a file of tokens.

use rekindle::authentication::TokenFile;
use rekindle::kubernetes::AuthenticationConfiguration;

use super::manifest::as_json;

/// Reads the bytes as each of the two.
pub fn check(bytes: &[u8]) -> bool {
    let configuration = AuthenticationConfiguration::parse(bytes);
    if let Ok(configuration) = &configuration
        && let Some(json) = as_json(bytes)
        && let Ok(again) = AuthenticationConfiguration::parse(&json)
    {
        assert_eq!(*configuration, again);
    }
    configuration.is_ok() | check_tokens(bytes)
}

/// Saying all of it twice says nothing new; and what is known is found by its token alone.
fn check_tokens(bytes: &[u8]) -> bool {
    let Ok(file) = TokenFile::parse(bytes, 0o600) else {
        return false;
    };
    let twice = [bytes, b"\n", bytes].concat();
    // A CR at the end of the file is cut off, before the end of a line too.
    let again = TokenFile::parse(&twice, 0o600).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.count(), file.count());
    assert_eq!(file.find(b""), None);
    let end = bytes.iter().position(|byte| b",\n".contains(byte));
    let first = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    let is_plain = !first.is_empty() && !first.iter().any(|byte| b"\"\r".contains(byte));
    assert!(!is_plain || file.find(first).is_some());
    file.count() > 0
}
