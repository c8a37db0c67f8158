//! Where Kubernetes keeps which object in etcd (`k8s.io/apiserver/pkg/storage/etcd3`): `/registry/secrets/NAMESPACE/NAME`.

/// `--etcd-prefix` of the API server.
const PREFIX: &str = "/registry";
/// Namespaces that every API server makes.
const OWN_NAMESPACES: [&str; 2] = ["/namespaces/kube-system", "/namespaces/default"];

/// The kinds that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Secret,
    Pod,
    ServiceAccount,
    ConfigMap,
}

/// Where an object is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) kind: Kind,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Kind {
    /// In words, of several.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Secret => "Secrets",
            Self::Pod => "pods",
            Self::ServiceAccount => "service accounts",
            Self::ConfigMap => "the day since when uses are taken down",
        }
    }
}

impl Place {
    /// From what follows the prefix.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let kind = match parts.next()? {
            "secrets" => Kind::Secret,
            "pods" => Kind::Pod,
            "serviceaccounts" => Kind::ServiceAccount,
            "configmaps" => Kind::ConfigMap,
            _ => return None,
        };
        let (namespace, name) = (parts.next()?, parts.next()?);
        parts.next().is_none().then(|| Self {
            kind,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// A prefix as the API server uses it: with a slash before and none behind.
pub(super) fn normal(prefix: &str) -> String {
    let inner = prefix.trim_matches('/');
    if inner.is_empty() {
        PREFIX.to_owned()
    } else {
        format!("/{inner}")
    }
}

/// The prefix of a key that a namespace is kept under which every cluster has.
pub(super) fn prefix_of_cluster(key: &str) -> Option<&str> {
    OWN_NAMESPACES.iter().find_map(|own| key.strip_suffix(own))
}
