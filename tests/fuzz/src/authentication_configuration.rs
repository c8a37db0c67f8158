//! An `AuthenticationConfiguration`: what is taken has no two issuers of one URL, and reads the same again as JSON.

use std::collections::BTreeSet;

use rekindle::kubernetes::AuthenticationConfiguration;

/// Reads one.
pub fn check(bytes: &[u8]) -> bool {
    let Ok(configuration) = AuthenticationConfiguration::parse(bytes) else {
        return false;
    };
    let urls: BTreeSet<&str> = configuration.jwt.iter().map(|it| it.url.as_str()).collect();
    assert_eq!(urls.len(), configuration.jwt.len());
    assert!(urls.iter().all(|url| url.starts_with("https://")));
    if let Ok(value) = serde_yaml::from_slice::<serde_json::Value>(bytes) {
        let json = value.to_string();
        assert_eq!(
            AuthenticationConfiguration::parse(json.as_bytes()).unwrap(),
            configuration
        );
    }
    true
}
