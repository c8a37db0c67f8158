//! The clusters of a kubeconfig: where they are, and whom they are believed from. Pure.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::credential::{Source, decode};
use super::edit::{self, Value};
use super::error::KubeconfigError;
use super::parse::{current_context, editable, named};
use crate::kubernetes::document::{Field, Node};
use crate::kubernetes::endpoint;

/// The clusters of a kubeconfig, whatever its users are: its text byte for byte, and what each entry says.
///
/// A person's kubeconfig knows several clusters, of which some may be damaged: each entry carries its own error.
pub struct Clusters {
    text: Arc<Zeroizing<String>>,
    current: Result<usize, KubeconfigError>,
    entries: Vec<Result<Cluster, KubeconfigError>>,
}

/// One cluster of a kubeconfig (`Cluster` in client-go's `clientcmd/api/v1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    name: String,
    server: Option<String>,
    certificate_authority: Option<Source>,
    tls_server_name: Option<String>,
    skips_verification: bool,
    fault: Option<&'static str>,
}

impl Clusters {
    /// Reads the clusters of a kubeconfig.
    pub fn parse(bytes: &[u8]) -> Result<Self, KubeconfigError> {
        let document = Node::parse(bytes)?;
        let root = document.root();
        let text = editable(&root, bytes)?;
        let entries = root.field("clusters")?.list()?;
        let entries = entries.iter().map(Cluster::read).collect();
        let current = current(&root);
        Ok(Self {
            text,
            current,
            entries,
        })
    }

    /// The cluster of the current context.
    pub fn current(&self) -> Result<&Cluster, &KubeconfigError> {
        let place = *self.current.as_ref()?;
        match self.entries.get(place) {
            Some(entry) => entry.as_ref(),
            None => Err(&KubeconfigError::NoCurrentContext),
        }
    }

    /// The place of the cluster of the current context among all, counted from zero.
    pub fn current_index(&self) -> Result<usize, &KubeconfigError> {
        self.current.as_ref().copied()
    }

    /// All of them, each at its place, or what is wrong with it.
    pub fn all(&self) -> &[Result<Cluster, KubeconfigError>] {
        &self.entries
    }

    /// The authorities of each cluster that has some, with its place among all. Damaged entries are in [`Self::all`] alone.
    pub fn certificate_authorities(&self) -> impl Iterator<Item = (usize, &Source)> {
        let entries = self.entries.iter().enumerate();
        entries.filter_map(|(index, entry)| {
            let cluster = entry.as_ref().ok()?;
            Some((index, cluster.certificate_authority()?))
        })
    }

    /// This file with `pem` for the `certificate-authority-data` of the cluster at that place, and every other byte kept.
    ///
    /// # Errors
    /// [`KubeconfigError::AuthorityNotEmbedded`] if there is no such value to replace, [`KubeconfigError::AuthorityNotEditable`]
    /// and [`KubeconfigError::AuthorityEditChangedMore`] if it cannot be replaced, or not alone.
    pub fn with_certificate_authority(
        &self,
        index: usize,
        pem: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, KubeconfigError> {
        let embedded = |clusters: &Self, index: usize| match clusters.entries.get(index) {
            Some(Ok(Cluster {
                certificate_authority: Some(Source::Embedded(pem)),
                ..
            })) => Some(pem.clone()),
            _ => None,
        };
        if embedded(self, index).is_none() {
            return Err(KubeconfigError::AuthorityNotEmbedded { index });
        }
        let value = Value::certificate_authority(index);
        let mut edited = edit::replace(&self.text, value, pem)
            .ok_or(KubeconfigError::AuthorityNotEditable { index })?;
        let reads_back = Self::parse(edited.as_bytes())
            .is_ok_and(|clusters| embedded(&clusters, index).as_deref() == Some(pem));
        if !reads_back || !edit::differ_in_these_alone(&self.text, &edited, &[value]) {
            return Err(KubeconfigError::AuthorityEditChangedMore { index });
        }
        Ok(Zeroizing::new(std::mem::take(&mut *edited).into_bytes()))
    }
}

impl fmt::Debug for Clusters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            text: _,
            current,
            entries,
        } = self;
        formatter
            .debug_struct("Clusters")
            .field("current", current)
            .field("entries", entries)
            .finish_non_exhaustive()
    }
}

