//! What `plan` says to programs.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::copies::CopyDocument;
use super::failure::Failure;
use super::render::{timestamp, write_document};
use super::restart::{Outlook, RestartDocument};
use super::several::{ClusterDocument, cluster_document};
use crate::elision::elide;
use crate::kubernetes::AuthorityName;
use crate::plan::{LeftAlone, RecoveryPlan, Refusal, Shape, Step};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanDocument<'a> {
    /// Missing where the node was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory_digest: Option<String>,
    steps: Vec<StepDocument<'a>>,
    /// Missing where there is no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    restart: Option<RestartDocument<'a>>,
    /// Missing where no other node is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    etcd_cluster: Option<ClusterDocument<'a>>,
    left: Vec<LeftDocument<'a>>,
    refusals: Vec<RefusalDocument<'a>>,
    healthy: &'a [&'static str],
    kubeconfig_copies: Vec<CopyDocument<'a>>,
    /// What stands in the way without being a refusal, such as a journal that does not verify.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    obstacles: Vec<String>,
    /// What was doubtful, and was accepted.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
}

#[derive(Serialize)]
#[serde(
    tag = "action",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
enum StepDocument<'a> {
    ReissueAuthority {
        name: &'a str,
        subject: String,
        copies: Vec<String>,
        reason: &'a str,
        start_date: String,
        expiration_date: String,
    },
    RestoreAuthority {
        name: &'a str,
        path: String,
        copy_of: &'a str,
        reason: &'a str,
        expiration_date: String,
    },
    ReSign {
        name: &'a str,
        path: String,
        authority: Option<&'a str>,
        reason: &'a str,
        start_date: String,
        expiration_date: String,
        /// The kind of key that it gets; missing where it keeps its own.
        #[serde(skip_serializing_if = "Option::is_none")]
        new_key: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        additional_names: Vec<String>,
    },
    Install {
        name: &'a str,
        path: String,
        issuer: String,
        reason: &'a str,
        start_date: String,
        expiration_date: String,
    },
    Rebuild {
        name: &'a str,
        path: String,
        authority: &'a str,
        reason: &'a str,
        start_date: String,
        expiration_date: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        new_key: Option<String>,
        subject: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
        /// Of a new kubeconfig.
        #[serde(skip_serializing_if = "Option::is_none")]
        server: Option<&'a str>,
    },
    Issue {
        name: &'a str,
        node: &'a str,
        path: String,
        authority: &'a str,
        reason: &'a str,
        start_date: String,
        expiration_date: String,
    },
    Refresh {
        name: &'a str,
        path: String,
        copy_of: &'a [&'static str],
        expiration_date: String,
    },
    Touch {
        component: &'a str,
        path: String,
    },
}

/// What is left to a person.
#[derive(Serialize)]
pub(super) struct LeftDocument<'a> {
    name: &'a str,
    reason: Cow<'a, str>,
    needs: Cow<'a, str>,
}

/// Why nothing is done.
#[derive(Serialize)]
pub(super) struct RefusalDocument<'a> {
    code: &'a str,
    subject: &'a str,
    evidence: Cow<'a, str>,
    remedy: Cow<'a, str>,
    runbook: String,
}

/// The document of a plan.
pub(super) fn write_json(
    plan: &RecoveryPlan,
    outlook: &Outlook,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = PlanDocument {
        inventory_digest: Some(plan.inventory_digest.to_string()),
        steps: plan.steps.iter().map(step_document).collect(),
        restart: Some(outlook.document()),
        etcd_cluster: cluster_document(outlook.cluster()),
        left: left_documents(&plan.left),
        refusals: plan.refusals.iter().map(refusal_document).collect(),
        healthy: &plan.healthy,
        kubeconfig_copies: plan.copies.iter().map(CopyDocument::from).collect(),
        obstacles: Vec::new(),
        warnings: &plan.warnings,
    };
    write_document(&document, out)
}

