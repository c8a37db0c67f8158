//! The organisation in a certificate: as which group its bearer counts, which changed with kubeadm's releases. Pure.

use crate::kubernetes::{KubernetesVersion, NODES_GROUP};

/// The group that stands above RBAC (`user.SystemPrivilegedGroup` in `k8s.io/apiserver`): its members may do everything, whatever is bound
/// to whom.
pub const MASTERS_GROUP: &str = "system:masters";
/// May do anything as long as RBAC says so (`ClusterAdminsGroupAndClusterRoleBinding` in kubeadm's `app/constants`).
const CLUSTER_ADMINS: &str = "kubeadm:cluster-admins";

/// Whether RBAC is not even asked about a member of these groups.
pub fn is_above_rbac(groups: &[String]) -> bool {
    groups.iter().any(|group| group == MASTERS_GROUP)
}

/// The release with which kubeadm stopped handing out `system:masters` (kubernetes/kubernetes#119859, #120521, #121305, #121837),
/// and began to make `super-admin.conf`.
pub(super) const FEWER_MASTERS: KubernetesVersion = KubernetesVersion {
    major: 1,
    minor: 29,
    patch: 0,
};

/// The organisation of the certificate of that name, if it has one.
pub(super) fn organization(certificate: &str, version: KubernetesVersion) -> Option<&'static str> {
    let before = version < FEWER_MASTERS;
    match certificate {
        "admin.conf"
        | "apiserver-kubelet-client"
        | "apiserver-etcd-client"
        | "etcd-healthcheck-client"
            if before =>
        {
            Some(MASTERS_GROUP)
        }
        "super-admin.conf" => Some(MASTERS_GROUP),
        "admin.conf" => Some(CLUSTER_ADMINS),
        "apiserver-kubelet-client" if !has_role_of_its_own(version) => Some(CLUSTER_ADMINS),
        "kubelet.conf" => Some(NODES_GROUP),
        _ => None,
    }
}

/// Whether kubeadm binds the user `kube-apiserver-kubelet-client` to a role, so that it needs no group
/// (kubernetes/kubernetes#138957, and into each branch then alive #138958, #138959, #138960, #138964).
fn has_role_of_its_own(version: KubernetesVersion) -> bool {
    let KubernetesVersion {
        major,
        minor,
        patch,
    } = version;
    match (major, minor) {
        (1, 33) => patch >= 12,
        (1, 34) => patch >= 8,
        (1, 35) => patch >= 5,
        (1, 36) => patch >= 1,
        release => release > (1, 36),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisations_change_with_the_releases_in_which_kubeadm_changed_them() {
        let masters = Some("system:masters");
        let admins = Some("kubeadm:cluster-admins");
        for (certificate, expected) in [
            (
                "apiserver-kubelet-client",
                &[
                    ("1.13.0", masters),
                    ("1.28.15", masters),
                    ("1.29.0", admins),
                    ("1.32.99", admins),
                    ("1.33.11", admins),
                    ("1.33.12", None),
                    ("1.34.7", admins),
                    ("1.34.8", None),
                    ("1.35.4", admins),
                    ("1.35.5", None),
                    ("1.36.0", admins),
                    ("1.36.1", None),
                    ("1.37.0", None),
                ][..],
            ),
            (
                "apiserver-etcd-client",
                &[("1.28.15", masters), ("1.29.0", None)],
            ),
            (
                "etcd-healthcheck-client",
                &[("1.28.15", masters), ("1.29.0", None)],
            ),
            ("admin.conf", &[("1.28.15", masters), ("1.29.0", admins)]),
            (
                "super-admin.conf",
                &[("1.29.0", masters), ("1.36.2", masters)],
            ),
            ("front-proxy-client", &[("1.28.15", None), ("1.36.2", None)]),
            ("kubelet.conf", &[("1.28.15", Some("system:nodes"))]),
        ] {
            for (version, organisation) in expected {
                let found = organization(certificate, version.parse().unwrap());
                assert_eq!(found, *organisation, "{certificate} of {version}");
            }
        }
    }
}
