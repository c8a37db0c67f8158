//! What is left to a person: why, and what it needs.

use time::Duration;

use super::LeftAlone;
use super::draft::{Draft, evidence};
use super::signer::{command, second};
use crate::diagnosis::{Finding, MissingName, lacking};
use crate::inventory::{AuthorityEntry, CredentialEntry};
use crate::pki::{Certificate, Validity};

impl Draft<'_> {
    pub(super) fn leave_missing(&mut self, entry: &CredentialEntry, finding: &Finding) {
        let what = match entry.location.path().extension() {
            Some(extension) if extension == "conf" => "the kubeconfig",
            _ => "certificate and key",
        };
        self.plan.left.push(LeftAlone {
            name: finding.name.to_owned(),
            reason: evidence(finding),
            needs: format!(
                "{what}, from a backup or from kubeadm: there is nothing on the node to renew"
            ),
        });
    }

    /// A request asks for longer than `within`: it is the CA that ends so soon, and so all that it signs.
    pub(super) fn leave_short_lived(
        &mut self,
        name: &'static str,
        validity: &Validity,
        within: Duration,
    ) {
        if validity.not_after - self.now > within {
            return;
        }
        self.plan.left.push(LeftAlone {
            name: name.to_owned(),
            reason: format!(
                "it can be renewed until {} alone, when its CA ends",
                second(validity.not_after)
            ),
            needs: "a CA that lives longer".to_owned(),
        });
    }

    /// A certificate that is good, but not for all who ask for it.
    pub(super) fn leave_names(&mut self, name: &str, missing: &[MissingName]) {
        self.plan.left.push(LeftAlone {
            name: name.to_owned(),
            reason: lacking(missing),
            needs: format!(
                "a word of yours that these are to be in it: --fix-sans; one of them: --add-san {name}=NAME"
            ),
        });
    }

    /// What was not among the certificates that were signed elsewhere.
    pub(super) fn leave_unsigned(&mut self, finding: &Finding) {
        self.plan.left.push(LeftAlone {
            name: finding.name.to_owned(),
            reason: format!("it is {}, and not among what was signed", finding.state),
            needs: format!(
                "to be asked for, too: {}",
                command(self.inventory, "csr export --out DIR")
            ),
        });
    }

    /// A kubelet's credential that could be made anew, if it were known for which node.
    pub(super) fn leave_nameless(&mut self, finding: &Finding, doubt: &str) {
        self.plan.left.push(LeftAlone {
            name: finding.name.to_owned(),
            reason: format!("{}; whose it was is in doubt: {doubt}", evidence(finding)),
            needs:
                "the name of this node in the cluster, then a new one can be made: --node-name NAME"
                    .to_owned(),
        });
    }

    /// A name that was asked for, and is nowhere on this node.
    pub(super) fn leave_absent(&mut self, name: &'static str) {
        self.plan.left.push(LeftAlone {
            name: name.to_owned(),
            reason: "it is not on this node".to_owned(),
            needs: "nothing, if it should not be here; else a backup, or kubeadm".to_owned(),
        });
    }

    pub(super) fn leave_to_stranger(&mut self, entry: &CredentialEntry, finding: &Finding) {
        let issuer = entry.certificate().map(Certificate::issuer);
        self.plan.left.push(LeftAlone {
            name: finding.name.to_owned(),
            reason: format!(
                "it is {}, and it was signed by `{}`, whom this node does not know",
                finding.state,
                issuer.unwrap_or_default()
            ),
            needs: "a new certificate from there, for the same key".to_owned(),
        });
    }

    pub(super) fn leave_to_authority(
        &mut self,
        entry: &CredentialEntry,
        finding: &Finding,
        authority: &AuthorityEntry,
    ) {
        self.plan.left.push(LeftAlone {
            name: finding.name.to_owned(),
            reason: format!(
                "it is {}, and the key of {} is not on this node ({})",
                finding.state,
                authority.name,
                authority.key_path.display()
            ),
            needs: format!(
                "a certificate for the key of {}, signed by whoever keeps the key of {}",
                entry.location.path().display(),
                authority.name
            ),
        });
    }
}
