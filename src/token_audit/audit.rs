//! What was found, and what could not be looked at.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::object::{Metadata, Pod, ServiceAccount};
use super::{Integrity, LongLivedToken, Unseen};

/// The tokens without an end of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenAudit {
    /// Sorted by namespace and name.
    pub tokens: Vec<LongLivedToken>,
    /// The day since when the API server takes down when a token is used; none where it does not.
    pub tracked_since: Option<String>,
    /// Where this was seen.
    pub view: View,
    /// What could not be looked at; empty where all was seen.
    pub unseen: Vec<Unseen>,
}

impl TokenAudit {
    /// Whether there is nothing to do: no token without an end, and all was looked at.
    pub fn is_clean(&self) -> bool {
        self.tokens.is_empty() && self.unseen.is_empty()
    }
}

/// Where the Secrets were seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// By way of the API server, now.
    Api,
    /// In a database of etcd, as of the moment at which it was copied.
    Snapshot {
        /// The revision of the last change in it.
        revision: u64,
        /// When its file was written, where the file system tells.
        written: Option<OffsetDateTime>,
        /// What vouches for its being whole.
        integrity: Integrity,
        /// Beneath which prefix Kubernetes keeps its objects.
        prefix: String,
    },
}

/// What was collected, before it is put together.
#[derive(Debug, Default)]
pub(super) struct Collection {
    tokens: Vec<LongLivedToken>,
    /// By namespace and Secret: the pods that use it.
    users: BTreeMap<(String, String), BTreeSet<String>>,
    /// By namespace and Secret: listed by an account.
    listed: BTreeSet<(String, String)>,
    /// All pods were seen.
    pub(super) has_pods: bool,
    /// All accounts were seen.
    pub(super) has_accounts: bool,
    pub(super) tracked_since: Option<String>,
    pub(super) unseen: Vec<Unseen>,
}

impl Collection {
    /// Keeps a Secret that is a token without an end.
    pub(super) fn add_token(&mut self, secret: Metadata) {
        self.tokens.push(LongLivedToken::of(secret));
    }

    pub(super) fn add_pod(&mut self, pod: Pod) {
        for secret in pod.secrets {
            let key = (pod.metadata.namespace.clone(), secret);
            let users = self.users.entry(key).or_default();
            users.insert(pod.metadata.name.clone());
        }
    }

    pub(super) fn add_account(&mut self, account: &ServiceAccount) {
        for secret in account.secrets() {
            let key = (account.metadata.namespace.clone(), secret.to_owned());
            self.listed.insert(key);
        }
    }

    /// Where there are tokens.
    pub(super) fn namespaces(&self) -> BTreeSet<String> {
        let tokens = self.tokens.iter();
        tokens.map(|token| token.namespace.clone()).collect()
    }

    /// Forgets the tokens, to begin again.
    pub(super) fn forget_secrets(&mut self) {
        self.tokens.clear();
    }

    pub(super) fn into_audit(self, view: View) -> TokenAudit {
        let mut tokens = self.tokens;
        for token in &mut tokens {
            let key = (token.namespace.clone(), token.secret.clone());
            let users = self.users.get(&key);
            if self.has_pods || users.is_some() {
                token.mounted_by = Some(users.into_iter().flatten().cloned().collect());
            }
            if self.has_accounts || self.listed.contains(&key) {
                token.is_listed = Some(self.listed.contains(&key));
            }
        }
        tokens.sort();
        TokenAudit {
            tokens,
            tracked_since: self.tracked_since,
            view,
            unseen: self.unseen,
        }
    }
}
