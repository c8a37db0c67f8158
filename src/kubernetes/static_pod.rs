//! A static pod's manifest: with which flags, from which image and as whom its component runs. Pure; reads, never edits.

use super::document::{DocumentError, Field, Node};
use super::flags::Flags;

/// One manifest of the kubelet's `staticPodPath`: a `v1` `Pod` (`k8s.io/api/core/v1`), YAML or JSON.
///
/// Flags are taken as they are written: `$(VARIABLE)`, which the kubelet replaces from the container's environment,
/// stays, and so does a script given to a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticPod {
    flags: Flags,
    image: Option<String>,
    run_as: Option<(u32, u32)>,
    supplemental_groups: Vec<u32>,
}

/// Why bytes are not the manifest of a static pod.
#[derive(Debug, thiserror::Error)]
pub enum StaticPodError {
    /// Not one plain YAML document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Some other object.
    #[error("it is not a pod: its kind is {}", kind.as_deref().unwrap_or("missing").escape_debug())]
    NotAPod {
        /// The kind that it says it is, if any.
        kind: Option<String>,
    },
    /// Neither a `component` label nor a name; the kubelet takes no pod without a name.
    #[error("it has no name and no `component` label")]
    Unnamed,
}

impl StaticPod {
    /// Reads a manifest.
    pub fn parse(bytes: &[u8]) -> Result<Self, StaticPodError> {
        let document = Node::parse(bytes)?;
        let pod = document.root();
        let kind = pod.field("kind")?.text()?;
        if kind != Some("Pod") {
            let kind = kind.map(str::to_owned);
            return Err(StaticPodError::NotAPod { kind });
        }
        let Some(container) = container(&pod, component(&pod)?)? else {
            return Ok(Self::of_command([]));
        };
        let mut words = Vec::new();
        for list in ["command", "args"] {
            for word in container.field(list)?.list()? {
                words.extend(word.text()?);
            }
        }
        Ok(Self {
            flags: Flags::parse(words),
            image: container.field("image")?.filled_text()?.map(str::to_owned),
            run_as: run_as(&pod, &container)?,
            supplemental_groups: supplemental_groups(&pod)?,
        })
    }

    /// A pod whose component is started with these words, and of which nothing else is known.
    pub fn of_command<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            flags: Flags::parse(words),
            image: None,
            run_as: None,
            supplemental_groups: Vec::new(),
        }
    }

    /// The image of the component's container, as it is written; its tag names the release
    /// ([`KubernetesVersion::of_image`](super::KubernetesVersion::of_image)).
    pub fn image(&self) -> Option<&str> {
        self.image.as_deref()
    }

    /// The numbers of the user and the group that the component runs as, so that its files must be theirs to read: where kubeadm's
    /// `RootlessControlPlane` is on. `None` where the manifest names no user: root, with kubeadm's images.
    pub fn run_as(&self) -> Option<(u32, u32)> {
        self.run_as
    }

    /// The groups that the component is in besides its own: kubeadm opens `sa.key` and `ca.key` to one of them, where two components
    /// of different users read them.
    pub fn supplemental_groups(&self) -> &[u32] {
        &self.supplemental_groups
    }

    /// The absolute paths that its flags name.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let values = self.flags.settings().map(|(_, value)| value);
        values.filter(|value| value.starts_with('/'))
    }

    /// The value of a flag in the command and arguments of the component's container; the last one where it is repeated, as pflag has it.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.value(name)
    }

    /// The same, where it is set to something.
    pub fn filled_flag(&self, name: &str) -> Option<&str> {
        self.flag(name).filter(|value| !value.is_empty())
    }

    /// Each value of a flag that may be repeated, in their order.
    pub fn flags(&self, name: &str) -> impl Iterator<Item = &str> {
        self.flags.values(name)
    }

    /// The values of a flag that takes several, between commas or by being repeated (`StringSlice` of pflag); none is empty.
    pub fn list(&self, name: &str) -> Vec<String> {
        let values = self.flags(name).flat_map(|value| value.split(','));
        let filled = values.filter(|value| !value.is_empty());
        filled.map(str::to_owned).collect()
    }

    /// Whether a process started with `arguments` has this flag as the manifest has it; also where that has none, or leaves its
    /// value to the kubelet.
    pub fn agrees(&self, flag: &str, arguments: &[String]) -> bool {
        let written = self.flag(flag).filter(|value| !value.contains("$("));
        let running = Flags::parse(arguments.iter().map(String::as_str));
        written.is_none_or(|value| running.value(flag) == Some(value))
    }

    /// The first flag that a process started with `arguments` has otherwise: the manifest was changed since. Values that the
    /// kubelet fills in are not compared.
    pub fn deviation(&self, arguments: &[String]) -> Option<Deviation> {
        let running = Flags::parse(arguments.iter().map(String::as_str));
        let mut written = self.flags.settings();
        let (flag, here) = written
            .find(|(name, value)| !value.contains("$(") && running.value(name) != Some(value))?;
        Some(Deviation {
            flag: flag.to_owned(),
            manifest: here.to_owned(),
            process: running.value(flag).map(str::to_owned),
        })
    }
}

