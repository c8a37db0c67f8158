//! The names in a certificate, in kubeadm's order. Pure.

use std::collections::HashSet;
use std::net::IpAddr;

use super::LeafProfileError;
use crate::kubernetes::{KubernetesVersion, node_name};

/// The names of a certificate while they are gathered.
#[derive(Debug, Default)]
pub(super) struct Names {
    dns: Vec<String>,
    addresses: Vec<IpAddr>,
}

impl Names {
    /// Adds a DNS name, whatever it looks like: a node's may look like an address.
    pub(super) fn add_dns(&mut self, name: &str) -> Result<(), LeafProfileError> {
        if node_name(name).as_deref() != Some(name) {
            return Err(not_a_name(name));
        }
        self.dns.push(name.to_owned());
        Ok(())
    }

    /// Adds an address. One of IPv4 in the clothes of IPv6 is that of IPv4, as it is for Go.
    pub(super) fn add_address(&mut self, address: IpAddr) {
        self.addresses.push(address.to_canonical());
    }

    /// Adds whichever of the two `name` is; a DNS name may begin with `*.`.
    pub(super) fn add(&mut self, name: &str) -> Result<(), LeafProfileError> {
        if let Ok(address) = name.parse() {
            self.add_address(address);
            return Ok(());
        }
        let domain = name.strip_prefix("*.").unwrap_or(name);
        // `010.0.0.1` is an address for Go, and for nobody else.
        let letters = name.contains(|letter: char| letter.is_ascii_alphabetic());
        if !letters || node_name(domain).as_deref() != Some(domain) {
            return Err(not_a_name(name));
        }
        self.dns.push(name.to_owned());
        Ok(())
    }

    /// Each name once: DNS names sorted, addresses as they came (`RemoveDuplicateAltNames`). Before 1.19 DNS names too were written
    /// as they came, and repeated ones repeatedly, which is not done again.
    pub(super) fn ordered(self, version: KubernetesVersion) -> (Vec<String>, Vec<IpAddr>) {
        let Self {
            mut dns,
            mut addresses,
        } = self;
        let mut seen = HashSet::new();
        dns.retain(|name| seen.insert(name.clone()));
        if (version.major, version.minor) >= (1, 19) {
            dns.sort_unstable();
        }
        let mut seen = HashSet::new();
        addresses.retain(|address| seen.insert(*address));
        (dns, addresses)
    }
}

fn not_a_name(name: &str) -> LeafProfileError {
    let name = name.to_owned();
    LeafProfileError::NotAName { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(names: &[&str], version: &str) -> (Vec<String>, Vec<IpAddr>) {
        let mut gathered = Names::default();
        for name in names {
            gathered.add(name).unwrap();
        }
        gathered.ordered(version.parse().unwrap())
    }

    #[test]
    fn names_are_sorted_and_addresses_stay_each_once() {
        let names = [
            "b",
            "*.a.test",
            "9.9.9.9",
            "b",
            "::1",
            "::ffff:9.9.9.9",
            "1.1.1.1",
        ];
        let (dns, addresses) = ordered(&names, "1.36.2");
        assert_eq!(dns, ["*.a.test", "b"]);
        let addresses: Vec<_> = addresses.iter().map(IpAddr::to_string).collect();
        assert_eq!(addresses, ["9.9.9.9", "::1", "1.1.1.1"]);
        assert_eq!(ordered(&names, "1.18.20").0, ["b", "*.a.test"]);
    }

    #[test]
    fn what_is_neither_a_name_nor_an_address_is_refused() {
        for name in [
            "",
            "Api.Test",
            "a b",
            "010.0.0.1",
            "1.2.3",
            "a_b",
            "*",
            "a.*.b",
            "*.*.a",
            "[::1]",
            "a:1",
            "10.0.0.0/8",
            "a.",
        ] {
            let refused = Names::default().add(name).unwrap_err();
            let name = name.to_owned();
            assert_eq!(refused, LeafProfileError::NotAName { name });
        }
    }
}