impl Cluster {
    pub(super) fn read(entry: &Field<'_>) -> Result<Self, KubeconfigError> {
        let name = entry.field("name")?.text()?.unwrap_or_default().to_owned();
        let cluster = entry.field("cluster")?;
        let server = cluster.field("server")?.filled_text()?.map(str::to_owned);
        let tls_server_name = cluster.field("tls-server-name")?.filled_text()?;
        let tls_server_name = tls_server_name.map(str::to_owned);
        let data = cluster.field("certificate-authority-data")?;
        let file = cluster.field("certificate-authority")?.filled_text()?;
        let certificate_authority = match data.filled_text()? {
            Some(data) => match decode(data) {
                Ok(pem) => Some(Source::Embedded(pem.to_vec())),
                Err(source) => {
                    let cluster = name;
                    return Err(KubeconfigError::AuthorityNotBase64 { cluster, source });
                }
            },
            None => file.map(|path| Source::File(path.to_owned())),
        };
        let skips_verification =
            cluster.field("insecure-skip-tls-verify")?.boolean()? == Some(true);
        let fault = if data.filled_text()?.is_some() && file.is_some() {
            Some("certificate-authority-data and certificate-authority are both there")
        } else if certificate_authority.is_some() && skips_verification {
            Some("it has a certificate authority, and insecure-skip-tls-verify")
        } else {
            None
        };
        Ok(Self {
            name,
            server,
            certificate_authority,
            tls_server_name,
            skips_verification,
            fault,
        })
    }

    /// `insecure-skip-tls-verify`: whoever answers there is believed.
    pub fn skips_verification(&self) -> bool {
        self.skips_verification
    }

    /// Why client-go does not take it (`validateClusterInfo` in `tools/clientcmd`, `TLSConfigFor` in `transport`).
    pub fn fault(&self) -> Option<&'static str> {
        self.fault
    }

    /// Its name in this file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `server`, as it is written.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// The host of [`Self::server`], an IPv6 address without brackets, and its port; `None` where that is no URL.
    pub fn endpoint(&self) -> Option<(&str, u16)> {
        endpoint(self.server()?)
    }

    /// The name by which the server's certificate is asked for: `tls-server-name`, else the host of [`Self::server`].
    pub fn asked_name(&self) -> Option<&str> {
        let named = self.tls_server_name.as_deref();
        named.or_else(|| self.endpoint().map(|(host, _)| host))
    }

    /// `certificate-authority-data`, else `certificate-authority`; `None` where the machine's own authorities are believed.
    pub fn certificate_authority(&self) -> Option<&Source> {
        self.certificate_authority.as_ref()
    }
}

