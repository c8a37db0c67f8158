//! A kubeconfig with a new credential: certificate and key. Pure.

use zeroize::Zeroizing;

use super::credential::{KeySource, Source};
use super::edit::{self, Value};
use super::error::KubeconfigError;
use super::parse::Kubeconfig;

impl Kubeconfig {
    /// This file with these two for the `client-certificate-data` and the `client-key-data` of this user, and every other byte
    /// kept.
    ///
    /// # Errors
    /// [`KubeconfigError::NotEmbedded`] and [`KubeconfigError::KeyNotEmbedded`] if there is no such value to replace,
    /// [`KubeconfigError::NotEditable`], [`KubeconfigError::KeyNotEditable`] and [`KubeconfigError::CredentialEditChangedMore`] if
    /// they cannot be replaced, or not alone.
    pub fn with_client_credential(
        &self,
        certificate_pem: &[u8],
        key_pem: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KubeconfigError> {
        let user = || self.user_name.clone();
        if let Source::File(path) = &self.client_certificate {
            let path = path.clone();
            return Err(KubeconfigError::NotEmbedded { user: user(), path });
        }
        if let KeySource::File(path) = &self.client_key {
            let path = path.clone();
            return Err(KubeconfigError::KeyNotEmbedded { user: user(), path });
        }
        let certificate = Value::client_certificate(self.user_index);
        let key = Value::client_key(self.user_index);
        let edited = edit::replace(&self.text, certificate, certificate_pem)
            .ok_or_else(|| KubeconfigError::NotEditable { user: user() })?;
        let mut edited = edit::replace(&edited, key, key_pem)
            .ok_or_else(|| KubeconfigError::KeyNotEditable { user: user() })?;
        let reads_back = Self::users(edited.as_bytes()).is_ok_and(|users| {
            let mut users = users.into_iter();
            let same = users.find(|user| user.user_index == self.user_index);
            same.is_some_and(|user| user.has(certificate_pem, key_pem))
        });
        let alone = edit::differ_in_these_alone(&self.text, &edited, &[certificate, key]);
        if !reads_back || !alone {
            return Err(KubeconfigError::CredentialEditChangedMore { user: user() });
        }
        Ok(Zeroizing::new(std::mem::take(&mut *edited).into_bytes()))
    }

    fn has(&self, certificate_pem: &[u8], key_pem: &[u8]) -> bool {
        let certificate =
            matches!(&self.client_certificate, Source::Embedded(pem) if pem == certificate_pem);
        let key = matches!(&self.client_key, KeySource::Embedded(pem) if pem.as_slice() == key_pem);
        certificate && key
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kubernetes::Clusters;

    const FILE: &str = "\
# the administrator of example.test
clusters:
- cluster: {certificate-authority-data: 'Q0E=', server: 'https://api.example.test:6443'}
  name: k
contexts:
- context: {cluster: k, user: me}
  name: here
current-context: here
users:
- name: robot
  user: {client-certificate-data: b3RoZXI=, client-key-data: b3RoZXI=}
- name: me
  user:
    client-key-data: {key}
    # renewed 2025
    client-certificate-data: \"Y2VydA==\" # c
- name: last
  user: {token: hunter2}
";

    fn edit(text: &str) -> Result<String, KubeconfigError> {
        let kubeconfig = Kubeconfig::parse(text.as_bytes())?;
        let edited = kubeconfig.with_client_credential(b"newer", b"secret")?;
        Ok(String::from_utf8(edited.to_vec()).unwrap())
    }

    #[test]
    fn both_values_change_and_their_style_and_every_other_byte_stay() {
        for (before, after) in [
            ("a2V5a2V5", "c2VjcmV0"),
            ("'a2V5a2V5' # throw-away", "'c2VjcmV0' # throw-away"),
            ("\"a2V5\\\n      a2V5\"", "\"c2VjcmV0\""),
            ("|\n      a2V5\n      a2V5", "|\n      c2VjcmV0"),
            (">-\n      a2V5\n      a2V5\n", ">-\n      c2VjcmV0\n"),
            ("\n      a2V5a2V5", "\n      c2VjcmV0"),
        ] {
            let styles = [str::to_owned, |text: &str| text.replace('\n', "\r\n")];
            for style in styles {
                let text = style(&FILE.replace("{key}", before));
                let expected = FILE.replace("{key}", after).replace("Y2VydA==", "bmV3ZXI=");
                assert_eq!(edit(&text).unwrap(), style(&expected), "{text}");
            }
        }
        let json = r#"{"users":[{"name":"me","user":{"client-key-data":"a2V5","client-certificate-data":"Y2VydA=="}}],
 "kind":"Config","current-context":"c","contexts":[{"context":{"user":"me"},"name":"c"}]}"#;
        let expected = json
            .replace("a2V5", "c2VjcmV0")
            .replace("Y2VydA==", "bmV3ZXI=");
        assert_eq!(edit(json).unwrap(), expected);
    }

    #[test]
    fn what_is_in_files_or_written_oddly_is_left_alone() {
        let text = FILE.replace("{key}", "a2V5");
        let error = |from: &str, to: &str| {
            assert!(text.contains(from));
            edit(&text.replace(from, to)).unwrap_err()
        };
        assert!(matches!(
            error("client-key-data: a2V5", "client-key: /k"),
            KubeconfigError::KeyNotEmbedded { path, .. } if path == "/k"
        ));
        assert!(matches!(
            error("client-certificate-data: \"Y2VydA==\"", "client-certificate: /c"),
            KubeconfigError::NotEmbedded { path, .. } if path == "/c"
        ));
        assert!(matches!(
            error("a2V5", "\"\\x61\\x32V5\""),
            KubeconfigError::KeyNotEditable { user } if user == "me"
        ));
        assert!(matches!(
            error("\"Y2VydA==\"", "\"\\x592VydA==\""),
            KubeconfigError::NotEditable { user } if user == "me"
        ));
        let kubeconfig = Kubeconfig::parse(text.as_bytes()).unwrap();
        // The base64 of these bytes is the number 1234.
        let error = kubeconfig.with_client_credential(b"newer", &[0xd7, 0x6d, 0xf8]);
        assert!(matches!(
            error,
            Err(KubeconfigError::CredentialEditChangedMore { user }) if user == "me"
        ));
    }

    /// The file as `serde_yaml`'s own values, with these places emptied.
    fn emptied(text: &str, places: &[(&str, usize, &str, &str)]) -> serde_yaml::Value {
        let mut value: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
        for (list, index, entry, key) in places {
            value[*list][*index][*entry][*key] = serde_yaml::Value::Null;
        }
        value
    }

    proptest! {
        /// Some letters of a good file are exchanged for others, at places where YAML is easily upset: whatever is still
        /// edited says what it said but for the values that were to change.
        #[test]
        fn an_edit_of_a_damaged_file_changes_nothing_else(
            changes in prop::collection::vec((0..FILE.len(), "[-:#'\"|>&*!,{}\\[\\] \n\r\ta=\\\\]{0,3}"), 1..4),
        ) {
            let mut text = FILE.replace("{key}", "a2V5a2V5");
            for (place, letters) in changes {
                let place = place.min(text.len() - 1);
                text.replace_range(place..=place, &letters);
            }
            if let Ok(kubeconfig) = Kubeconfig::parse(text.as_bytes())
                && let Ok(edited) = kubeconfig.with_client_credential(b"newer", b"secret")
            {
                let index = kubeconfig.user_index();
                let places = [
                    ("users", index, "user", "client-certificate-data"),
                    ("users", index, "user", "client-key-data"),
                ];
                let edited = std::str::from_utf8(&edited).unwrap();
                prop_assert_eq!(emptied(&text, &places), emptied(edited, &places));
                let again = Kubeconfig::parse(edited.as_bytes()).unwrap();
                prop_assert!(again.has(b"newer", b"secret"));
            }
            if let Ok(clusters) = Clusters::parse(text.as_bytes())
                && let Ok(edited) = clusters.with_certificate_authority(0, b"newer")
            {
                let places = [("clusters", 0, "cluster", "certificate-authority-data")];
                let edited = std::str::from_utf8(&edited).unwrap();
                prop_assert_eq!(emptied(&text, &places), emptied(edited, &places));
            }
        }
    }
}
