//! A kubeconfig that is written anew, as kubeadm writes it. Pure.

use std::fmt;

use zeroize::Zeroizing;

use super::credential::encode;
use super::parse::Kubeconfig;

/// What a new kubeconfig says: one cluster, one user, one context of the two.
#[derive(Debug, Clone, Copy)]
pub struct Composition<'a> {
    /// The cluster's name: `kubernetes`, if its `clusterName` was not set otherwise.
    pub cluster: &'a str,
    /// The URL of the API server, such as `https://192.0.2.10:6443`: the control plane's endpoint for people, the node's own for
    /// its components and its kubelet.
    pub server: &'a str,
    /// The cluster's authorities, PEM.
    pub certificate_authority: &'a [u8],
    /// The user's name, which is the certificate's CN: `kubernetes-admin`, `system:node:NODE`.
    pub user: &'a str,
    /// How that user logs on.
    pub credential: Credential<'a>,
}

/// The certificate of a new kubeconfig's user, and its key.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// In the file, PEM.
    Embedded {
        /// The certificate, and those behind it.
        certificate: &'a [u8],
        /// Its private key.
        key: &'a [u8],
    },
    /// In files of their own, named by absolute paths, as `kubelet.conf` has them.
    Files {
        /// Where the certificate is.
        certificate: &'a str,
        /// Where the key is.
        key: &'a str,
    },
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded { .. } => formatter.write_str("Embedded(elided)"),
            Self::Files { certificate, key } => formatter
                .debug_struct("Files")
                .field("certificate", certificate)
                .field("key", key)
                .finish(),
        }
    }
}

impl Kubeconfig {
    /// The bytes of a new kubeconfig, as kubeadm 1.36 writes them (`app/util/kubeconfig`); earlier ones have an empty `preferences`
    /// besides, which nobody reads.
    ///
    /// A value that YAML would take for something else than text, or for two, is in quotes.
    pub fn compose(composition: &Composition<'_>) -> Zeroizing<Vec<u8>> {
        let Composition {
            cluster,
            server,
            certificate_authority,
            user,
            credential,
        } = composition;
        let authority = scalar(&encode(certificate_authority));
        let context = scalar(&format!("{user}@{cluster}"));
        let (cluster, user, server) = (scalar(cluster), scalar(user), scalar(server));
        let (suffix, certificate, key) = match credential {
            Credential::Embedded { certificate, key } => (
                "-data",
                scalar(&encode(certificate)),
                scalar(&Zeroizing::new(encode(key))),
            ),
            Credential::Files { certificate, key } => ("", scalar(certificate), scalar(key)),
        };
        let pieces: [&str; 25] = [
            "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: ",
            &authority,
            "\n    server: ",
            &server,
            "\n  name: ",
            &cluster,
            "\ncontexts:\n- context:\n    cluster: ",
            &cluster,
            "\n    user: ",
            &user,
            "\n  name: ",
            &context,
            "\ncurrent-context: ",
            &context,
            "\nkind: Config\nusers:\n- name: ",
            &user,
            "\n  user:\n    client-certificate",
            suffix,
            ": ",
            &certificate,
            "\n    client-key",
            suffix,
            ": ",
            &key,
            "\n",
        ];
        // The size is known beforehand, so that no copy of the key is left behind by growing.
        let size = pieces.iter().map(|piece| piece.len()).sum();
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        for piece in pieces {
            bytes.extend_from_slice(piece.as_bytes());
        }
        bytes
    }
}

