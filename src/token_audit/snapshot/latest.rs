//! The latest state of each object, out of all changes in order.

use std::collections::{BTreeMap, BTreeSet};

use super::SnapshotError;
use super::registry::{Kind, Place, prefix_of_cluster};
use super::revision::Change;
use super::stored::Stored;
use crate::token_audit::Unseen;
use crate::token_audit::audit::Collection;
use crate::token_audit::object::{
    Metadata, Object, Pod, SERVICE_ACCOUNT_TOKEN, Secret, ServiceAccount, Tracking,
};

/// How much is held, in bytes of names. A hundred thousand tokens with as many pods that use them take half of it.
const LIMIT: usize = 64 << 20;
/// What an entry takes besides its names, in bytes; rather more than less.
const ENTRY: usize = 256;
/// The longest value that is looked into, in bytes; of longer ones it is said that they were not. etcd takes 1.5 MiB
/// (`--max-request-bytes`).
const LONGEST_VALUE: usize = 2 << 20;

/// Of each object what its latest change says.
#[derive(Debug)]
pub(super) struct Latest {
    pub(super) prefix: String,
    objects: BTreeMap<Place, Held>,
    /// How much they take.
    size: usize,
    /// That of the last change.
    pub(super) revision: u64,
    pub(super) has_cluster: bool,
    /// Where else there is a cluster.
    pub(super) other_prefix: Option<String>,
}

/// What is kept of an object. Of one that says nothing about tokens: nothing.
#[derive(Debug)]
enum Held {
    Token(Metadata),
    User(BTreeSet<String>),
    Account(ServiceAccount),
    Since(String),
    Encrypted(String),
    Unreadable,
}

impl Held {
    fn size(&self) -> usize {
        match self {
            Self::Token(secret) => secret.size(),
            Self::User(secrets) => secrets.iter().map(|name| name.len() + ENTRY).sum(),
            Self::Account(account) => account.secrets().map(|name| name.len() + ENTRY).sum(),
            Self::Since(text) | Self::Encrypted(text) => text.len(),
            Self::Unreadable => 0,
        }
    }
}

impl Latest {
    /// Of nothing yet.
    pub(super) fn beneath(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            objects: BTreeMap::new(),
            size: 0,
            revision: 0,
            has_cluster: false,
            other_prefix: None,
        }
    }

    /// Takes the next change.
    pub(super) fn take(&mut self, revision: &[u8], message: &[u8]) -> Result<(), SnapshotError> {
        let change = Change::parse(revision, message).map_err(|_| SnapshotError::Revision {
            revision: self.revision,
        })?;
        self.revision = change.revision;
        // Kubernetes has no other keys than text.
        let Ok(key) = std::str::from_utf8(change.key) else {
            return Ok(());
        };
        if let Some(prefix) = prefix_of_cluster(key) {
            self.note_cluster(prefix);
        }
        let Some(place) = key.strip_prefix(&self.prefix).and_then(Place::parse) else {
            return Ok(());
        };
        let held = change.value.and_then(|value| hold(&place, value));
        self.keep(place, held)
    }

    fn note_cluster(&mut self, prefix: &str) {
        self.has_cluster |= prefix == self.prefix;
        // The shortest: a resource of somebody's own may be called namespaces too.
        let other = self.other_prefix.as_ref();
        if other.is_none_or(|other| prefix.len() < other.len()) {
            self.other_prefix = Some(prefix.to_owned());
        }
    }

    fn keep(&mut self, place: Place, held: Option<Held>) -> Result<(), SnapshotError> {
        let names = place.namespace.len() + place.name.len() + ENTRY;
        let before = match held {
            Some(held) => {
                self.size += names + held.size();
                self.objects.insert(place, held)
            }
            None => self.objects.remove(&place),
        };
        if let Some(before) = before {
            self.size = self.size.saturating_sub(names + before.size());
        }
        if self.size > LIMIT {
            return Err(SnapshotError::TooMuch { limit: LIMIT });
        }
        Ok(())
    }

    /// What is there in the end.
    pub(super) fn into_collection(self) -> Collection {
        let mut found = Collection::default();
        let mut unseen: BTreeMap<(Kind, Option<String>), usize> = BTreeMap::new();
        for (place, held) in self.objects {
            match held {
                Held::Token(mut secret) => {
                    // It is the key that the API server finds it by.
                    secret.namespace = place.namespace;
                    secret.name = place.name;
                    found.add_token(secret);
                }
                Held::User(secrets) => {
                    let mut pod = Pod::default();
                    pod.metadata.namespace = place.namespace;
                    pod.metadata.name = place.name;
                    pod.secrets = secrets;
                    found.add_pod(pod);
                }
                Held::Account(mut account) => {
                    account.metadata.namespace = place.namespace;
                    found.add_account(&account);
                }
                Held::Since(since) => found.tracked_since = Some(since),
                Held::Encrypted(provider) => {
                    *unseen.entry((place.kind, Some(provider))).or_default() += 1;
                }
                Held::Unreadable => *unseen.entry((place.kind, None)).or_default() += 1,
            }
        }
        let is_seen = |kind| unseen.keys().all(|(unseen, _)| *unseen != kind);
        found.has_pods = is_seen(Kind::Pod);
        found.has_accounts = is_seen(Kind::ServiceAccount);
        let unseen = unseen.into_iter().map(|((kind, provider), count)| {
            let kind = kind.words();
            match provider {
                Some(provider) => Unseen::Encrypted {
                    kind,
                    count,
                    provider,
                },
                None => Unseen::Unreadable { kind, count },
            }
        });
        found.unseen = unseen.collect();
        found
    }
}

/// What is kept of a value; nothing where it says nothing about tokens.
fn hold(place: &Place, value: &[u8]) -> Option<Held> {
    match place.kind {
        Kind::Secret => kept(value, |secret: Secret| {
            (secret.kind == SERVICE_ACCOUNT_TOKEN).then_some(Held::Token(secret.metadata))
        }),
        Kind::Pod => kept(value, |pod: Pod| {
            (!pod.secrets.is_empty()).then_some(Held::User(pod.secrets))
        }),
        Kind::ServiceAccount => kept(value, |account: ServiceAccount| {
            let lists = account.secrets().next().is_some();
            lists.then_some(Held::Account(account))
        }),
        Kind::ConfigMap
            if place.namespace == Tracking::NAMESPACE && place.name == Tracking::NAME =>
        {
            kept(value, |tracking: Tracking| {
                tracking.since().map(Held::Since)
            })
        }
        Kind::ConfigMap => None,
    }
}

fn kept<T: Object>(value: &[u8], keep: impl FnOnce(T) -> Option<Held>) -> Option<Held> {
    if value.len() > LONGEST_VALUE {
        return Some(Held::Unreadable);
    }
    match Stored::parse(value) {
        Stored::Plain(object) => keep(object),
        Stored::Encrypted(provider) => Some(Held::Encrypted(provider)),
        Stored::Unreadable => Some(Held::Unreadable),
    }
}
