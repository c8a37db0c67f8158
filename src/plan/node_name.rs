//! Which node this is, where a kubelet's credential that is gone is to be made anew.

use crate::inventory::{Named, NodeNames};

/// The name on which the kubelet and all else on the node agree: with another one the kubelet would be another node.
pub(super) fn agreed(names: &NodeNames) -> Result<String, String> {
    let taken = &names.taken;
    let others: Vec<String> = names
        .witnesses
        .iter()
        .filter(|witness| witness.name != taken.name)
        .map(said)
        .collect();
    match &taken.name {
        None => Err(format!("{} has none that a node can have", taken.source)),
        Some(_) if !others.is_empty() => Err(format!("{}, but {}", said(taken), others.join(", "))),
        Some(_) if names.witnesses.is_empty() => Err(format!(
            "{}, and nothing else on the node confirms it",
            said(taken)
        )),
        Some(name) => Ok(name.clone()),
    }
}

fn said(named: &Named) -> String {
    let name = named.name.as_deref().unwrap_or_default();
    format!("{} says `{name}`", named.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, source: &str) -> Named {
        Named {
            name: Some(name.to_owned()),
            source: source.to_owned(),
        }
    }

    fn doubt(taken: Named, witnesses: &[(&str, &str)]) -> Result<String, String> {
        let witnesses = witnesses.iter().map(|(name, source)| named(name, source));
        agreed(&NodeNames {
            taken,
            witnesses: witnesses.collect(),
        })
    }

    #[test]
    fn a_name_counts_if_something_confirms_it_and_nothing_denies_it() {
        let host = || named("cp-1", "the host name");
        assert_eq!(doubt(host(), &[("cp-1", "etcd")]).unwrap(), "cp-1");
        let both = [("cp-1", "etcd"), ("cp-2", "its certificate")];
        assert_eq!(
            doubt(host(), &both).unwrap_err(),
            "the host name says `cp-1`, but its certificate says `cp-2`"
        );
        assert!(doubt(host(), &[]).unwrap_err().contains("nothing else"));
        let none = Named {
            name: None,
            source: "/etc/hostname".to_owned(),
        };
        assert!(
            doubt(none, &both)
                .unwrap_err()
                .contains("/etc/hostname has none")
        );
    }
}
