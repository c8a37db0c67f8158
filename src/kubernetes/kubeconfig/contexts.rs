//! Every context of a kubeconfig, with its cluster and its user, to look at. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::clusters::Cluster;
use super::error::KubeconfigError;
use super::login::Login;
use super::parse::refuse_other_kinds;
use crate::kubernetes::document::{Field, Node};

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

impl Context {
    /// Reads every context of a kubeconfig, in its order; then the users that no context names. Each carries its own error: a person's
    /// kubeconfig knows several clusters, of which some may be damaged.
    ///
    /// # Errors
    /// When it is no kubeconfig as a whole.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, KubeconfigError> {
        let document = Node::parse(bytes)?;
        let root = document.root();
        refuse_other_kinds(&root)?;
        let current = root.field("current-context")?.filled_text()?;
        let clusters = Entries::read(&root, "clusters")?;
        let users = Entries::read(&root, "users")?;
        let mut contexts = Vec::new();
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for entry in root.field("contexts")?.list()? {
            let name = entry.field("name")?.text()?.unwrap_or_default();
            let context = entry.field("context")?;
            let user = context.field("user")?.filled_text()?.unwrap_or_default();
            let cluster = context.field("cluster")?.filled_text()?;
            named.insert(user);
            contexts.push(Self {
                name: Some(name.to_owned()),
                is_current: current == Some(name),
                user: user.to_owned(),
                cluster: cluster.map(|cluster| {
                    let entry = clusters.find(cluster, || KubeconfigError::NoSuchCluster {
                        context: name.to_owned(),
                        cluster: cluster.to_owned(),
                    });
                    entry.and_then(Cluster::read)
                }),
                login: if user.is_empty() {
                    Err(KubeconfigError::ContextWithoutUser {
                        context: name.to_owned(),
                    })
                } else {
                    let entry = users.find(user, || KubeconfigError::NoSuchUser {
                        context: name.to_owned(),
                        user: user.to_owned(),
                    });
                    entry.and_then(|entry| Login::read(&entry.field("user")?, user))
                },
            });
        }
        for (name, entry) in users.entries {
            if named.contains(name) {
                continue;
            }
            contexts.push(Self {
                name: None,
                is_current: false,
                user: name.to_owned(),
                cluster: None,
                login: entry
                    .ok_or_else(|| KubeconfigError::SameName {
                        list: "users",
                        name: name.to_owned(),
                    })
                    .and_then(|entry| Login::read(&entry.field("user")?, name)),
            });
        }
        Ok(contexts)
    }
}

/// A list of named entries, each to be found at once: a hostile file has thousands.
struct Entries<'a> {
    list: &'static str,
    /// `None` where the name is there twice.
    entries: BTreeMap<&'a str, Option<Field<'a>>>,
}

impl<'a> Entries<'a> {
    fn read(root: &Field<'a>, list: &'static str) -> Result<Self, KubeconfigError> {
        let mut entries: BTreeMap<&str, Option<Field<'_>>> = BTreeMap::new();
        for entry in root.field(list)?.list()? {
            let name = entry.field("name")?.text()?.unwrap_or_default();
            entries
                .entry(name)
                .and_modify(|it| *it = None)
                .or_insert(Some(entry));
        }
        Ok(Self { list, entries })
    }

    fn find(
        &self,
        name: &str,
        missing: impl FnOnce() -> KubeconfigError,
    ) -> Result<&Field<'a>, KubeconfigError> {
        let entry = self.entries.get(name).ok_or_else(missing)?;
        entry.as_ref().ok_or_else(|| KubeconfigError::SameName {
            list: self.list,
            name: name.to_owned(),
        })
    }
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
- {name: twice, context: {cluster: k, user: double}}
- {name: odd, context: {cluster: k, user: odd}}
current-context: there
users:
- {name: me, user: {client-certificate-data: Y2VydA==, client-key: /k, token: hunter2, as: root, as-groups: [a, b]}}
- {name: robot, user: {exec: {command: aws, args: [hunter2]}}}
- {name: alone, user: {tokenFile: t, username: me, password: hunter2}}
- {name: double, user: {}}
- {name: double, user: {}}
- {name: odd, user: {token: [hunter2]}}
";

    #[test]
    fn each_context_is_read_for_itself_and_no_secret_shows() {
        let contexts = Context::read_all(FILE.as_bytes()).unwrap();
        let names: Vec<_> = contexts.iter().map(|it| it.name.as_deref()).collect();
        let expected = ["here", "there", "nowhere", "twice", "odd"].map(Some);
        assert_eq!(names[..5], expected);
        assert_eq!(names[5..], [None]);
        let current: Vec<_> = contexts.iter().map(|it| it.is_current).collect();
        assert_eq!(current, [false, true, false, false, false, false]);
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
        assert!(matches!(
            contexts[3].login,
            Err(KubeconfigError::SameName { list: "users", .. })
        ));
        assert!(contexts[4].login.is_err());
        let alone = contexts[5].login.as_ref().unwrap();
        assert!(alone.basic && alone.token_file.is_some());
        let shown = format!("{contexts:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn what_is_no_kubeconfig_is_refused_and_json_is_one() {
        for text in ["", "kind: Pod", "[]", "a: b", "-----BEGIN CERTIFICATE-----"] {
            assert!(Context::read_all(text.as_bytes()).is_err(), "{text}");
        }
        let json = br#"{"kind": "Config", "users": [{"name": "me", "user": {"token": "t"}}]}"#;
        assert_eq!(Context::read_all(json).unwrap().len(), 1);
    }
}