/// The document where there is no plan: why.
pub(super) fn write_failure(failure: &Failure, out: &mut dyn Write) -> io::Result<()> {
    let refusals = failure.refusals();
    let document = PlanDocument {
        inventory_digest: None,
        steps: Vec::new(),
        restart: None,
        etcd_cluster: None,
        left: Vec::new(),
        refusals: refusals.iter().map(refusal_document).collect(),
        healthy: &[],
        kubeconfig_copies: Vec::new(),
        obstacles: if refusals.is_empty() {
            vec![failure.text()]
        } else {
            Vec::new()
        },
        warnings: &[],
    };
    write_document(&document, out)
}

pub(super) fn left_documents(left: &[LeftAlone]) -> Vec<LeftDocument<'_>> {
    let documents = left.iter().map(|left| LeftDocument {
        name: &left.name,
        reason: elide(&left.reason),
        needs: elide(&left.needs),
    });
    documents.collect()
}

pub(super) fn refusal_document(refusal: &Refusal) -> RefusalDocument<'_> {
    RefusalDocument {
        code: refusal.code.as_str(),
        subject: &refusal.subject,
        evidence: elide(&refusal.evidence),
        remedy: elide(&refusal.remedy),
        runbook: refusal.code.runbook(),
    }
}

fn step_document(step: &Step) -> StepDocument<'_> {
    match step {
        Step::ReissueAuthority(step) => StepDocument::ReissueAuthority {
            name: step.name.as_str(),
            subject: step.certificate.subject(),
            copies: step
                .copies
                .iter()
                .map(|path| elide(&path.to_string_lossy()).into_owned())
                .collect(),
            reason: step.state.as_str(),
            start_date: timestamp(step.validity.not_before),
            expiration_date: timestamp(step.validity.not_after),
        },
        Step::RestoreAuthority(step) => StepDocument::RestoreAuthority {
            name: step.name.as_str(),
            path: elide(&step.path.to_string_lossy()).into_owned(),
            copy_of: step.source,
            reason: step.state.as_str(),
            expiration_date: timestamp(step.validity.not_after),
        },
        Step::ReSign(step) => StepDocument::ReSign {
            name: step.name,
            path: elide(&step.location.path().to_string_lossy()).into_owned(),
            authority: step.authority.map(AuthorityName::as_str),
            reason: step.state.as_str(),
            start_date: timestamp(step.validity.not_before),
            expiration_date: timestamp(step.validity.not_after),
            new_key: step.new_key.map(|key| key.to_string()),
            additional_names: step
                .additional_names
                .iter()
                .map(ToString::to_string)
                .collect(),
        },
        Step::Install(step) => StepDocument::Install {
            name: step.name,
            path: elide(&step.location.path().to_string_lossy()).into_owned(),
            issuer: step.certificate.issuer(),
            reason: step.state.as_str(),
            start_date: timestamp(step.certificate.not_before()),
            expiration_date: timestamp(step.certificate.not_after()),
        },
        Step::Rebuild(step) => StepDocument::Rebuild {
            name: step.name,
            path: elide(&step.path.to_string_lossy()).into_owned(),
            authority: step.authority.as_str(),
            reason: step.state.as_str(),
            start_date: timestamp(step.validity.not_before),
            expiration_date: timestamp(step.validity.not_after),
            new_key: step.new_key.map(|key| key.to_string()),
            subject: step.subject(),
            names: step.names(),
            server: match &step.shape {
                Shape::Kubeconfig(new) => Some(&new.server),
                Shape::Pair | Shape::Credential => None,
            },
        },
        Step::Mint(step) => StepDocument::Issue {
            name: step.name,
            node: &step.node,
            path: elide(&step.link.to_string_lossy()).into_owned(),
            authority: step.authority.as_str(),
            reason: step.state.as_str(),
            start_date: timestamp(step.validity.not_before),
            expiration_date: timestamp(step.validity.not_after),
        },
        Step::Refresh(step) => StepDocument::Refresh {
            name: &step.name,
            path: step.path.display().to_string(),
            copy_of: &step.originals,
            expiration_date: timestamp(step.not_after),
        },
        Step::Touch { component, path } => StepDocument::Touch {
            component: component.as_str(),
            path: path.display().to_string(),
        },
    }
}
