//! The credential of one user (`AuthInfo` in client-go's `clientcmd/api/v1`). Pure.

use super::credential::{KeySource, Source, decode};
use super::error::KubeconfigError;
use crate::kubernetes::document::Field;

/// The certificate of that user, or what the user has instead as an error.
pub(super) fn client_certificate(user: &Field<'_>, name: &str) -> Result<Source, KubeconfigError> {
    if let Some(data) = user.field("client-certificate-data")?.filled_text()? {
        return match decode(data) {
            Ok(bytes) => Ok(Source::Embedded(bytes.to_vec())),
            Err(source) => Err(KubeconfigError::CertificateNotBase64 {
                user: name.to_owned(),
                source,
            }),
        };
    }
    match user.field("client-certificate")?.filled_text()? {
        Some(path) => Ok(Source::File(path.to_owned())),
        None => Err(other_credential(user, name.to_owned())?),
    }
}

/// What a user without a certificate has instead, as the error that says so.
fn other_credential(user: &Field<'_>, name: String) -> Result<KubeconfigError, KubeconfigError> {
    let exec = user.field("exec")?;
    if exec.is_present() {
        let command = exec
            .field("command")?
            .text()?
            .unwrap_or_default()
            .to_owned();
        return Ok(KubeconfigError::ExecUser {
            user: name,
            command,
        });
    }
    let provider = user.field("auth-provider")?;
    if provider.is_present() {
        let provider = provider
            .field("name")?
            .text()?
            .unwrap_or_default()
            .to_owned();
        return Ok(KubeconfigError::AuthProviderUser {
            user: name,
            provider,
        });
    }
    if user.field("token")?.is_present() || user.field("tokenFile")?.is_present() {
        return Ok(KubeconfigError::TokenUser { user: name });
    }
    if user.field("password")?.is_present() || user.field("username")?.is_present() {
        return Ok(KubeconfigError::PasswordUser { user: name });
    }
    Ok(KubeconfigError::NoClientCertificate { user: name })
}

/// The key that goes with a certificate.
pub(super) fn client_key(user: &Field<'_>, name: &str) -> Result<KeySource, KubeconfigError> {
    if let Some(data) = user.field("client-key-data")?.filled_text()? {
        return match decode(data) {
            Ok(bytes) => Ok(KeySource::Embedded(bytes)),
            Err(_) => Err(KubeconfigError::KeyNotBase64 {
                user: name.to_owned(),
            }),
        };
    }
    match user.field("client-key")?.filled_text()? {
        Some(path) => Ok(KeySource::File(path.to_owned())),
        None => Err(KubeconfigError::NoClientKey {
            user: name.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::document::Node;

    fn error(user: &str) -> KubeconfigError {
        let node = Node::parse(user.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        client_certificate(&node.root(), "me").unwrap_err()
    }

    #[test]
    fn a_user_without_a_certificate_is_told_by_what_it_has_instead() {
        assert!(matches!(
            error("{exec: {command: aws, args: [hunter2], env: [{name: a, value: hunter2}]}, token: hunter2}"),
            KubeconfigError::ExecUser { command, .. } if command == "aws"
        ));
        assert!(matches!(
            error("{auth-provider: {name: gcp, config: {access-token: hunter2}}}"),
            KubeconfigError::AuthProviderUser { provider, .. } if provider == "gcp"
        ));
        for token in ["{token: hunter2}", "{tokenFile: /hunter2}"] {
            assert!(matches!(error(token), KubeconfigError::TokenUser { .. }));
        }
        assert!(matches!(
            error("{username: admin, password: hunter2}"),
            KubeconfigError::PasswordUser { .. }
        ));
        for none in [
            "{a: b}",
            "{client-certificate-data: '', client-certificate: null, client-key: /k}",
        ] {
            assert!(matches!(
                error(none),
                KubeconfigError::NoClientCertificate { user } if user == "me"
            ));
        }
    }

    #[test]
    fn no_error_quotes_a_secret_even_of_the_wrong_type() {
        for user in [
            "{exec: {command: aws, args: [hunter2], env: [{name: a, value: hunter2}]}}",
            "{exec: hunter2}",
            "{exec: {command: [hunter2]}}",
            "{auth-provider: {name: gcp, config: {access-token: hunter2}}}",
            "{token: hunter2}",
            "{username: admin, password: hunter2}",
            "{client-certificate-data: [hunter2]}",
            "{client-certificate-data: {hunter: 2}, token: hunter2}",
            "hunter2",
        ] {
            let error = error(user);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{user}");
        }
    }

    #[test]
    fn a_certificate_counts_whatever_lies_beside_it_but_needs_a_key() {
        let node = Node::parse(b"{client-certificate: /c, token: t, exec: {command: aws}}")
            .unwrap_or_else(|error| panic!("{error}"));
        let user = node.root();
        assert_eq!(
            client_certificate(&user, "me").unwrap(),
            Source::File("/c".to_owned())
        );
        assert!(matches!(
            client_key(&user, "me"),
            Err(KubeconfigError::NoClientKey { user }) if user == "me"
        ));
    }
}