/// The place of the cluster that the current context names.
fn current(root: &Field<'_>) -> Result<usize, KubeconfigError> {
    let (context, fields) = current_context(root)?;
    let context = || context.to_owned();
    let cluster = fields.field("cluster")?.filled_text()?;
    let cluster =
        cluster.ok_or_else(|| KubeconfigError::ContextWithoutCluster { context: context() })?;
    let found = named(root, "clusters", cluster)?;
    let (place, _) = found.ok_or_else(|| KubeconfigError::NoSuchCluster {
        context: context(),
        cluster: cluster.to_owned(),
    })?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# two clusters of ours, and what is left of a third
clusters:
- name: other # not this one
  cluster: {server: 'https://192.0.2.99', certificate-authority-data: \"T1RIRVI=\"}
- cluster:
    certificate-authority: /ignored
    certificate-authority-data: Q0E=  # the authority
    server: https://[2001:db8::1]:6443
  name: ours
- name: broken
  cluster: {certificate-authority-data: hunter*}
- name: by-file
  cluster: {certificate-authority: ca.crt}
- name: public
  cluster: {server: 'https://k.example.test'}
contexts:
- {name: here, context: {cluster: ours, user: nobody}}
current-context: here
users:
- {name: me, user: {token: hunter2}}
";

    fn parse(text: &str) -> Clusters {
        Clusters::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_cluster_of_the_current_context_is_read_whatever_users_and_other_clusters_are() {
        let clusters = parse(FILE);
        let ours = clusters.current().unwrap();
        assert_eq!(clusters.current_index().unwrap(), 1);
        assert_eq!(ours.name(), "ours");
        assert_eq!(ours.server(), Some("https://[2001:db8::1]:6443"));
        assert_eq!(ours.endpoint(), Some(("2001:db8::1", 6443)));
        let embedded = Source::Embedded(b"CA".to_vec());
        assert_eq!(ours.certificate_authority(), Some(&embedded));
        let shown = format!("{clusters:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn every_cluster_with_authorities_is_listed_with_its_place() {
        let clusters = parse(FILE);
        let found: Vec<_> = clusters.certificate_authorities().collect();
        let expected = [
            (0, &Source::Embedded(b"OTHER".to_vec())),
            (1, &Source::Embedded(b"CA".to_vec())),
            (3, &Source::File("ca.crt".to_owned())),
        ];
        assert_eq!(found, expected);
        assert_eq!(clusters.all().len(), 5);
        assert!(matches!(
            &clusters.all()[2],
            Err(KubeconfigError::AuthorityNotBase64 { cluster, .. }) if cluster == "broken"
        ));
    }

    #[test]
    fn one_clusters_authorities_are_replaced_and_every_other_byte_stays() {
        for style in [str::to_owned, |text: &str| text.replace('\n', "\r\n")] {
            let text = style(FILE);
            for (index, old) in [(0, "T1RIRVI="), (1, "Q0E=")] {
                let edited = parse(&text)
                    .with_certificate_authority(index, b"new!")
                    .unwrap();
                let edited = String::from_utf8(edited.to_vec()).unwrap();
                assert_eq!(edited, text.replace(old, "bmV3IQ=="));
            }
        }
    }

    #[test]
    fn what_is_not_embedded_or_not_there_is_not_replaced() {
        let clusters = parse(FILE);
        for place in [2, 3, 4, 5, usize::MAX] {
            assert!(matches!(
                clusters.with_certificate_authority(place, b"new!"),
                Err(KubeconfigError::AuthorityNotEmbedded { index }) if index == place
            ));
        }
        // The base64 of these bytes is the number 1234, that of none is null.
        for pem in [&[0xd7, 0x6d, 0xf8][..], &[]] {
            assert!(matches!(
                clusters.with_certificate_authority(1, pem),
                Err(KubeconfigError::AuthorityEditChangedMore { index: 1 })
            ));
        }
        let escaped = parse(&FILE.replace("Q0E=", "\"\\x510E=\""));
        assert!(matches!(
            escaped.with_certificate_authority(1, b"new!"),
            Err(KubeconfigError::AuthorityNotEditable { index: 1 })
        ));
    }

    #[test]
    fn every_broken_link_to_the_cluster_is_told_apart() {
        let error = |from: &str, to: &str| {
            assert!(FILE.contains(from));
            let clusters = parse(&FILE.replace(from, to));
            clusters.current().unwrap_err().to_string()
        };
        assert_eq!(
            error("current-context: here", "current-context: gone"),
            "the current-context \"gone\" is not among its contexts"
        );
        assert_eq!(
            error("cluster: ours, ", ""),
            "the current context \"here\" names no cluster"
        );
        assert_eq!(
            error("cluster: ours", "cluster: gone"),
            "the cluster \"gone\" of the current context \"here\" is not among its clusters"
        );
        assert_eq!(
            error("- name: other", "- name: ours"),
            "it has two clusters of the name \"ours\""
        );
        assert_eq!(
            error("Q0E=", "Q0E*"),
            "the certificate-authority-data of the cluster \"ours\" is not base64"
        );
        let anchored = FILE.replace("name: ours", "name: &a ours");
        assert!(Clusters::parse(anchored.as_bytes()).is_err());
    }
}
