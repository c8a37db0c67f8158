//! The API server of this node, asked with the administrator's credential.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use time::OffsetDateTime;

use super::finding::State;
use super::reached::{self, Unusable};
use crate::control_plane::{ControlPlane, LeaseName};
use crate::node::{ClientCredential, HttpRequest, HttpResponse, Root, Trust};

/// Where and as whom the API is asked. Files are read at each question: they may be replaced meanwhile.
#[derive(Debug, Clone)]
pub struct ApiServer {
    root: Arc<Root>,
    address: Option<SocketAddr>,
    authority: PathBuf,
    kubeconfigs: Vec<PathBuf>,
}

/// A Lease, as the API has it (`coordination.k8s.io/v1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseState {
    /// Which object it is.
    pub uid: String,
    /// Which state of it.
    pub resource_version: String,
    /// Who holds it; nobody where it was given up.
    pub holder: Option<String>,
    /// When its holder renewed it last.
    pub renewed: Option<OffsetDateTime>,
}

/// Why there is no answer that could be used: a condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub State);

impl From<Unusable> for Refused {
    fn from(unusable: Unusable) -> Self {
        Self(unusable.into())
    }
}

impl ApiServer {
    /// As the administrator of the cluster.
    pub fn of(root: &Arc<Root>, plane: &ControlPlane) -> Self {
        Self {
            root: Arc::clone(root),
            address: plane.api_server,
            authority: plane.cluster_authority.clone(),
            kubeconfigs: plane.administrators.clone(),
        }
    }

    /// As somebody else: whoever that kubeconfig is for.
    #[must_use]
    pub fn with_kubeconfig(&self, kubeconfig: PathBuf) -> Self {
        Self {
            kubeconfigs: vec![kubeconfig],
            ..self.clone()
        }
    }

    /// A Lease.
    pub fn lease(&self, name: &LeaseName) -> Result<LeaseState, Refused> {
        let answer = self.ask(&HttpRequest::get(name.path()))?;
        let lease: Lease = serde_json::from_slice(&answer.body)
            .map_err(|error| Refused(State::open(format!("{name}: {error}"))))?;
        Ok(lease.into())
    }

    /// Gives up a Lease in the name of its holder, so that nobody need wait until it runs out: only if it is still in the
    /// state that was seen.
    pub fn release(&self, name: &LeaseName, seen: &LeaseState) -> Result<(), Refused> {
        let patch = serde_json::json!({
            "metadata": { "uid": seen.uid, "resourceVersion": seen.resource_version },
            "spec": { "holderIdentity": "" },
        });
        let request = HttpRequest::patch(
            name.path(),
            "application/merge-patch+json",
            patch.to_string().into_bytes(),
        );
        self.ask(&request).map(|_| ())
    }

    /// What a health endpoint says.
    pub fn health(&self, path: &'static str) -> State {
        match self.ask(&HttpRequest::get(path)) {
            Ok(_) => State::proven(format!("{path} says ok")),
            Err(Refused(state)) => state,
        }
    }

    /// A page of a list, in the form that the request names: whatever the API server says, its status too, once it takes one of
    /// the credentials. Nothing where the answer is longer than what is read.
    pub fn page(&self, request: &HttpRequest) -> Result<Option<HttpResponse>, Refused> {
        self.ask_with_each(|address, trust, credential| {
            reached::page(address, trust, credential, request.clone())
        })
    }

    /// The answer, if it is a good one.
    fn ask(&self, request: &HttpRequest) -> Result<HttpResponse, Refused> {
        let answer = self.ask_with_each(|address, trust, credential| {
            reached::answer(address, trust, credential, request.clone()).map(Some)
        })?;
        match (answer, self.address) {
            (Some(answer), _) if (200..300).contains(&answer.status) => Ok(answer),
            (Some(answer), Some(address)) => Err(Refused(unwell(address, &answer))),
            _ => Err(Refused(State::open("no answer came"))),
        }
    }

    /// The answer to the first credential that is taken.
    fn ask_with_each(
        &self,
        put: impl Fn(SocketAddr, Trust, ClientCredential) -> Result<Option<HttpResponse>, State>,
    ) -> Result<Option<HttpResponse>, Refused> {
        let Some(address) = self.address else {
            return Err(Refused(State::open(
                "there is no API server on this node to ask",
            )));
        };
        let authorities = reached::certificates(&self.root, &self.authority)?;
        let mut refused = Refused(State::open("there is no kubeconfig to ask the API with"));
        for path in &self.kubeconfigs {
            let credential = match reached::kubeconfig(&self.root, path) {
                Ok(credential) => credential,
                Err(unusable) => {
                    refused = unusable.into();
                    continue;
                }
            };
            let trust = Trust::Authorities(authorities.clone());
            let answer = put(address, trust, credential).map_err(Refused)?;
            match &answer {
                // Another credential may be taken.
                Some(answer) if answer.status == 401 => {
                    let kubeconfig = self.root.outside(path);
                    refused = Refused(State::open_with(
                        format!(
                            "{address}: 401 Unauthorized: it does not take the credential in {}",
                            kubeconfig.display()
                        ),
                        "its certificate has expired, or was signed by another CA than the API server knows: rekindle check",
                    ));
                }
                // Since 1.29 admin.conf has its rights from the cluster, and super-admin.conf has them by itself.
                Some(answer) if answer.status == 403 => refused = Refused(unwell(address, answer)),
                _ => return Ok(answer),
            }
        }
        Err(refused)
    }
}

/// An answer that is none: with the checks that fail, as `/readyz` lists them.
fn unwell(address: SocketAddr, answer: &HttpResponse) -> State {
    let body = String::from_utf8_lossy(&answer.body);
    let failing: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("[-]"))
        .collect();
    let words = if failing.is_empty() {
        message(&answer.body).unwrap_or_else(|| body.chars().take(200).collect())
    } else {
        failing.join(", ")
    };
    let evidence = format!("{address}: {}: {words}", answer.status);
    match answer.status {
        403 => State::open_with(
            evidence,
            "the API server has not loaded its authorization yet, or nothing grants this user anything",
        ),
        429 | 500..=599 => State::open_with(evidence, "it is still starting, or has lost etcd"),
        _ => State::open(evidence),
    }
}

/// The message of a `Status` object.
fn message(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Status {
        message: String,
    }
    let status: Status = serde_json::from_slice(body).ok()?;
    Some(status.message)
}

#[derive(Deserialize)]
struct Lease {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    uid: String,
    resource_version: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    holder_identity: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    renew_time: Option<OffsetDateTime>,
}

impl From<Lease> for LeaseState {
    fn from(lease: Lease) -> Self {
        Self {
            uid: lease.metadata.uid,
            resource_version: lease.metadata.resource_version,
            holder: lease
                .spec
                .holder_identity
                .filter(|holder| !holder.is_empty()),
            renewed: lease.spec.renew_time,
        }
    }
}
