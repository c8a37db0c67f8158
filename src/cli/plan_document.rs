//! A plan in JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::copies::CopyDocument;
use super::render::timestamp;
use crate::kubernetes::AuthorityName;
use crate::plan::{RecoveryPlan, Step};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanDocument<'a> {
    inventory_digest: String,
    steps: Vec<StepDocument<'a>>,
    left: Vec<LeftDocument<'a>>,
    refusals: Vec<RefusalDocument<'a>>,
    healthy: &'a [&'static str],
    kubeconfig_copies: Vec<CopyDocument<'a>>,
}

#[derive(Serialize)]
#[serde(
    tag = "action",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
enum StepDocument<'a> {
    ReSign {
        name: &'a str,
        path: String,
        authority: Option<&'a str>,
        reason: &'a str,
        start_date: String,
        expiration_date: String,
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

#[derive(Serialize)]
struct LeftDocument<'a> {
    name: &'a str,
    reason: &'a str,
    needs: &'a str,
}

#[derive(Serialize)]
struct RefusalDocument<'a> {
    code: &'a str,
    subject: &'a str,
    evidence: &'a str,
    remedy: &'a str,
    runbook: String,
}

pub(super) fn write_json(plan: &RecoveryPlan, out: &mut dyn Write) -> io::Result<()> {
    let document = PlanDocument {
        inventory_digest: plan.inventory_digest.to_string(),
        steps: plan.steps.iter().map(step_document).collect(),
        left: plan
            .left
            .iter()
            .map(|left| LeftDocument {
                name: &left.name,
                reason: &left.reason,
                needs: &left.needs,
            })
            .collect(),
        refusals: plan
            .refusals
            .iter()
            .map(|refusal| RefusalDocument {
                code: refusal.code.as_str(),
                subject: &refusal.subject,
                evidence: &refusal.evidence,
                remedy: &refusal.remedy,
                runbook: refusal.code.runbook(),
            })
            .collect(),
        healthy: &plan.healthy,
        kubeconfig_copies: plan.copies.iter().map(CopyDocument::from).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document).map_err(io::Error::from)?;
    writeln!(out)
}

fn step_document(step: &Step) -> StepDocument<'_> {
    match step {
        Step::ReSign(step) => StepDocument::ReSign {
            name: step.name,
            path: step.location.path().display().to_string(),
            authority: step.authority.map(AuthorityName::as_str),
            reason: step.state.as_str(),
            start_date: timestamp(step.validity.not_before),
            expiration_date: timestamp(step.validity.not_after),
        },
        Step::Mint(step) => StepDocument::Issue {
            name: step.name,
            node: &step.node,
            path: step.link.display().to_string(),
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
