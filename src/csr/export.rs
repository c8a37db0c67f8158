//! What a node has to ask for: the certificates that need something and whose authority's key is not here.

use time::OffsetDateTime;

use super::{CsrError, RequestBundle, RequestedCertificate};
use crate::diagnosis::{Finding, State};
use crate::inventory::{AuthorityEntry, CredentialEntry, Inventory, KeyState};
use crate::pki::CertificateRequest;

/// A certificate for which no request can be made, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// kubeadm's name.
    pub name: &'static str,
    /// Why.
    pub reason: String,
}

/// The requests of the node, for certificates that live `validity_seconds`; of those that `wanted` says, whatever their state.
pub fn export(
    inventory: &Inventory,
    findings: &[Finding],
    wanted: impl Fn(&Finding) -> bool,
    validity_seconds: u64,
    host: String,
    now: OffsetDateTime,
) -> Result<(RequestBundle, Vec<Skipped>), CsrError> {
    let mut requests = Vec::new();
    let mut skipped = Vec::new();
    for (entry, finding) in inventory.credentials.iter().zip(findings) {
        if !wanted(finding) {
            continue;
        }
        let authority = entry.issuer.authority();
        let authority = authority.and_then(|name| inventory.authority(name));
        let Some(authority) = authority.filter(|one| one.is_externally_managed()) else {
            continue;
        };
        match request(entry, authority)? {
            Some(requested) => requests.push(requested),
            None => skipped.push(Skipped {
                name: finding.name,
                reason: reason(finding),
            }),
        }
    }
    let bundle = RequestBundle {
        created_at: now.truncate_to_second(),
        created_by: host,
        validity_seconds,
        requests,
    };
    Ok((bundle, skipped))
}

fn request(
    entry: &CredentialEntry,
    authority: &AuthorityEntry,
) -> Result<Option<RequestedCertificate>, CsrError> {
    let name = entry.catalog.name;
    let Ok(content) = &entry.content else {
        return Ok(None);
    };
    let (Some(certificate), KeyState::Fits(key)) = (content.certificate(), &content.key) else {
        return Ok(None);
    };
    let request = CertificateRequest::for_model(certificate, key).map_err(|source| CsrError {
        name: name.to_owned(),
        source,
    })?;
    Ok(Some(RequestedCertificate {
        name: name.to_owned(),
        authority: authority.name.to_string(),
        certificate: certificate.clone(),
        request,
    }))
}

fn reason(finding: &Finding) -> String {
    match (&finding.evidence, finding.state) {
        (Some(evidence), _) => evidence.clone(),
        (None, State::Missing) => "it is missing".to_owned(),
        (None, state) => state.to_string(),
    }
}
