//! By way of the API server: metadata of Secrets, and the pods of the namespaces in which there are tokens.

mod deadline;
mod error;
mod page;
mod server;

use std::collections::BTreeSet;
use std::time::Duration;

use super::audit::Collection;
use super::object::{Object, ServiceAccount, Tracking};
use super::{TokenAudit, Unseen, View};
use crate::evidence::with_causes;
use deadline::Deadline;
use page::{List, METADATA, OBJECTS, Partial, list};

pub use error::ApiError;

/// What an API server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An answer, whole.
    Whole {
        /// Its HTTP status.
        status: u16,
        /// What it says.
        body: Vec<u8>,
    },
    /// An answer that is longer than what is read.
    TooLarge,
}

/// An API server that can be asked.
pub trait Api {
    /// Asks for a path, to be answered in that form (the `Accept` of HTTP).
    fn ask(&self, path: &str, form: &'static str) -> Result<Reply, ApiError>;
}

/// How many Secrets are asked for at once, at most: their metadata is half a kilobyte each.
const SECRETS: u32 = 500;
/// How many whole objects: a pod takes some ten kilobytes.
const WHOLE: u32 = 100;
/// For all of it: enough for some thousand pages, of which one takes an API server that is well a tenth of a second at most.
const PATIENCE: Duration = Duration::from_mins(5);

/// Finds the tokens without an end, within five minutes. What fails behind the first page of Secrets is told in the audit, and what the
/// time was too short for.
pub fn audit_api(api: &impl Api) -> Result<TokenAudit, ApiError> {
    audit_within(PATIENCE, api)
}

fn audit_within(limit: Duration, api: &impl Api) -> Result<TokenAudit, ApiError> {
    let api = &Deadline::of(api, limit);
    let mut found = Collection::default();
    secrets(api, &mut found)?;
    let namespaces = found.namespaces();
    // Without a token nobody uses one.
    if !namespaces.is_empty() {
        pods(api, &namespaces, &mut found);
        accounts(api, &namespaces, &mut found);
        tracking(api, &mut found);
    }
    Ok(found.into_audit(View::Api))
}

fn secrets(api: &impl Api, found: &mut Collection) -> Result<(), ApiError> {
    // `type` is a field that Secrets can be selected by (`k8s.io/kubernetes/pkg/apis/core/v1/conversion.go`).
    let list_of = List {
        path: "/api/v1/secrets",
        selector: Some("type%3Dkubernetes.io%2Fservice-account-token"),
        form: METADATA,
        limit: SECRETS,
    };
    let mut pages = 0;
    let listed = list(api, &list_of, |page: Option<Vec<Partial>>| {
        let Some(secrets) = page else {
            found.forget_secrets();
            return;
        };
        pages += 1;
        for Partial { metadata } in secrets {
            found.add_token(metadata);
        }
    });
    match listed {
        Ok(too_large) => found.skip("Secrets", &too_large),
        Err(error) if pages == 0 => return Err(error),
        Err(error) => found.miss("Secrets", &error),
    }
    Ok(())
}

fn pods(api: &impl Api, namespaces: &BTreeSet<String>, found: &mut Collection) {
    found.has_pods = each(api, namespaces, "pods", found, Collection::add_pod);
}

fn accounts(api: &impl Api, namespaces: &BTreeSet<String>, found: &mut Collection) {
    found.has_accounts = each(
        api,
        namespaces,
        "serviceaccounts",
        found,
        |found, account: ServiceAccount| found.add_account(&account),
    );
}

/// Lists one kind in each of the namespaces; whether all of them were seen.
fn each<T: Object>(
    api: &impl Api,
    namespaces: &BTreeSet<String>,
    kind: &str,
    found: &mut Collection,
    add: impl Fn(&mut Collection, T),
) -> bool {
    let before = found.unseen.len();
    for (number, namespace) in namespaces.iter().enumerate() {
        let path = format!("/api/v1/namespaces/{namespace}/{kind}");
        let list_of = List {
            path: &path,
            selector: None,
            form: OBJECTS,
            limit: WHOLE,
        };
        // What is seen twice when a list begins again is kept once.
        let listed = list(api, &list_of, |page| {
            for object in page.into_iter().flatten() {
                add(found, object);
            }
        });
        let subject = format!("{kind} in {namespace}");
        match listed {
            Ok(too_large) => found.skip(&subject, &too_large),
            Err(error @ ApiError::TimeIsUp { .. }) => {
                let further = namespaces.len() - number - 1;
                let others = format!("{subject}, and in {further} other namespaces");
                found.miss(if further == 0 { subject } else { others }, &error);
                break;
            }
            Err(error) => found.miss(subject, &error),
        }
    }
    found.unseen.len() == before
}

fn tracking(api: &impl Api, found: &mut Collection) {
    let (namespace, name) = (Tracking::NAMESPACE, Tracking::NAME);
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/{name}");
    let answer = api.ask(&path, OBJECTS).and_then(|reply| match reply {
        Reply::Whole { status: 200, body } => Ok(Tracking::read_json(&body)?.since()),
        // Before Kubernetes 1.26 nothing is taken down.
        Reply::Whole { status: 404, .. } => Ok(None),
        Reply::Whole { status, body } => Err(ApiError::answered(status, &body)),
        Reply::TooLarge => Err(ApiError::TooLarge),
    });
    match answer {
        Ok(since) => found.tracked_since = since,
        Err(error) => found.miss("since when uses are taken down", &error),
    }
}

impl Collection {
    fn miss(&mut self, subject: impl Into<String>, error: &ApiError) {
        self.unseen.push(Unseen::Untold {
            subject: subject.into(),
            why: with_causes(error),
        });
    }

    fn skip(&mut self, subject: &str, too_large: &[String]) {
        for name in too_large {
            self.miss(format!("{subject}: {name}"), &ApiError::TooLarge);
        }
    }
}

#[cfg(test)]
mod tests;
