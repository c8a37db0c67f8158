//! Which Kubernetes a control plane is, as its images and people name it. Pure.

use std::fmt;
use std::str::FromStr;

/// A release of Kubernetes, without what a vendor or a pre-release adds to it. Ordered by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    /// 1, ever since there is Kubernetes.
    pub major: u16,
    /// The release.
    pub minor: u16,
    /// The repair of a release.
    pub patch: u16,
}

/// Why text names no release of Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version of Kubernetes, such as v1.36.2 or 1.36")]
pub struct KubernetesVersionError {
    /// The text.
    pub text: String,
}

impl KubernetesVersion {
    /// The release that a reference to an image of `kube-apiserver`, `kube-controller-manager` or `kube-scheduler` names: its tag,
    /// for those are tagged with it (`GetKubernetesImage` in kubeadm's `app/images`). etcd's own tag names a release of etcd.
    ///
    /// `None` where there is no tag (a digest alone), or one that does not name a release down to its repair (`latest`, `v1.36`):
    /// what kubeadm writes has changed with repairs.
    pub fn of_image(reference: &str) -> Option<Self> {
        let name = reference.split('@').next()?;
        // A colon before the last slash is that of the registry's port.
        let (_, tag) = name.rsplit('/').next()?.split_once(':')?;
        let (major, minor, patch) = parts(tag)?;
        let patch = patch?;
        Some(Self {
            major,
            minor,
            patch,
        })
    }
}

impl FromStr for KubernetesVersion {
    type Err = KubernetesVersionError;

    /// As a person writes it: `v1.36.2`, `1.36.2`, or `1.36` for its first; with a suffix too, which is passed over.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (major, minor, patch) = parts(text).ok_or_else(|| KubernetesVersionError {
            text: text.to_owned(),
        })?;
        Ok(Self {
            major,
            minor,
            patch: patch.unwrap_or(0),
        })
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            major,
            minor,
            patch,
        } = self;
        write!(formatter, "v{major}.{minor}.{patch}")
    }
}

/// The numbers; what follows the third one, after a sign that no number has, is a vendor's or a pre-release's.
fn parts(text: &str) -> Option<(u16, u16, Option<u16>)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (major, rest) = text.split_once('.')?;
    let Some((minor, rest)) = rest.split_once('.') else {
        return Some((number(major)?, number(rest)?, None));
    };
    let patch = rest.split(['-', '_', '+']).next()?;
    Some((number(major)?, number(minor)?, Some(number(patch)?)))
}

/// A number of a version: digits, no sign, no zero before them.
fn number(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let padded = digits.len() > 1 && digits.starts_with('0');
    (plain && !padded).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_an_image_names_the_release() {
        for (reference, version) in [
            ("registry.k8s.io/kube-apiserver:v1.36.2", "v1.36.2"),
            (
                "registry.example.test:5000/k8s/kube-apiserver:v1.29.0",
                "v1.29.0",
            ),
            (
                "registry.k8s.io/kube-apiserver:v1.28.15@sha256:0123456789abcdef",
                "v1.28.15",
            ),
            ("kube-apiserver:1.9.10", "v1.9.10"),
            ("r.test/kube-apiserver:v1.30.1-eks-abc", "v1.30.1"),
            ("r.test/kube-apiserver:v1.28.4_vendor.1", "v1.28.4"),
            ("r.test/kube-apiserver:v1.29.0-rc.1", "v1.29.0"),
        ] {
            let found = KubernetesVersion::of_image(reference).map(|version| version.to_string());
            assert_eq!(found.as_deref(), Some(version), "{reference}");
        }
    }

    #[test]
    fn no_release_is_made_up_where_none_is_named() {
        for reference in [
            "",
            "kube-apiserver",
            "registry.example.test:5000/kube-apiserver",
            "r.test/kube-apiserver@sha256:0123456789abcdef",
            "r.test:1.28.4/kube-apiserver",
            "r.test/kube-apiserver:latest",
            "r.test/kube-apiserver:v1.36",
            "r.test/kube-apiserver:v1.36.x",
            "r.test/kube-apiserver:v1.36.2.1",
            "r.test/kube-apiserver:v1.036.2",
            "r.test/kube-apiserver:v1.+36.2",
            "r.test/kube-apiserver:v1.36.99999",
            "r.test/kube-apiserver:1..2",
        ] {
            assert_eq!(KubernetesVersion::of_image(reference), None, "{reference}");
        }
    }

    #[test]
    fn people_may_leave_out_the_letter_and_the_repair() {
        for (text, version) in [
            ("v1.36.2", "v1.36.2"),
            ("1.36.2", "v1.36.2"),
            ("1.36", "v1.36.0"),
            ("1.36.2-eks-1", "v1.36.2"),
        ] {
            let parsed: KubernetesVersion = text.parse().unwrap();
            assert_eq!(parsed.to_string(), version);
        }
        for text in ["", "1", "v", "1.", "1.x", " 1.36", "vv1.36", "1.36-eks"] {
            let error = text.parse::<KubernetesVersion>().unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")));
        }
    }

    #[test]
    fn releases_are_ordered_as_numbers() {
        let version = |text: &str| -> KubernetesVersion { text.parse().unwrap() };
        assert!(version("1.9.11") < version("1.10.0"));
        assert!(version("1.36.2") < version("1.36.10"));
    }
}