/// A flag that a process has otherwise than its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Its name, without dashes.
    pub flag: String,
    /// What the manifest says.
    pub manifest: String,
    /// What the process was started with; none where it was not given.
    pub process: Option<String>,
}

/// The component: the label `component` that kubeadm sets, else `metadata.name`.
fn component<'a>(pod: &Field<'a>) -> Result<&'a str, StaticPodError> {
    let metadata = pod.field("metadata")?;
    let label = metadata
        .field("labels")?
        .field("component")?
        .filled_text()?;
    match label {
        Some(label) => Ok(label),
        None => metadata
            .field("name")?
            .filled_text()?
            .ok_or(StaticPodError::Unnamed),
    }
}

/// The container named like the component, else the first: a manifest may have side-cars.
fn container<'a>(pod: &Field<'a>, component: &str) -> Result<Option<Field<'a>>, DocumentError> {
    let containers = pod.field("spec")?.field("containers")?.list()?;
    for container in &containers {
        if container.field("name")?.text()? == Some(component) {
            return Ok(Some(container.clone()));
        }
    }
    Ok(containers.into_iter().next())
}

/// `runAsUser` and `runAsGroup`; each of the container's own wins over the pod's, and a user without a group has group 0
/// (`SecurityContext` and `PodSecurityContext` in `k8s.io/api/core/v1`).
fn run_as(pod: &Field<'_>, container: &Field<'_>) -> Result<Option<(u32, u32)>, DocumentError> {
    let own = container.field("securityContext")?;
    let common = pod.field("spec")?.field("securityContext")?;
    let number = |key: &str| -> Result<Option<u32>, DocumentError> {
        Ok(own
            .field(key)?
            .user_number()?
            .or(common.field(key)?.user_number()?))
    };
    let group = number("runAsGroup")?.unwrap_or(0);
    Ok(number("runAsUser")?.map(|user| (user, group)))
}

