//! Reads a kubeconfig down to the credential of its current context. Pure.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::credential::{KeySource, Source};
use super::edit::Value;
use super::error::KubeconfigError;
use super::{Clusters, edit, plain, user};
use crate::kubernetes::document::{Field, Node, text};

/// A kubeconfig: its text byte for byte, and what its current context says.
///
/// Its own copies of the text and the key are wiped when it is dropped; those that the YAML libraries make, by the
/// program's allocator.
pub struct Kubeconfig {
    pub(super) text: Arc<Zeroizing<String>>,
    pub(super) user_index: usize,
    pub(super) user_name: String,
    pub(super) client_certificate: Source,
    pub(super) client_key: KeySource,
}

impl Kubeconfig {
    /// Reads a kubeconfig whose current context's user has a client certificate and its key.
    ///
    /// A token, password or `exec` program beside a certificate does not matter: client-go presents the certificate all
    /// the same, and rather than that of a program (`TLSConfigFor` in `k8s.io/client-go/transport`).
    pub fn parse(bytes: &[u8]) -> Result<Self, KubeconfigError> {
        let document = Node::parse(bytes)?;
        let root = document.root();
        let text = editable(&root, bytes)?;

        let (context_name, context) = current_context(&root)?;
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
        Self::of_user(text, user_index, user_name, &user)
    }

    /// Reads a kubeconfig once for each of its users that has a client certificate and its key, whatever its current context is.
    /// Users that log on by other means are passed over.
    pub fn users(bytes: &[u8]) -> Result<Vec<Self>, KubeconfigError> {
        let document = Node::parse(bytes)?;
        let root = document.root();
        // One for all: a hostile file has thousands of users.
        let text = editable(&root, bytes)?;
        let users = root.field("users")?.list()?.into_iter().enumerate();
        let users = users.filter_map(|(index, user)| {
            let name = user.field("name").ok()?.text().ok()??;
            Self::of_user(Arc::clone(&text), index, name, &user).ok()
        });
        Ok(users.collect())
    }

    fn of_user(
        text: Arc<Zeroizing<String>>,
        user_index: usize,
        user_name: &str,
        entry: &Field<'_>,
    ) -> Result<Self, KubeconfigError> {
        let user = entry.field("user")?;
        Ok(Self {
            text,
            user_index,
            user_name: user_name.to_owned(),
            client_certificate: user::client_certificate(&user, user_name)?,
            client_key: user::client_key(&user, user_name)?,
        })
    }

    /// The name of this user.
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// The clusters of this file.
    pub fn clusters(&self) -> Result<Clusters, KubeconfigError> {
        Clusters::parse(self.text.as_bytes())
    }

    /// The place of the user among those of the file, counted from zero.
    pub fn user_index(&self) -> usize {
        self.user_index
    }

    /// `client-certificate-data`, else `client-certificate`, of this user: that of the current context, if not said otherwise.
    pub fn client_certificate(&self) -> &Source {
        &self.client_certificate
    }

    /// `client-key-data`, else `client-key`, of the current context's user.
    pub fn client_key(&self) -> &KeySource {
        &self.client_key
    }

    /// This file with `pem` for the `client-certificate-data` of this user, and every other byte kept.
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
        let value = Value::client_certificate(self.user_index);
        let mut edited = edit::replace(&self.text, value, pem)
            .ok_or_else(|| KubeconfigError::NotEditable { user: user() })?;
        let reads_back = Self::users(edited.as_bytes()).is_ok_and(|users| {
            let mut users = users.into_iter();
            let same = users.find(|user| user.user_index == self.user_index);
            same.is_some_and(|user| user.client_certificate == Source::Embedded(pem.to_vec()))
        });
        if !reads_back || !edit::differ_in_these_alone(&self.text, &edited, &[value]) {
            return Err(KubeconfigError::EditChangedMore { user: user() });
        }
        Ok(std::mem::take(&mut *edited).into_bytes())
    }
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            text: _,
            user_index: _,
            user_name,
            client_certificate: _,
            client_key,
        } = self;
        formatter
            .debug_struct("Kubeconfig")
            .field("user_name", user_name)
            .field("client_key", client_key)
            .finish_non_exhaustive()
    }
}

