//! Every context of a kubeconfig, with its cluster and its user, to look at. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::clusters::Cluster;
use super::error::KubeconfigError;
use super::login::Login;
use super::parse::refuse_other_kinds;
use crate::kubernetes::document::{Field, Node};

/// Every context of a kubeconfig.
#[derive(Debug)]
pub struct Contexts {
    /// `current-context`, as it is written.
    pub current: Option<String>,
    /// Each context in its order; then the users that no context names.
    pub all: Vec<Context>,
}

/// One context of a kubeconfig, or a user that no context names.
#[derive(Debug)]
pub struct Context {
    /// Its name; none for a user without a context.
    pub name: Option<String>,
    /// Whether `current-context` names it.
    pub is_current: bool,
    /// The name of its user; empty where it names none.
    pub user: String,
    /// Its cluster; none where it names none.
    pub cluster: Option<Result<Cluster, KubeconfigError>>,
    /// What its user presents.
    pub login: Result<Login, KubeconfigError>,
}

impl Contexts {
    /// Reads a kubeconfig. Each context carries its own error: a person's kubeconfig knows several clusters, of which some may be damaged.
    ///
    /// # Errors
    /// When it is no kubeconfig as a whole; two entries of one name are none to client-go.
    pub fn read(bytes: &[u8]) -> Result<Self, KubeconfigError> {
        let document = Node::parse(bytes)?;
        let root = document.root();
        refuse_other_kinds(&root)?;
        let current = root.field("current-context")?.filled_text()?;
        let clusters = entries(&root, "clusters")?;
        let users = entries(&root, "users")?;
        entries(&root, "contexts")?;
        let mut all = Vec::new();
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for entry in root.field("contexts")?.list()? {
            let name = entry.field("name")?.text()?.unwrap_or_default();
            let context = entry.field("context")?;
            let user = context.field("user")?.filled_text()?.unwrap_or_default();
            let cluster = context.field("cluster")?.filled_text()?;
            named.insert(user);
            all.push(Context {
                name: Some(name.to_owned()),
                is_current: current == Some(name),
                user: user.to_owned(),
                cluster: cluster.map(|cluster| {
                    let missing = || KubeconfigError::NoSuchCluster {
                        context: name.to_owned(),
                        cluster: cluster.to_owned(),
                    };
                    Cluster::read(clusters.get(cluster).ok_or_else(missing)?)
                }),
                login: login_of(name, user, &users),
            });
        }
        for (name, entry) in users {
            if named.contains(name) {
                continue;
            }
            all.push(Context {
                name: None,
                is_current: false,
                user: name.to_owned(),
                cluster: None,
                login: entry
                    .field("user")
                    .map_err(KubeconfigError::from)
                    .and_then(|user| Login::read(&user, name)),
            });
        }
        Ok(Self {
            current: current.map(str::to_owned),
            all,
        })
    }
}

fn login_of(
    context: &str,
    user: &str,
    users: &BTreeMap<&str, Field<'_>>,
) -> Result<Login, KubeconfigError> {
    let context = context.to_owned();
    if user.is_empty() {
        return Err(KubeconfigError::ContextWithoutUser { context });
    }
    let missing = || KubeconfigError::NoSuchUser {
        context,
        user: user.to_owned(),
    };
    let entry = users.get(user).ok_or_else(missing)?;
    Login::read(&entry.field("user")?, user)
}

/// A list of named entries, each to be found at once: a hostile file has thousands.
fn entries<'a>(
    root: &Field<'a>,
    list: &'static str,
) -> Result<BTreeMap<&'a str, Field<'a>>, KubeconfigError> {
    let mut entries = BTreeMap::new();
    for entry in root.field(list)?.list()? {
        let name = entry.field("name")?.text()?.unwrap_or_default();
        if entries.insert(name, entry).is_some() {
            let name = name.to_owned();
            return Err(KubeconfigError::SameName { list, name });
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::super::{KeySource, Source};
    use super::*;

    const FILE: &str = "\
clusters:
- {name: k, cluster: {server: 'https://192.0.2.10:6443'}}
contexts:
- {name: here, context: {cluster: k, user: me}}
- {name: there, context: {cluster: gone, user: robot}}
- {name: nowhere, context: {}}
- {name: odd, context: {cluster: k, user: odd}}
current-context: there
users:
- {name: me, user: {client-certificate-data: Y2VydA==, client-key: /k, token: hunter2, as: root, as-groups: [a, b]}}
- {name: robot, user: {exec: {command: aws, args: [hunter2]}}}
- {name: alone, user: {tokenFile: t, username: me, password: hunter2}}
- {name: odd, user: {token: [hunter2]}}
";

    #[test]
    fn each_context_is_read_for_itself_and_no_secret_shows() {
        let contexts = Contexts::read(FILE.as_bytes()).unwrap();
        assert_eq!(contexts.current.as_deref(), Some("there"));
        let contexts = contexts.all;
        let names: Vec<_> = contexts.iter().map(|it| it.name.as_deref()).collect();
        let expected = ["here", "there", "nowhere", "odd"].map(Some);
        assert_eq!(names[..4], expected);
        assert_eq!(names[4..], [None]);
        let current: Vec<_> = contexts.iter().map(|it| it.is_current).collect();
        assert_eq!(current, [false, true, false, false, false]);
        let me = contexts[0].login.as_ref().unwrap();
        assert_eq!(me.certificate, Some(Source::Embedded(b"cert".to_vec())));
        assert_eq!(me.key, Some(KeySource::File("/k".to_owned())));
        assert_eq!(me.token.as_deref().map(String::as_str), Some("hunter2"));
        assert_eq!(me.impersonated.as_deref(), Some("root"));
        assert_eq!(me.impersonated_groups, ["a", "b"]);
        let robot = contexts[1].login.as_ref().unwrap();
        assert_eq!(robot.exec.as_deref(), Some("aws"));
        assert!(matches!(
            contexts[1].cluster,
            Some(Err(KubeconfigError::NoSuchCluster { .. }))
        ));
        assert!(matches!(
            contexts[2].login,
            Err(KubeconfigError::ContextWithoutUser { .. })
        ));
        assert!(contexts[3].login.is_err());
        let alone = contexts[4].login.as_ref().unwrap();
        assert!(alone.basic && alone.token_file.is_some());
        let shown = format!("{contexts:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn what_is_no_kubeconfig_is_refused_and_json_is_one() {
        for text in ["", "kind: Pod", "[]", "a: b", "-----BEGIN CERTIFICATE-----"] {
            assert!(Contexts::read(text.as_bytes()).is_err(), "{text}");
        }
        let json = br#"{"kind": "Config", "users": [{"name": "me", "user": {"token": "t"}}]}"#;
        assert_eq!(Contexts::read(json).unwrap().all.len(), 1);
        for list in ["contexts", "clusters", "users"] {
            let twice = format!("kind: Config\n{list}: [{{name: a}}, {{name: a}}]\n");
            assert!(matches!(
                Contexts::read(twice.as_bytes()),
                Err(KubeconfigError::SameName { name, .. }) if name == "a"
            ));
        }
    }
}