/// `text` as a YAML scalar: as it is where every reader takes it for text, else in quotes, as JSON has them.
fn scalar(text: &str) -> Zeroizing<String> {
    let begins = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:@+=[]".contains(&byte);
    // What YAML 1.1 takes for null or a boolean.
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let word = words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if begins && !word && text.bytes().all(plain) && !text.ends_with(':') {
        return Zeroizing::new(text.to_owned());
    }
    Zeroizing::new(serde_json::Value::from(text).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kubernetes::{KeySource, Source};

    /// The kubeconfig composed of what this one says.
    fn composed_again(bytes: &[u8]) -> Vec<u8> {
        let kubeconfig = Kubeconfig::parse(bytes).unwrap();
        let clusters = kubeconfig.clusters().unwrap();
        let cluster = clusters.current().unwrap();
        let Some(Source::Embedded(certificate_authority)) = cluster.certificate_authority() else {
            panic!("the authority is not embedded");
        };
        let credential = match (kubeconfig.client_certificate(), kubeconfig.client_key()) {
            (Source::Embedded(certificate), KeySource::Embedded(key)) => {
                Credential::Embedded { certificate, key }
            }
            (Source::File(certificate), KeySource::File(key)) => {
                Credential::Files { certificate, key }
            }
            other => panic!("{other:?}"),
        };
        Kubeconfig::compose(&Composition {
            cluster: cluster.name(),
            server: cluster.server().unwrap(),
            certificate_authority,
            user: kubeconfig.user_name(),
            credential,
        })
        .to_vec()
    }

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "the test reads the nodes of testdata"
    )]
    fn kubeadms_own_kubeconfigs_are_composed_byte_for_byte() {
        let nodes = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/nodes");
        for node in [
            "rsa2048-stacked",
            "ecdsa-p256-stacked",
            "rsa3072-external-etcd",
        ] {
            for (file, user) in [
                ("admin.conf", "kubernetes-admin"),
                ("super-admin.conf", "kubernetes-super-admin"),
                ("controller-manager.conf", "system:kube-controller-manager"),
                ("scheduler.conf", "system:kube-scheduler"),
                ("kubelet.conf", "system:node:cp-1"),
            ] {
                let path = nodes.join(node).join("etc/kubernetes").join(file);
                let bytes = std::fs::read(path).unwrap();
                assert_eq!(Kubeconfig::parse(&bytes).unwrap().user_name(), user);
                assert!(composed_again(&bytes) == bytes, "{node}: {file}");
            }
        }
    }

    #[test]
    fn what_yaml_would_read_otherwise_is_quoted() {
        for plain in [
            "kubernetes",
            "system:node:cp-1",
            "https://[::1]:6443",
            "/var/k.pem",
            "LS0t+/=",
        ] {
            assert_eq!(scalar(plain).as_str(), plain);
        }
        for quoted in [
            "", "1e3", "Yes", "null", "a: b", "a #b", "a:", "~", "-a", "é", "a\n", "0x1",
        ] {
            assert!(scalar(quoted).starts_with('"'), "{quoted:?}");
        }
        assert_eq!(scalar("a\"\\\n").as_str(), r#""a\"\\\n""#);
    }

    #[test]
    fn debug_shows_no_key() {
        let credential = Credential::Embedded {
            certificate: b"cert",
            key: b"hunter2",
        };
        assert_eq!(format!("{credential:?}"), "Embedded(elided)");
    }

    proptest! {
        #[test]
        fn whatever_is_composed_reads_back(
            cluster in "\\PC{1,12}",
            user in "\\PC{1,12}",
            server in "\\PC{1,12}",
            authority in prop::collection::vec(any::<u8>(), 1..9),
            certificate in prop::collection::vec(any::<u8>(), 1..9),
            key in prop::collection::vec(any::<u8>(), 1..9),
        ) {
            let composition = Composition {
                cluster: &cluster,
                server: &server,
                certificate_authority: &authority,
                user: &user,
                credential: Credential::Embedded { certificate: &certificate, key: &key },
            };
            let bytes = Kubeconfig::compose(&composition);
            let kubeconfig = Kubeconfig::parse(&bytes).unwrap();
            prop_assert_eq!(kubeconfig.user_name(), &user);
            prop_assert_eq!(kubeconfig.client_certificate(), &Source::Embedded(certificate));
            let key_found = matches!(kubeconfig.client_key(), KeySource::Embedded(found) if **found == key);
            prop_assert!(key_found);
            let clusters = kubeconfig.clusters().unwrap();
            let found = clusters.current().unwrap();
            prop_assert_eq!(found.name(), &cluster);
            prop_assert_eq!(found.server(), Some(server.as_str()));
            prop_assert_eq!(found.certificate_authority(), Some(&Source::Embedded(authority)));
        }
    }
}
