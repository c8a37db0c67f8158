//! Reads a kubeconfig down to the credential of its current context. Pure.

use std::fmt;

use zeroize::Zeroizing;

use super::credential::{KeySource, Source, decode};
use super::error::KubeconfigError;
use super::{edit, plain};
use crate::kubernetes::document::{Field, Node};

/// A kubeconfig: its text byte for byte, and what its current context says.
///
/// Its own copies of the text and the key are wiped when it is dropped; those that the YAML libraries make are not.
pub struct Kubeconfig {
    text: Zeroizing<String>,
    user_index: usize,
    user_name: String,
    server: Option<String>,
    certificate_authority: Option<Source>,
    client_certificate: Source,
    client_key: KeySource,
}

impl Kubeconfig {
    /// Reads a kubeconfig whose current context's user has a client certificate and its key.
    ///
    /// A token, password or `exec` program beside a certificate does not matter: client-go presents the certificate all
    /// the same (`HasCertAuth` in `k8s.io/client-go/transport`).
    pub fn parse(bytes: &[u8]) -> Result<Self, KubeconfigError> {
        let document = Node::parse(bytes)?;
        let root = document.root();
        refuse_other_kinds(&root)?;
        let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
        plain::refuse_indirection(&text)?;

        let context_name = root
            .field("current-context")?
            .filled_text()?
            .ok_or(KubeconfigError::NoCurrentContext)?;
        let (_, context) = named(&root, "contexts", context_name)?.ok_or_else(|| {
            KubeconfigError::NoSuchContext {
                context: context_name.to_owned(),
            }
        })?;
        let context = context.field("context")?;
        let user_name = context.field("user")?.filled_text()?.ok_or_else(|| {
            KubeconfigError::ContextWithoutUser {
                context: context_name.to_owned(),
            }
        })?;
        let (user_index, user) =
            named(&root, "users", user_name)?.ok_or_else(|| KubeconfigError::NoSuchUser {
                context: context_name.to_owned(),
                user: user_name.to_owned(),
            })?;
        let user = user.field("user")?;
        let client_certificate = client_certificate(&user, user_name)?;
        let client_key = client_key(&user, user_name)?;
        let (server, certificate_authority) = cluster(&root, &context)?;
        Ok(Self {
            text,
            user_index,
            user_name: user_name.to_owned(),
            server,
            certificate_authority,
            client_certificate,
            client_key,
        })
    }

    /// The name of the current context's user.
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// `server` of the current context's cluster: a URL. `None` where there is no such cluster.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// `certificate-authority-data`, else `certificate-authority`, of the current context's cluster.
    pub fn certificate_authority(&self) -> Option<&Source> {
        self.certificate_authority.as_ref()
    }

    /// `client-certificate-data`, else `client-certificate`, of the current context's user.
    pub fn client_certificate(&self) -> &Source {
        &self.client_certificate
    }

    /// `client-key-data`, else `client-key`, of the current context's user.
    pub fn client_key(&self) -> &KeySource {
        &self.client_key
    }

    /// This file with `pem` for the `client-certificate-data` of the current context's user, and every other byte kept.
    ///
    /// The answer holds the private key if this file does: wrap it in [`Zeroizing`].
    ///
    /// # Errors
    /// [`KubeconfigError::NotEmbedded`] if there is no such value to replace, [`KubeconfigError::NotEditable`] and
    /// [`KubeconfigError::EditChangedMore`] if it cannot be replaced, or not alone.
    pub fn with_client_certificate(&self, pem: &[u8]) -> Result<Vec<u8>, KubeconfigError> {
        let user = || self.user_name.clone();
        if let Source::File(path) = &self.client_certificate {
            return Err(KubeconfigError::NotEmbedded {
                user: user(),
                path: path.clone(),
            });
        }
        let edited = edit::replace_certificate(&self.text, self.user_index, pem)
            .ok_or_else(|| KubeconfigError::NotEditable { user: user() })?;
        if !edit::changes_only_certificate(&self.text, &edited, self.user_index, pem) {
            return Err(KubeconfigError::EditChangedMore { user: user() });
        }
        Ok(edited.into_bytes())
    }
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            text: _,
            user_index: _,
            user_name,
            server,
            certificate_authority: _,
            client_certificate: _,
            client_key,
        } = self;
        formatter
            .debug_struct("Kubeconfig")
            .field("user_name", user_name)
            .field("server", server)
            .field("client_key", client_key)
            .finish_non_exhaustive()
    }
}

/// client-go needs neither `kind` nor `apiVersion`; without a kind one of the four lists must be there.
fn refuse_other_kinds(root: &Field<'_>) -> Result<(), KubeconfigError> {
    let kind = match root.field("kind") {
        Ok(kind) => kind.text()?,
        Err(_) => return Err(KubeconfigError::NotAKubeconfig { kind: None }),
    };
    let mut familiar = kind == Some("Config");
    if kind.is_none() {
        for key in ["clusters", "contexts", "users", "current-context"] {
            familiar |= root.field(key)?.is_present();
        }
    }
    if !familiar {
        let kind = kind.map(str::to_owned);
        return Err(KubeconfigError::NotAKubeconfig { kind });
    }
    Ok(())
}

/// The entry of that name in one of the lists of named entries, and its place there.
fn named<'a>(
    root: &Field<'a>,
    list: &'static str,
    name: &str,
) -> Result<Option<(usize, Field<'a>)>, KubeconfigError> {
    let mut found = None;
    for (index, entry) in root.field(list)?.list()?.into_iter().enumerate() {
        if entry.field("name")?.text()? != Some(name) {
            continue;
        }
        if found.replace((index, entry)).is_some() {
            let name = name.to_owned();
            return Err(KubeconfigError::SameName { list, name });
        }
    }
    Ok(found)
}

fn client_certificate(user: &Field<'_>, name: &str) -> Result<Source, KubeconfigError> {
    let name = || name.to_owned();
    if let Some(data) = user.field("client-certificate-data")?.filled_text()? {
        return match decode(data) {
            Ok(bytes) => Ok(Source::Embedded(bytes.to_vec())),
            Err(source) => Err(KubeconfigError::CertificateNotBase64 {
                user: name(),
                source,
            }),
        };
    }
    if let Some(path) = user.field("client-certificate")?.filled_text()? {
        return Ok(Source::File(path.to_owned()));
    }
    Err(other_credential(user, name())?)
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

fn client_key(user: &Field<'_>, name: &str) -> Result<KeySource, KubeconfigError> {
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

/// The server and the authority of the context's cluster; nothing is signed with them, so their absence is no error.
fn cluster(
    root: &Field<'_>,
    context: &Field<'_>,
) -> Result<(Option<String>, Option<Source>), KubeconfigError> {
    let Some(name) = context.field("cluster")?.filled_text()? else {
        return Ok((None, None));
    };
    let Some((_, cluster)) = named(root, "clusters", name)? else {
        return Ok((None, None));
    };
    let cluster = cluster.field("cluster")?;
    let server = cluster.field("server")?.filled_text()?.map(str::to_owned);
    let authority = match cluster.field("certificate-authority-data")?.filled_text()? {
        Some(data) => match decode(data) {
            Ok(bytes) => Some(Source::Embedded(bytes.to_vec())),
            Err(source) => {
                return Err(KubeconfigError::AuthorityNotBase64 {
                    cluster: name.to_owned(),
                    source,
                });
            }
        },
        None => cluster
            .field("certificate-authority")?
            .filled_text()?
            .map(|path| Source::File(path.to_owned())),
    };
    Ok((server, authority))
}
