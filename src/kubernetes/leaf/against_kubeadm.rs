//! Tests only: the profiles held against what kubeadm 1.36.2 itself wrote, as openssl reads it.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the nodes of testdata and start openssl"
)]

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{LeafProfile, NodeFacts, leaf_profile};
use crate::kubernetes::{
    CATALOG, Kubeconfig, KubeletConfig, KubernetesVersion, Place, Source, StaticPod,
};

/// A node that kubeadm laid out.
struct Node(PathBuf);

impl Node {
    fn named(name: &str) -> Self {
        let nodes = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/nodes");
        Self(nodes.join(name))
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.0.join(path)).ok()
    }

    fn api_server(&self) -> StaticPod {
        let manifest = self.read("etc/kubernetes/manifests/kube-apiserver.yaml");
        StaticPod::parse(&manifest.unwrap()).unwrap()
    }

    fn version(&self) -> KubernetesVersion {
        KubernetesVersion::of_image(self.api_server().image().unwrap()).unwrap()
    }

    fn facts(&self) -> NodeFacts {
        let api_server = self.api_server();
        let flag = |name: &str| api_server.flag(name).unwrap();
        let kubelet = self.read("var/lib/kubelet/config.yaml").unwrap();
        let kubelet = KubeletConfig::parse(&kubelet).unwrap();
        NodeFacts {
            node: Some("cp-1".to_owned()),
            advertise_address: Some(flag("advertise-address").parse().unwrap()),
            service_cidrs: Some(flag("service-cluster-ip-range").parse().unwrap()),
            dns_domain: kubelet.cluster_domain().map(str::to_owned),
            endpoint_host: Some("api.example.test".to_owned()),
            // These two were in the certSANs of the configuration that the nodes were made with.
            api_server_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            ..NodeFacts::default()
        }
    }

    /// The certificate of that name, if the node has it.
    fn certificate(&self, place: Place) -> Option<Vec<u8>> {
        match place {
            Place::Pair { stem, .. } => self.read(&format!("etc/kubernetes/pki/{stem}.crt")),
            Place::Kubeconfig { file, .. } => {
                let kubeconfig = self.read(&format!("etc/kubernetes/{file}"))?;
                let kubeconfig = Kubeconfig::parse(&kubeconfig).unwrap();
                match kubeconfig.client_certificate() {
                    Source::Embedded(pem) => Some(pem.clone()),
                    // The link is absolute, so it leads nowhere here.
                    Source::File(_) => {
                        let folder = fs::read_dir(self.0.join("var/lib/kubelet/pki")).unwrap();
                        let mut paths = folder.map(|entry| entry.unwrap().path());
                        let dated =
                            paths.find(|path| path.to_string_lossy().contains("kubelet-client-2"));
                        Some(fs::read(dated.unwrap()).unwrap())
                    }
                }
            }
            Place::KubeletServing => None,
        }
    }
}

/// What openssl says of the first certificate in `pem`.
fn read_by_openssl(pem: &[u8]) -> String {
    let mut openssl = Command::new("openssl")
        .args(["x509", "-noout", "-subject", "-nameopt", "RFC2253", "-ext"])
        .arg("keyUsage,extendedKeyUsage,basicConstraints,subjectAltName")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    openssl.stdin.take().unwrap().write_all(pem).unwrap();
    let output = openssl.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// What openssl would say of a certificate of this profile. RFC 2253 has the last RDN first.
fn as_openssl_says(profile: &LeafProfile) -> String {
    let organization = profile.organization.map(|name| format!(",O={name}"));
    let usages: Vec<_> = [
        profile.server.then_some("TLS Web Server Authentication"),
        profile.client.then_some("TLS Web Client Authentication"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut text = format!(
        "subject=CN={}{}\nX509v3 Key Usage: critical\n    Digital Signature, Key Encipherment\n\
         X509v3 Extended Key Usage: \n    {}\nX509v3 Basic Constraints: critical\n    CA:FALSE\n",
        profile.common_name,
        organization.unwrap_or_default(),
        usages.join(", ")
    );
    let dns = profile.dns_names.iter().map(|name| format!("DNS:{name}"));
    let addresses = profile.ip_addresses.iter().map(|address| match address {
        IpAddr::V4(address) => format!("IP Address:{address}"),
        IpAddr::V6(address) => {
            let groups = address.segments().map(|group| format!("{group:X}"));
            format!("IP Address:{}", groups.join(":"))
        }
    });
    let names: Vec<_> = dns.chain(addresses).collect();
    if !names.is_empty() {
        text += "X509v3 Subject Alternative Name: \n    ";
        text += &names.join(", ");
        text.push('\n');
    }
    text
}

#[test]
fn each_profile_is_that_of_the_certificate_that_kubeadm_wrote() {
    for (name, expected) in [
        ("rsa2048-stacked", 12),
        ("ecdsa-p256-stacked", 12),
        // etcd's certificates are elsewhere, and the client's was made by its user.
        ("rsa3072-external-etcd", 8),
    ] {
        let node = Node::named(name);
        let facts = node.facts();
        let mut compared = 0;
        for entry in CATALOG {
            let foreign = name == "rsa3072-external-etcd" && entry.name.contains("etcd");
            let Some(certificate) = node.certificate(entry.place).filter(|_| !foreign) else {
                continue;
            };
            let profile = leaf_profile(entry.name, &facts, node.version()).unwrap();
            assert_eq!(
                as_openssl_says(&profile),
                read_by_openssl(&certificate),
                "{name}: {}",
                entry.name
            );
            compared += 1;
        }
        assert_eq!(compared, expected, "{name}");
    }
}
