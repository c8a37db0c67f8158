//! Every way in which a user of a kubeconfig may log on (`AuthInfo` in client-go's `clientcmd/api/v1`). Pure.

use std::fmt;

use zeroize::Zeroizing;

use super::credential::{KeySource, Source};
use super::error::KubeconfigError;
use super::user;
use crate::kubernetes::document::Field;

/// What one user of a kubeconfig presents to a server. Several of it may be there at once.
pub struct Login {
    /// `client-certificate-data`, else `client-certificate`.
    pub certificate: Option<Source>,
    /// `client-key-data`, else `client-key`.
    pub key: Option<KeySource>,
    /// `token`. A secret.
    pub token: Option<Zeroizing<String>>,
    /// `tokenFile`, which wins over `token` where it can be read; a relative path starts at the kubeconfig's folder.
    pub token_file: Option<String>,
    /// `username`, or a password alone; no API server takes either since 1.19.
    pub basic: bool,
    /// `exec.command`, a program that fetches a credential, without its arguments and environment.
    pub exec: Option<String>,
    /// `auth-provider.name`, of old: `oidc` alone is left in client-go.
    pub auth_provider: Option<String>,
    /// The `id-token` of that one. A secret.
    pub id_token: Option<Zeroizing<String>>,
    /// `as`: whom the user wants to be taken for, if RBAC lets it.
    pub impersonated: Option<String>,
    /// `as-groups`.
    pub impersonated_groups: Vec<String>,
}

impl Login {
    /// Reads the `user` of an entry of `users`, whose name is `name`.
    pub(super) fn read(user: &Field<'_>, name: &str) -> Result<Self, KubeconfigError> {
        let text = |key: &str| -> Result<Option<String>, KubeconfigError> {
            Ok(user.field(key)?.filled_text()?.map(str::to_owned))
        };
        let is_set = |key: &str| -> Result<bool, KubeconfigError> {
            Ok(user.field(key)?.filled_text()?.is_some())
        };
        let has_certificate = is_set("client-certificate-data")? || is_set("client-certificate")?;
        let has_key = is_set("client-key-data")? || is_set("client-key")?;
        let exec = user.field("exec")?;
        let provider = user.field("auth-provider")?;
        let named = |place: &Field<'_>, key: &str| -> Result<Option<String>, KubeconfigError> {
            if !place.is_present() {
                return Ok(None);
            }
            let name = place.field(key)?.text()?.unwrap_or_default();
            Ok(Some(name.to_owned()))
        };
        let groups = user.field("as-groups")?.list()?;
        Ok(Self {
            certificate: has_certificate
                .then(|| user::client_certificate(user, name))
                .transpose()?,
            key: has_key.then(|| user::client_key(user, name)).transpose()?,
            token: text("token")?.map(Zeroizing::new),
            token_file: text("tokenFile")?,
            basic: is_set("username")? || is_set("password")?,
            exec: named(&exec, "command")?,
            auth_provider: named(&provider, "name")?,
            id_token: provider
                .field("config")?
                .field("id-token")?
                .filled_text()?
                .map(|token| Zeroizing::new(token.to_owned())),
            impersonated: text("as")?,
            impersonated_groups: groups
                .iter()
                .map(|group| Ok(group.text()?.unwrap_or_default().to_owned()))
                .collect::<Result<_, KubeconfigError>>()?,
        })
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Login")
            .field("certificate", &self.certificate.is_some())
            .field("key", &self.key)
            .field("token", &self.token.as_ref().map(|_| "elided"))
            .field("token_file", &self.token_file)
            .field("exec", &self.exec)
            .finish_non_exhaustive()
    }
}
