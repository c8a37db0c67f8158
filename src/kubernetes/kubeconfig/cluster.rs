//! The cluster of a kubeconfig's current context (`Cluster` in client-go's `clientcmd/api/v1`): where the API is asked, and which
//! authority its server is held against. Pure.

use super::credential::{Source, decode};
use super::error::KubeconfigError;
use super::parse::named;
use crate::kubernetes::document::Node;

/// What a kubeconfig says of its cluster, whoever logs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeconfigCluster {
    /// `server`: a URL.
    pub server: Option<String>,
    /// `certificate-authority-data`, else `certificate-authority`.
    pub authority: Option<Source>,
}

impl KubeconfigCluster {
    /// Reads the cluster of the current context; both are `None` where there is none. Its base64 that is none is nobody's
    /// certificate.
    pub fn parse(bytes: &[u8]) -> Result<Self, KubeconfigError> {
        let document = Node::parse(bytes)?;
        let root = document.root();
        let none = Self {
            server: None,
            authority: None,
        };
        let Some(context) = root.field("current-context")?.filled_text()? else {
            return Ok(none);
        };
        let Some((_, context)) = named(&root, "contexts", context)? else {
            return Ok(none);
        };
        let Some(name) = context.field("context")?.field("cluster")?.filled_text()? else {
            return Ok(none);
        };
        let Some((_, cluster)) = named(&root, "clusters", name)? else {
            return Ok(none);
        };
        let cluster = cluster.field("cluster")?;
        let data = cluster.field("certificate-authority-data")?.filled_text()?;
        let file = cluster.field("certificate-authority")?.filled_text()?;
        let embedded = data.map(|data| decode(data).map(|pem| Source::Embedded(pem.to_vec())));
        Ok(Self {
            server: cluster.field("server")?.filled_text()?.map(str::to_owned),
            authority: match embedded {
                Some(embedded) => embedded.ok(),
                None => file.map(|file| Source::File(file.to_owned())),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_is_that_of_the_current_context() {
        let text = "kind: Config
current-context: b
contexts: [{name: a, context: {cluster: x}}, {name: b, context: {cluster: y}}]
clusters:
- {name: x, cluster: {server: 'https://192.0.2.1:6443'}}
- {name: y, cluster: {server: 'https://192.0.2.2:6443', certificate-authority-data: Q0E=, certificate-authority: /ca}}
";
        let parse = |text: &str| KubeconfigCluster::parse(text.as_bytes()).unwrap();
        let cluster = parse(text);
        assert_eq!(cluster.server.as_deref(), Some("https://192.0.2.2:6443"));
        assert_eq!(cluster.authority, Some(Source::Embedded(b"CA".to_vec())));
        let file = parse(&text.replace("certificate-authority-data: Q0E=, ", ""));
        assert_eq!(file.authority, Some(Source::File("/ca".to_owned())));
        assert_eq!(parse(&text.replace("Q0E=", "'?'")).authority, None);
        assert_eq!(parse("kind: Config").server, None);
    }
}