/// The text of a kubeconfig that an edit cannot reach further in than it shows.
pub(super) fn editable(
    root: &Field<'_>,
    bytes: &[u8],
) -> Result<Arc<Zeroizing<String>>, KubeconfigError> {
    refuse_other_kinds(root)?;
    let text = Zeroizing::new(text(bytes)?.to_owned());
    plain::refuse_indirection(&text)?;
    Ok(Arc::new(text))
}

/// The context that counts, and its name.
pub(super) fn current_context<'a>(
    root: &Field<'a>,
) -> Result<(&'a str, Field<'a>), KubeconfigError> {
    let name = root
        .field("current-context")?
        .filled_text()?
        .ok_or(KubeconfigError::NoCurrentContext)?;
    let (_, context) =
        named(root, "contexts", name)?.ok_or_else(|| KubeconfigError::NoSuchContext {
            context: name.to_owned(),
        })?;
    Ok((name, context.field("context")?))
}

/// client-go needs neither `kind` nor `apiVersion`; without a kind one of the four lists must be there.
pub(super) fn refuse_other_kinds(root: &Field<'_>) -> Result<(), KubeconfigError> {
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
pub(super) fn named<'a>(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::document::DocumentError;

    /// A kubeconfig whose current context's user is `user`, in flow form.
    fn with_user(user: &str) -> String {
        format!(
            "kind: Config
clusters:
- name: k
  cluster: {{server: 'https://192.0.2.10:6443', certificate-authority-data: Q0E=}}
contexts:
- name: here
  context: {{cluster: k, user: me}}
- name: there
  context: {{cluster: k, user: robot}}
current-context: here
users:
- name: robot
  user: {{exec: {{command: aws, args: [hunter2]}}}}
- name: me
  user: {user}
"
        )
    }

    const GOOD: &str = "{client-certificate-data: Y2VydA==, client-key-data: a2V5}";

    fn error(text: &str) -> KubeconfigError {
        Kubeconfig::parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn the_user_of_the_current_context_counts_and_others_may_be_anything() {
        let kubeconfig = Kubeconfig::parse(with_user(GOOD).as_bytes()).unwrap();
        assert_eq!(
            kubeconfig.client_certificate(),
            &Source::Embedded(b"cert".to_vec())
        );
        let KeySource::Embedded(key) = kubeconfig.client_key() else {
            panic!("the key is embedded");
        };
        assert_eq!(key.as_slice(), b"key");
    }

    #[test]
    fn every_user_with_a_certificate_can_be_had_and_edited_alone() {
        let text = with_user(GOOD).replace("current-context: here", "current-context: gone")
            + "- name: me\n  user: {client-certificate-data: T1RIRVI=, client-key: /k}\n- name: odd\n";
        let users = Kubeconfig::users(text.as_bytes()).unwrap();
        let places: Vec<_> = users.iter().map(Kubeconfig::user_index).collect();
        assert_eq!(places, [1, 2]);
        let edited = users[1].with_client_certificate(b"new!").unwrap();
        let edited = String::from_utf8(edited).unwrap();
        assert_eq!(edited, text.replace("T1RIRVI=", "bmV3IQ=="));
        assert!(Kubeconfig::users(b"kind: Config\n").unwrap().is_empty());
        let anchored = text.replace("kind: Config", "kind: &a Config");
        assert!(Kubeconfig::users(anchored.as_bytes()).is_err());
    }

    #[test]
    fn data_wins_over_files_and_empty_data_counts_as_none() {
        let both = "{client-certificate-data: Y2VydA==, client-certificate: /c, client-key-data: '', client-key: /k}";
        let kubeconfig = Kubeconfig::parse(with_user(both).as_bytes()).unwrap();
        assert_eq!(
            kubeconfig.client_certificate(),
            &Source::Embedded(b"cert".to_vec())
        );
        assert_eq!(kubeconfig.client_key(), &KeySource::File("/k".to_owned()));

        let files = "{client-certificate-data: null, client-certificate: /c, client-key: /k}";
        let kubeconfig = Kubeconfig::parse(with_user(files).as_bytes()).unwrap();
        assert_eq!(
            kubeconfig.client_certificate(),
            &Source::File("/c".to_owned())
        );
        assert!(matches!(
            kubeconfig.with_client_certificate(b"new"),
            Err(KubeconfigError::NotEmbedded { path, .. }) if path == "/c"
        ));
    }

    #[test]
    fn clusters_may_be_anything_and_an_edit_keeps_them() {
        for (from, to) in [
            ("clusters:", "clusters:\n- name: k"),
            ("Q0E=", "Q0E"),
            ("cluster: k", "cluster: nowhere"),
            ("cluster: k", "cluster: []"),
        ] {
            let text = with_user(GOOD).replace(from, to);
            assert_ne!(text, with_user(GOOD));
            let kubeconfig = Kubeconfig::parse(text.as_bytes()).unwrap();
            let edited = kubeconfig.with_client_certificate(b"new!").unwrap();
            assert_eq!(
                String::from_utf8(edited).unwrap(),
                text.replace("Y2VydA==", "bmV3IQ==")
            );
        }
    }

    #[test]
    fn other_objects_are_no_kubeconfigs_and_a_missing_kind_is_forgiven() {
        let without_kind = with_user(GOOD).replace("kind: Config", "apiVersion: v1");
        assert!(Kubeconfig::parse(without_kind.as_bytes()).is_ok());
        let kind_of = |text: &str| match error(text) {
            KubeconfigError::NotAKubeconfig { kind } => kind,
            other => panic!("{other}"),
        };
        assert_eq!(kind_of("kind: Pod\ncontexts: []\n"), Some("Pod".to_owned()));
        assert_eq!(kind_of("a: b\n"), None);
        assert_eq!(kind_of("- a\n"), None);
        assert_eq!(kind_of("-----BEGIN CERTIFICATE-----\n"), None);
    }

    #[test]
    fn every_broken_link_to_the_credential_is_told_apart() {
        let good = with_user(GOOD);
        let broken = |from: &str, to: &str| {
            assert!(good.contains(from));
            error(&good.replace(from, to))
        };
        assert!(matches!(
            broken("current-context: here", "current-context: ''"),
            KubeconfigError::NoCurrentContext
        ));
        assert!(matches!(
            broken("current-context: here", "current-context: gone"),
            KubeconfigError::NoSuchContext { context } if context == "gone"
        ));
        assert!(matches!(
            broken("name: there", "name: here"),
            KubeconfigError::SameName { list: "contexts", name } if name == "here"
        ));
        assert!(matches!(
            broken("user: me}", "namespace: a}"),
            KubeconfigError::ContextWithoutUser { context } if context == "here"
        ));
        assert!(matches!(
            broken("user: me}", "user: gone}"),
            KubeconfigError::NoSuchUser { context, user } if context == "here" && user == "gone"
        ));
        assert!(matches!(
            broken("- name: robot", "- name: me"),
            KubeconfigError::SameName { list: "users", name } if name == "me"
        ));
    }

    #[test]
    fn anchors_anywhere_are_refused() {
        let shared = with_user(GOOD)
            .replace("{exec: {", "{exec: &shared {")
            .replace("kind: Config", "kind: Config\nextensions: *later");
        assert!(matches!(
            error(&shared.replace("*later", "[]")),
            KubeconfigError::Anchor { line: 14, token } if token == "&shared"
        ));
        assert!(matches!(
            error(&shared),
            KubeconfigError::Document(DocumentError::Syntax(_))
        ));
    }

    #[test]
    fn data_that_is_not_base64_is_named_and_not_quoted() {
        let bad_certificate = with_user("{client-certificate-data: Y2V*, client-key-data: a2V5}");
        assert!(matches!(
            error(&bad_certificate),
            KubeconfigError::CertificateNotBase64 { .. }
        ));
        let bad_key = error(&with_user(
            "{client-certificate-data: Y2VydA==, client-key-data: hunter2}",
        ));
        assert!(matches!(bad_key, KubeconfigError::KeyNotBase64 { .. }));
        assert!(!format!("{bad_key:?}").contains("hunter2"));
    }

    #[test]
    fn debug_shows_no_key() {
        let kubeconfig = Kubeconfig::parse(with_user(GOOD).as_bytes()).unwrap();
        let shown = format!("{kubeconfig:?}");
        assert!(shown.contains("\"me\""), "{shown}");
        assert!(!shown.contains("a2V5"), "{shown}");
        assert!(!shown.contains(&format!("{:?}", b"key")), "{shown}");
    }
}
