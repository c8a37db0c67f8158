//! How each credential that needs something gets it: signed again, for another key, made anew, or installed.

use super::another_node::another_nodes;
use super::install::fitting;
use super::node_name::agreed;
use super::planner::Planner;
use super::rebuild::{algorithm_of, is_kubeadms, rebuild};
use super::signer::{command, second};
use super::{Install, LeftAlone, Mint, ReSign, RefusalCode, Step};
use crate::diagnosis::{Finding, MissingName, State};
use crate::inventory::{CredentialEntry, Issuer, MissingPem, Remains};
use crate::kubernetes::AuthorityName;
use crate::pki::{AlternativeName, Certificate, KeyAlgorithm, Revision, Validity};

impl Planner<'_> {
    /// From now on, for as long as was asked for and its `signer` lives.
    fn validity(&self, signer: Option<Validity>) -> Validity {
        let own = Validity::starting_at(self.draft.now, self.request.validity, None);
        signer.map_or(own, |signer| own.within(&signer))
    }

    /// Whether something was asked for that concerns even a certificate that is good.
    pub(super) fn is_wanted(&self, entry: &CredentialEntry, finding: &Finding) -> bool {
        let request = self.request;
        request.force || request.rekey || !self.additional_names(entry, finding).is_empty()
    }

    /// A certificate that was signed elsewhere; no authority signs anything here then.
    pub(super) fn install(&mut self, entry: &CredentialEntry, finding: &Finding) {
        let certificates = self.request.certificates.iter();
        let mut own = certificates.filter(|(name, _)| *name == finding.name);
        let Some((_, certificate)) = own.next() else {
            // The kubelet's own needs nobody else.
            if entry.issuer == Issuer::Itself
                && matches!(finding.state, State::Expired | State::Expiring)
            {
                return self.re_sign(entry, finding);
            }
            match finding.state {
                State::Valid | State::ExternallyManaged => {
                    self.draft.plan.healthy.push(finding.name);
                }
                _ => self.draft.leave_unsigned(finding),
            }
            return;
        };
        let present = entry.certificate();
        if present == Some(certificate) {
            return self.draft.plan.healthy.push(finding.name);
        }
        match fitting(self.draft.inventory, entry, certificate, self.draft.now) {
            Ok(()) => self.draft.plan.steps.push(Step::Install(Box::new(Install {
                name: finding.name,
                certificate: certificate.clone(),
                location: entry.location.clone(),
                state: finding.state,
            }))),
            Err(reason) => self.draft.refuse(
                RefusalCode::CertificateUnfit,
                finding.name,
                reason,
                &format!(
                    "have it signed again, as it was asked for: {}",
                    command(self.draft.inventory, "csr export --out DIR")
                ),
            ),
        }
    }

    /// A credential of which a part is gone or ruined.
    pub(super) fn make_anew(
        &mut self,
        entry: &CredentialEntry,
        finding: &Finding,
        remains: &Remains,
    ) {
        // With its certificate there is a model: only the key is another one.
        if let Ok(content) = &entry.content {
            if self.is_strange(finding) {
                return self.refuse_issuer(finding);
            }
            if !self.request.force
                && let Some(evidence) = another_nodes(self.draft.inventory, entry)
            {
                return self.draft.refuse_another_nodes(finding, &evidence);
            }
            let leaf = content.certificate();
            let is_kubeadms = leaf.is_some_and(|leaf| {
                is_kubeadms(self.draft.inventory, self.request, finding.name, leaf)
            });
            if !self.request.force && !is_kubeadms {
                return self.draft.refuse_lost_key(entry, finding);
            }
            let algorithm = leaf.and_then(Certificate::key_algorithm);
            let new_key = algorithm.or_else(|| algorithm_of(self.draft.inventory, entry));
            return self.renew(entry, finding, new_key);
        }
        let Ok(signer) = self.draft.signer(entry, finding) else {
            return;
        };
        let validity = self.validity(signer);
        let (inventory, request) = (self.draft.inventory, self.request);
        let step = match rebuild(inventory, request, entry, finding, remains, validity) {
            Ok(step) => step,
            Err(left) => return self.draft.plan.left.push(left),
        };
        self.draft
            .leave_short_lived(finding.name, &validity, self.within);
        let missing = entry.missing.as_ref();
        let missing = missing.filter(|_| step.shape.names_its_credential());
        self.draft.plan.steps.push(Step::Rebuild(Box::new(step)));
        if let Some(missing) = missing {
            self.mint(entry, finding, missing);
        }
    }

    pub(super) fn mint(
        &mut self,
        entry: &CredentialEntry,
        finding: &Finding,
        missing: &MissingPem,
    ) {
        let Ok(signer) = self.draft.signer(entry, finding) else {
            return;
        };
        let node = match &self.request.node_name {
            Some(name) => Ok(name.clone()),
            None => agreed(&self.draft.inventory.node_names),
        };
        let node = match node {
            Ok(node) => node,
            Err(doubt) => return self.draft.leave_nameless(finding, &doubt),
        };
        let validity = self.validity(signer);
        self.draft
            .leave_short_lived(finding.name, &validity, self.within);
        self.draft.plan.steps.push(Step::Mint(Mint {
            name: finding.name,
            authority: AuthorityName::Cluster,
            node,
            link: missing.link.clone(),
            found: missing.found.clone(),
            state: finding.state,
            validity,
        }));
    }

    pub(super) fn re_sign(&mut self, entry: &CredentialEntry, finding: &Finding) {
        let leaf = entry.certificate();
        let algorithm = leaf.and_then(Certificate::key_algorithm);
        let new_key = algorithm
            .or_else(|| algorithm_of(self.draft.inventory, entry))
            .filter(|_| self.request.rekey);
        self.renew(entry, finding, new_key);
    }

    /// The names that the certificate is to have besides its own, each once.
    fn additional_names(&self, entry: &CredentialEntry, finding: &Finding) -> Vec<AlternativeName> {
        let missing = finding.missing_names.iter().map(|one| &one.name);
        let fixed = missing.filter(|_| self.request.fix_names);
        let wished = fixed.chain(self.request.names_of(finding.name));
        let wished: Vec<AlternativeName> = wished.cloned().collect();
        let Some(leaf) = entry.certificate() else {
            return wished;
        };
        let revision = Revision {
            additional_names: &wished,
            ..Revision::default()
        };
        revision.new_names(leaf).into_iter().cloned().collect()
    }

    pub(super) fn renew(
        &mut self,
        entry: &CredentialEntry,
        finding: &Finding,
        new_key: Option<KeyAlgorithm>,
    ) {
        let Ok(signer) = self.draft.signer(entry, finding) else {
            return;
        };
        let validity = self.validity(signer);
        let additional_names = self.additional_names(entry, finding);
        let is_other = new_key.is_some() || !additional_names.is_empty();
        let gains_nothing = !is_other
            && matches!(
                finding.state,
                State::Valid | State::Expiring | State::ExternallyManaged
            )
            && finding
                .validity
                .is_some_and(|(_, not_after)| validity.not_after <= not_after);
        if gains_nothing {
            self.draft.plan.left.push(LeftAlone {
                name: finding.name.to_owned(),
                reason: format!("it already lives until {}", second(validity.not_after)),
                needs: "a CA that lives longer, or a longer --validity".to_owned(),
            });
            return;
        }
        let missing = finding.missing_names.iter();
        let missing: Vec<MissingName> = missing
            .filter(|one| !additional_names.contains(&one.name))
            .cloned()
            .collect();
        if !missing.is_empty() {
            self.draft.leave_names(finding.name, &missing);
        }
        self.draft
            .leave_short_lived(finding.name, &validity, self.within);
        self.draft.plan.steps.push(Step::ReSign(ReSign {
            name: finding.name,
            authority: entry.issuer.authority(),
            location: entry.location.clone(),
            state: finding.state,
            validity,
            new_key,
            additional_names,
        }));
    }
}
