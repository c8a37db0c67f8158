//! The authorities themselves: a certificate that is gone from its place, and those that are to have new dates.

use super::draft::Draft;
use super::signer::second;
use super::{LeftAlone, Refusal, RefusalCode, ReissueAuthority, Request, RestoreAuthority, Step};
use crate::diagnosis::{Finding, State};
use crate::evidence::with_causes;
use crate::inventory::AuthorityEntry;
use crate::kubernetes::AuthorityName;
use crate::pki::Validity;

/// Decides about every authority; to be called before anything that they sign is decided.
pub(super) fn decide_authorities(draft: &mut Draft<'_>, request: &Request, findings: &[Finding]) {
    for (entry, finding) in draft.inventory.authorities.iter().zip(findings) {
        restore(draft, entry, finding);
        if let Some(reissue) = &request.reissue {
            let is_named = reissue.authorities.contains(&entry.name);
            let ends = matches!(finding.state, State::Expired | State::Expiring);
            if is_named || reissue.authorities.is_empty() && ends {
                let validity = Validity::starting_at(draft.now, reissue.validity, None);
                give_dates(draft, request, entry, finding, validity);
            }
        }
    }
}

/// A certificate whose key is here, and of which a kubeconfig has a copy.
fn restore(draft: &mut Draft<'_>, entry: &AuthorityEntry, finding: &Finding) {
    let (Some(found), Some(certificate)) = (&entry.found, entry.certificate(draft.now)) else {
        return;
    };
    if !found.others.is_empty() {
        draft.plan.left.push(LeftAlone {
            name: entry.name.to_string(),
            reason: format!(
                "{} trusts others besides: `{}`; whether they stood in {} too is not known",
                found.source,
                found.others.join("`, `"),
                draft.inventory.outside(&entry.certificate_path).display()
            ),
            needs: "a look: an old root belongs there as long as something that it signed lives, a load balancer's does not"
                .to_owned(),
        });
    }
    draft
        .plan
        .steps
        .push(Step::RestoreAuthority(RestoreAuthority {
            name: entry.name,
            path: found.slot.path.clone(),
            source: found.source,
            state: finding.state,
            validity: Validity::of(certificate),
        }));
}

fn give_dates(
    draft: &mut Draft<'_>,
    request: &Request,
    entry: &AuthorityEntry,
    finding: &Finding,
    validity: Validity,
) {
    if let Some(refusal) = draft.signers.obstacle_to_reissue(entry.name) {
        let is_anothers = finding.externally_managed && entry.name != AuthorityName::Cluster;
        let is_named = request
            .reissue
            .iter()
            .any(|reissue| reissue.authorities.contains(&entry.name));
        if is_anothers && !is_named {
            draft.plan.left.push(LeftAlone {
                name: entry.name.to_string(),
                reason: format!("it is {}, and {}", finding.state, refusal.evidence),
                needs: format!(
                    "new dates by its owner, with the same key, in {}",
                    draft.inventory.outside(&entry.certificate_path).display()
                ),
            });
            return;
        }
        return draft.note(refusal);
    }
    let Some(certificate) = entry.certificate(draft.now) else {
        return;
    };
    if certificate.issuer_der() != certificate.subject_der() {
        return draft.note(Refusal {
            code: if finding.state == State::Expired {
                RefusalCode::AuthorityExpired
            } else {
                RefusalCode::AuthorityCannotSign
            },
            subject: entry.name.to_string(),
            evidence: format!(
                "{} was signed by `{}`: signed by itself it would be another authority",
                draft.inventory.outside(&entry.certificate_path).display(),
                certificate.issuer()
            ),
            remedy: format!(
                "have it signed again there, for the same key: {}",
                certificate.issuer()
            ),
        });
    }
    // What it signed before keeps lying within its life.
    let validity = Validity {
        not_before: validity.not_before.min(certificate.not_before()),
        ..validity
    };
    if validity.not_after <= certificate.not_after() {
        draft.plan.left.push(LeftAlone {
            name: entry.name.to_string(),
            reason: format!("it already lives until {}", second(certificate.not_after())),
            needs: "a longer --ca-validity, if it is to live longer".to_owned(),
        });
        return;
    }
    for error in &draft.inventory.trust_obstacles {
        draft.plan.left.push(LeftAlone {
            name: entry.name.to_string(),
            reason: with_causes(error),
            needs: "a look, whether the old certificate is in it".to_owned(),
        });
    }
    let trusting = draft.inventory.trusting(entry.name, certificate);
    let (copies, personal): (Vec<_>, Vec<_>) = trusting
        .into_iter()
        .partition(|trust| request.refresh_kubeconfigs || !draft.inventory.is_personal(trust));
    for trust in personal {
        let path = draft.inventory.outside(&trust.file.path);
        draft.plan.left.push(LeftAlone {
            name: entry.name.to_string(),
            reason: format!("{} has the old certificate of it", path.display()),
            needs: "the new one there, too: --refresh-kubeconfigs".to_owned(),
        });
    }
    let step = ReissueAuthority {
        name: entry.name,
        certificate: certificate.clone(),
        state: finding.state,
        validity,
        copies: copies
            .into_iter()
            .map(|trust| trust.file.path.clone())
            .collect(),
    };
    draft.signers.reissue(entry.name, validity);
    draft
        .plan
        .steps
        .push(Step::ReissueAuthority(Box::new(step)));
}
