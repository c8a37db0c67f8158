//! People's copies of the credentials of administrators: refreshed where that was asked for, and named otherwise.

use time::OffsetDateTime;

use super::draft::Draft;
use super::{LeftAlone, Refresh, Request, Step};
use crate::diagnosis::{CopyFinding, CopyState};
use crate::inventory::{CopiedUser, Copies, PersonalKubeconfig};
use crate::pki::Certificate;

/// Of administrators a node has two. Each copy in a file is an edit of the whole file, and whose file it is may mean ill.
const MOST_COPIES: usize = 8;

/// Decides about every copy; to be called when it is known which originals are renewed.
pub(super) fn decide_copies(draft: &mut Draft<'_>, request: &Request, findings: &[CopyFinding]) {
    for (kubeconfig, finding) in draft.inventory.personal.iter().zip(findings) {
        let renewed = finding
            .originals
            .iter()
            .any(|name| new_end(draft, name).is_some());
        if finding.state == CopyState::Current && !renewed {
            continue;
        }
        if !request.refresh_kubeconfigs {
            draft.plan.copies.push(finding.clone());
            continue;
        }
        match refresh(draft, kubeconfig, finding) {
            Ok(step) => draft.plan.steps.push(Step::Refresh(step)),
            Err(left) => draft.plan.left.push(left),
        }
    }
}

fn refresh(
    draft: &Draft<'_>,
    kubeconfig: &PersonalKubeconfig,
    finding: &CopyFinding,
) -> Result<Refresh, LeftAlone> {
    let path = draft.inventory.outside(&finding.path);
    let leave = |reason: String, needs: String| LeftAlone {
        name: finding.name.clone(),
        reason,
        needs,
    };
    let copies: &Copies = kubeconfig.content.as_ref().map_err(|_| {
        leave(
            finding.evidence.clone().unwrap_or_default(),
            format!(
                "a look at {}, whether it is a copy of admin.conf",
                path.display()
            ),
        )
    })?;
    if copies.users.len() > MOST_COPIES {
        return Err(leave(
            format!(
                "it has {} copies in it; at most {MOST_COPIES} are refreshed",
                copies.users.len()
            ),
            "a look at who made them, and why".to_owned(),
        ));
    }
    let mut not_after = None;
    for user in &copies.users {
        if !user.has_same_key {
            return Err(leave(
                format!("it is a copy of {}, which has another key now", user.of),
                format!("a new copy of {}, by hand", user.of),
            ));
        }
        if gets_new_key(draft, user.of) {
            return Err(leave(
                format!("it is a copy of {}, which gets another key now", user.of),
                format!("a new copy of {}, by hand", user.of),
            ));
        }
        let Some(end) = good_end(draft, user) else {
            return Err(leave(
                format!("{} itself has nothing newer", user.of),
                format!("{} renewed, then this once more", user.of),
            ));
        };
        not_after = not_after.map_or(Some(end), |earlier| Some(end.min(earlier)));
    }
    Ok(Refresh {
        name: finding.name.clone(),
        path: copies.file.path.clone(),
        originals: finding.originals.clone(),
        not_after: not_after.unwrap_or(draft.now),
    })
}

/// When the certificate ends that the copy can have; `None` where that gains nothing.
fn good_end(draft: &Draft<'_>, user: &CopiedUser) -> Option<OffsetDateTime> {
    new_end(draft, user.of).or_else(|| {
        let present = draft
            .inventory
            .original(user.of)
            .map(Certificate::not_after);
        present.filter(|end| *end > draft.now && *end > user.certificate.not_after())
    })
}

fn gets_new_key(draft: &Draft<'_>, name: &str) -> bool {
    draft.plan.re_keyed().any(|(own, _)| own == name)
}

/// When the certificate ends that the original gets in this plan, if it gets one.
fn new_end(draft: &Draft<'_>, name: &str) -> Option<OffsetDateTime> {
    let step = draft.plan.re_signed().find(|step| step.name == name)?;
    Some(step.validity.not_after)
}
