//! Puts an expired node into a folder: authorities, certificates, kubeconfigs, manifests, the kubelet's folder.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::configuration::configuration_files;
use super::key_supply::KeySupply;
use super::pair::{Pair, common_name};
use super::template::fill;
use super::{CLOSED, DrillError, NodeSpecification, PUBLIC, certificates};
use crate::kubernetes::{AUTHORITIES, AuthorityName, CATALOG, CatalogEntry, Component, Place};
use crate::node::ScratchFolder;
use crate::pki::{Authority, KeyAlgorithm, Specification, Validity, encode, encode_certificate};

/// kubeadm's `certificateValidityPeriod`, and the kubelet's for itself.
const YEAR: Duration = Duration::days(365);
/// kubeadm's `caCertificateValidityPeriod`.
const AUTHORITY_LIFETIME: Duration = Duration::days(3650);

const KUBERNETES: &str = "/etc/kubernetes";
const CERTIFICATES: &str = "/etc/kubernetes/pki";
const KUBELET_CERTIFICATES: &str = "/var/lib/kubelet/pki";
/// What kubeadm makes with mode 0700.
const CLOSED_FOLDERS: [&str; 2] = ["/etc/kubernetes/manifests", "/var/lib/kubelet"];

/// Lays out the node as of one year and one day before `now`: its authorities are good for nine years more, everything
/// else expired a day ago.
pub fn lay_out(
    folder: &mut ScratchFolder,
    specification: &NodeSpecification,
    now: OffsetDateTime,
) -> Result<(), DrillError> {
    let leaves: Vec<Leaf> = CATALOG
        .iter()
        .filter_map(|entry| {
            Some(Leaf {
                entry,
                authority: entry.authority?,
                specification: certificates::leaf(entry.name, specification)?,
            })
        })
        .collect();
    let service_account_keys = 1;
    let keys = AUTHORITIES.len() + service_account_keys + leaves.len();
    let mut layout = Layout {
        node: specification,
        keys: KeySupply::start(specification.algorithm, keys)?,
        kubelet_keys: KeySupply::start(KeyAlgorithm::Rsa2048, 2)?,
        validity: Validity::ending_at(now.saturating_sub(Duration::DAY), YEAR),
        folder,
    };
    for closed in CLOSED_FOLDERS {
        layout.folder.create_folder(Path::new(closed), 0o700)?;
    }
    for file in configuration_files(specification) {
        layout.write(file.path, file.text.as_bytes(), file.mode)?;
    }
    let authorities = Authorities {
        cluster: layout.write_authority(AuthorityName::Cluster, "ca", now)?,
        etcd: layout.write_authority(AuthorityName::Etcd, "etcd/ca", now)?,
        front_proxy: layout.write_authority(AuthorityName::FrontProxy, "front-proxy-ca", now)?,
    };
    layout.write_service_account_key()?;
    for leaf in &leaves {
        layout.write_leaf(leaf, &authorities)?;
    }
    layout.write_kubelet_serving()
}

/// A certificate that one of the authorities issues.
struct Leaf {
    entry: &'static CatalogEntry,
    authority: AuthorityName,
    specification: Specification,
}

struct Authorities {
    cluster: Authority,
    etcd: Authority,
    front_proxy: Authority,
}

impl Authorities {
    fn named(&self, name: AuthorityName) -> &Authority {
        match name {
            AuthorityName::Cluster => &self.cluster,
            AuthorityName::Etcd => &self.etcd,
            AuthorityName::FrontProxy => &self.front_proxy,
        }
    }
}

/// A node in the making.
struct Layout<'a> {
    folder: &'a mut ScratchFolder,
    node: &'a NodeSpecification,
    keys: KeySupply,
    kubelet_keys: KeySupply,
    /// Of everything but the authorities.
    validity: Validity,
}

