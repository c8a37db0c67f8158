//! A credential of which no certificate is left to go by: what kubeadm would make, from what is on the node.

use super::node_facts::{node_facts, server, version};
use super::{LeftAlone, NewKubeconfig, Rebuild, Request, Shape};
use crate::diagnosis::Finding;
use crate::inventory::{CredentialEntry, Inventory, Remains};
use crate::kubernetes::{
    AuthorityName, Component, LeafProfileError, MissingFact, NodeFacts, Place, leaf_profile,
};
use crate::pki::{Certificate, KeyAlgorithm, Validity};

/// What a name is for that nothing on the node tells.
const CLUSTER: &str = "kubernetes";

/// The step; what a person has to bring, where that cannot be known here.
pub(super) fn rebuild(
    inventory: &Inventory,
    request: &Request,
    entry: &CredentialEntry,
    finding: &Finding,
    remains: &Remains,
    validity: Validity,
) -> Result<Rebuild, LeftAlone> {
    let name = finding.name;
    let leave = |needs: String| LeftAlone {
        name: name.to_owned(),
        reason: super::draft::evidence(finding),
        needs,
    };
    let version = version(inventory, request).ok_or_else(|| {
        leave(
            "the version of Kubernetes, which the image in kube-apiserver.yaml does not tell: --kubernetes-version 1.N.P"
                .to_owned(),
        )
    })?;
    let facts = node_facts(inventory, request);
    let profile = leaf_profile(name, &facts, version).map_err(|error| leave(needs(&error)))?;
    let authority = entry.issuer.authority().unwrap_or(AuthorityName::Cluster);
    let algorithm = || {
        algorithm_of(inventory, entry)
            .ok_or_else(|| leave("a backup of it: no key here tells which kind it had".to_owned()))
    };
    let shape = match (&entry.catalog.place, &remains.kubeconfig) {
        (Place::Pair { .. } | Place::KubeletServing, _) => Shape::Pair,
        (Place::Kubeconfig { .. }, Some(_)) => Shape::Credential,
        (Place::Kubeconfig { reader, .. }, None) => {
            let server = server(inventory, name).ok_or_else(|| {
                leave(format!(
                    "{} in kube-apiserver.yaml, or a backup of it",
                    MissingFact::AdvertiseAddress
                ))
            })?;
            let link = entry.missing.as_ref().map(|missing| missing.link.clone());
            Shape::Kubeconfig(NewKubeconfig {
                cluster: cluster(inventory),
                server,
                user: profile.common_name.clone(),
                credential_file: link.filter(|_| *reader == Some(Component::Kubelet)),
            })
        }
    };
    if let (Shape::Credential, Some(kubeconfig)) = (&shape, &remains.kubeconfig)
        && kubeconfig.user_name() != profile.common_name
    {
        return Err(leave(format!(
            "its credential by other means: it is for the user `{}`, whom kubeadm does not make",
            kubeconfig.user_name()
        )));
    }
    let keeps_key = remains.key.is_some() && !request.rekey;
    Ok(Rebuild {
        name,
        authority,
        new_key: if keeps_key || shape.names_its_credential() {
            None
        } else {
            Some(algorithm()?)
        },
        path: remains.file.path.clone(),
        profile,
        shape,
        state: finding.state,
        validity,
    })
}

/// Whether a certificate is what kubeadm makes of that name on this node: subject and usages, its names aside. Only then may it say
/// what a credential is whose key is lost; with another's it would log on as somebody else.
pub(super) fn is_kubeadms(
    inventory: &Inventory,
    request: &Request,
    name: &str,
    leaf: &Certificate,
) -> bool {
    let facts = NodeFacts {
        node: node_facts(inventory, request).node,
        ..NodeFacts::of_nobody()
    };
    let version = version(inventory, request);
    let Some(profile) = version.and_then(|version| leaf_profile(name, &facts, version).ok()) else {
        return false;
    };
    let organization = profile.organization.map(|one| format!(",O={one}"));
    let subject = format!(
        "CN={}{}",
        profile.common_name,
        organization.unwrap_or_default()
    );
    let usages = [
        (profile.server, "serverAuth"),
        (profile.client, "clientAuth"),
    ];
    let usages = usages.iter().filter(|(wanted, _)| *wanted);
    let usages: Vec<&str> = usages.map(|(_, usage)| *usage).collect();
    leaf.subject() == subject && leaf.extended_key_usages() == usages
}

/// What a person has to bring, by the flag that takes it.
fn needs(error: &LeafProfileError) -> String {
    let LeafProfileError::Missing { facts, .. } = error else {
        return error.to_string();
    };
    let needs: Vec<String> = facts
        .iter()
        .map(|fact| match fact {
            MissingFact::Node => format!("{fact}: --node-name NAME"),
            MissingFact::EndpointHost => {
                format!("{fact}, the node's own where there is no other: --add-san apiserver=HOST")
            }
            MissingFact::AdvertiseAddress | MissingFact::ServiceCidrs | MissingFact::DnsDomain => {
                fact.to_string()
            }
        })
        .collect();
    needs.join("; ")
}

/// The kind of key that kubeadm gives everything in a cluster: that of a sibling's, else that of the authority itself.
pub(super) fn algorithm_of(inventory: &Inventory, entry: &CredentialEntry) -> Option<KeyAlgorithm> {
    let siblings = inventory
        .credentials
        .iter()
        .filter(|other| other.issuer == entry.issuer);
    let leaves = siblings.filter_map(CredentialEntry::certificate);
    let authority = entry
        .issuer
        .authority()
        .and_then(|name| inventory.authority(name)?.bundle()?.first());
    leaves.chain(authority).find_map(Certificate::key_algorithm)
}

/// What the other kubeconfigs call the cluster.
fn cluster(inventory: &Inventory) -> String {
    let credentials = inventory.credentials.iter();
    let mut names = credentials.filter_map(|entry| Some(entry.cluster.as_ref()?.name().to_owned()));
    names.next().unwrap_or_else(|| CLUSTER.to_owned())
}