/// `supplementalGroups` of the pod: a container has none of its own (`PodSecurityContext` in `k8s.io/api/core/v1`).
fn supplemental_groups(pod: &Field<'_>) -> Result<Vec<u32>, DocumentError> {
    let context = pod.field("spec")?.field("securityContext")?;
    let groups = context.field("supplementalGroups")?.list()?;
    let numbers: Result<Vec<Option<u32>>, DocumentError> =
        groups.iter().map(Field::user_number).collect();
    Ok(numbers?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_and_the_paths_of_a_component_are_those_of_its_manifest() {
        let text = "{kind: Pod, metadata: {name: a}, spec: {securityContext: {runAsUser: 1, supplementalGroups: [5, 6]}, \
            containers: [{name: a, command: [a, --key=/pki/a.key, --cert, /pki/b.crt, --port=1, --key=/pki/c.key]}]}}";
        let pod = StaticPod::parse(text.as_bytes()).unwrap();
        assert_eq!(pod.supplemental_groups(), [5, 6]);
        let paths: Vec<&str> = pod.paths().collect();
        assert_eq!(paths, ["/pki/b.crt", "/pki/c.key"]);
        let odd = text.replace("[5, 6]", "[5, x]");
        let error = StaticPod::parse(odd.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("supplementalGroups[1]"), "{error}");
    }

    const MANIFEST: &str = "\
apiVersion: v1
kind: Pod
metadata:
  labels:
    component: etcd
  name: etcd-cp-1
spec:
  containers:
  - name: sidecar
    args: [--data-dir=/nowhere]
  - name: etcd
    command:
    - etcd
    - --data-dir=/var/lib/etcd
    - --listen-peer-urls
    - https://192.0.2.10:2380
    args: ['--data-dir=/srv/etcd']
";

    #[test]
    fn flags_come_from_the_container_of_the_component() {
        let pod = StaticPod::parse(MANIFEST.as_bytes()).unwrap();
        assert_eq!(pod.flag("data-dir"), Some("/srv/etcd"));
        assert_eq!(
            pod.flag("listen-peer-urls"),
            Some("https://192.0.2.10:2380")
        );
        assert_eq!(pod.flag("name"), None);
    }

    #[test]
    fn a_json_manifest_reads_the_same() {
        let value: serde_yaml::Value = serde_yaml::from_str(MANIFEST).unwrap();
        let json = serde_json::to_vec_pretty(&value).unwrap();
        assert_eq!(
            StaticPod::parse(&json).unwrap(),
            StaticPod::parse(MANIFEST.as_bytes()).unwrap()
        );
    }

    #[test]
    fn without_the_label_the_name_counts_and_without_both_it_is_refused() {
        for (name, flag) in [("etcd", "/srv/etcd"), ("neither", "/nowhere")] {
            let text = MANIFEST
                .replace("    component: etcd\n", "")
                .replace("name: etcd-cp-1", &format!("name: {name}"));
            let pod = StaticPod::parse(text.as_bytes()).unwrap();
            assert_eq!(pod.flag("data-dir"), Some(flag), "{name}");
        }
        assert!(matches!(
            StaticPod::parse(b"kind: Pod\nmetadata: {labels: {component: ''}}\n"),
            Err(StaticPodError::Unnamed)
        ));
    }

    #[test]
    fn a_pod_without_containers_has_no_flags() {
        let pod = StaticPod::parse(b"kind: Pod\nmetadata: {name: etcd}\n").unwrap();
        assert_eq!(pod.flag("data-dir"), None);
        assert_eq!((pod.image(), pod.run_as()), (None, None));
    }

    #[test]
    fn the_image_is_that_of_the_container_with_the_flags() {
        let text = MANIFEST.replace("- name: sidecar", "- name: sidecar\n    image: s:v1.1.1");
        let pod = StaticPod::parse(text.as_bytes()).unwrap();
        assert_eq!(pod.image(), None);
        let text = text.replace(
            "- name: etcd\n",
            "- name: etcd\n    image: r.test/etcd:3.6.8-0\n",
        );
        let pod = StaticPod::parse(text.as_bytes()).unwrap();
        assert_eq!(pod.image(), Some("r.test/etcd:3.6.8-0"));
    }

    #[test]
    fn the_user_of_the_container_wins_over_that_of_the_pod() {
        let run_as = |pod: &str, container: &str| {
            let text = format!(
                "{{kind: Pod, metadata: {{name: a}}, spec: {{securityContext: {pod}, containers: \
                 [{{name: s, securityContext: {{runAsUser: 7}}}}, {{name: a, securityContext: {container}}}]}}}}"
            );
            StaticPod::parse(text.as_bytes()).map(|pod| pod.run_as())
        };
        let both = "{runAsUser: 2000, runAsGroup: 3000}";
        assert_eq!(run_as("{}", "{}").unwrap(), None);
        assert_eq!(run_as("null", "{runAsGroup: 3000}").unwrap(), None);
        assert_eq!(run_as(both, "{}").unwrap(), Some((2000, 3000)));
        assert_eq!(
            run_as(both, "{runAsUser: 0}").unwrap(),
            Some((0, 3000)),
            "zero is a user"
        );
        assert_eq!(
            run_as("{runAsUser: 1}", "{runAsGroup: 4}").unwrap(),
            Some((1, 4))
        );
        assert_eq!(run_as("{}", "{runAsUser: 5}").unwrap(), Some((5, 0)));
        for odd in ["{runAsUser: -1}", "{runAsUser: '5'}", "{runAsUser: 1.5}"] {
            let error = run_as("{}", odd).unwrap_err().to_string();
            assert!(
                error.contains("spec.containers[1].securityContext.runAsUser"),
                "{error}"
            );
        }
    }

    #[test]
    fn other_objects_and_shapes_are_errors() {
        let error = |text: &str| StaticPod::parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            error("kind: Deployment"),
            "it is not a pod: its kind is Deployment"
        );
        assert_eq!(error("a: b"), "it is not a pod: its kind is missing");
        assert_eq!(error("- a"), "`(document)` is a list, not a mapping");
        assert_eq!(
            error("{kind: Pod, metadata: {name: a}, spec: {containers: [{command: etcd}]}}"),
            "`spec.containers[0].command` is text, not a list"
        );
        assert_eq!(
            error("{kind: Pod, metadata: {name: a}, spec: {containers: [{args: [1]}]}}"),
            "`spec.containers[0].args[0]` is a number, not text"
        );
        assert_eq!(
            error("kind: Pod\n---\nkind: Pod\n"),
            "it holds several documents"
        );
    }
}