impl Layout<'_> {
    fn write_authority(
        &mut self,
        name: AuthorityName,
        stem: &str,
        now: OffsetDateTime,
    ) -> Result<Authority, DrillError> {
        let not_before = self.validity.not_before;
        let validity = Validity {
            not_before,
            not_after: not_before.saturating_add(AUTHORITY_LIFETIME),
        };
        let specification = certificates::authority(name);
        let pair = Pair::self_signed(self.keys.take()?, &specification, &validity)?;
        self.write_pair(&format!("{CERTIFICATES}/{stem}"), &pair)?;
        pair.into_authority(now)
    }

    fn write_service_account_key(&mut self) -> Result<(), DrillError> {
        let key = self.keys.take()?;
        let public = encode("PUBLIC KEY", key.private_key.public_key_der());
        self.write(
            &format!("{CERTIFICATES}/sa.key"),
            key.pem.as_bytes(),
            CLOSED,
        )?;
        self.write(&format!("{CERTIFICATES}/sa.pub"), public.as_bytes(), CLOSED)
    }

    fn write_leaf(&mut self, leaf: &Leaf, authorities: &Authorities) -> Result<(), DrillError> {
        let authority = authorities.named(leaf.authority);
        let pair = Pair::signed(
            self.keys.take()?,
            &leaf.specification,
            authority,
            &self.validity,
        )?;
        match leaf.entry.place {
            Place::Pair { stem, .. } => self.write_pair(&format!("{CERTIFICATES}/{stem}"), &pair),
            Place::Kubeconfig { file, reader } => {
                let path = format!("{KUBERNETES}/{file}");
                let own_address = format!("{}:6443", self.node.advertise_address);
                let server = match reader {
                    Some(_) => &own_address,
                    None => &self.node.control_plane_endpoint,
                };
                let template = if reader == Some(Component::Kubelet) {
                    self.write_kubelet_client(&pair)?;
                    include_str!("templates/kubelet-kubeconfig.yaml")
                } else {
                    include_str!("templates/kubeconfig.yaml")
                };
                let bundle = encode_certificate(authority.certificate());
                let values = [
                    ("authority", &*STANDARD.encode(bundle)),
                    ("server", server),
                    ("user", common_name(&leaf.specification)),
                    ("certificate", &STANDARD.encode(pair.certificate_pem())),
                    ("key", &Zeroizing::new(STANDARD.encode(pair.key_pem()))),
                ];
                self.write(&path, fill(template, &values).as_bytes(), CLOSED)
            }
            // Signed by no authority of the cluster.
            Place::KubeletServing => Ok(()),
        }
    }

    /// The kubelet's client certificate with its key, and the link by which it is found
    /// (client-go `util/certificate/certificate_store.go`).
    fn write_kubelet_client(&mut self, pair: &Pair) -> Result<(), DrillError> {
        let date = self
            .validity
            .not_before
            .format(format_description!(
                "[year]-[month]-[day]-[hour]-[minute]-[second]"
            ))
            .unwrap_or_default();
        let file = PathBuf::from(format!("{KUBELET_CERTIFICATES}/kubelet-client-{date}.pem"));
        let both = Zeroizing::new([&*pair.certificate_pem(), pair.key_pem()].concat());
        self.folder.write(&file, both.as_bytes(), CLOSED)?;
        let link = file.with_file_name("kubelet-client-current.pem");
        Ok(self.folder.link(&link, &file)?)
    }

    /// The pair that the kubelet makes for itself when it first starts, with an authority that nobody keeps
    /// (client-go `util/cert/cert.go`, `GenerateSelfSignedCertKey`).
    fn write_kubelet_serving(&mut self) -> Result<(), DrillError> {
        let made = self.validity.not_before;
        let unix = made.unix_timestamp();
        let specification = certificates::kubelet_serving_authority(self.node, unix);
        let key = self.kubelet_keys.take()?;
        let authority = Pair::self_signed(key, &specification, &self.validity)?;
        let bundle = authority.certificate_pem();
        let authority = authority.into_authority(made)?;
        let specification = certificates::kubelet_serving(self.node, unix);
        let key = self.kubelet_keys.take()?;
        let pair = Pair::signed(key, &specification, &authority, &self.validity)?;
        let chain = pair.certificate_pem() + &bundle;
        let stem = format!("{KUBELET_CERTIFICATES}/kubelet");
        self.write(&format!("{stem}.crt"), chain.as_bytes(), PUBLIC)?;
        self.write(&format!("{stem}.key"), pair.key_pem().as_bytes(), CLOSED)
    }

    fn write_pair(&mut self, stem: &str, pair: &Pair) -> Result<(), DrillError> {
        let certificate = pair.certificate_pem();
        self.write(&format!("{stem}.crt"), certificate.as_bytes(), PUBLIC)?;
        self.write(&format!("{stem}.key"), pair.key_pem().as_bytes(), CLOSED)
    }

    fn write(&mut self, path: &str, bytes: &[u8], mode: u32) -> Result<(), DrillError> {
        Ok(self.folder.write(Path::new(path), bytes, mode)?)
    }
}
