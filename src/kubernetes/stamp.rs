//! Changes a static pod's manifest so that the kubelet restarts it, and in nothing else. Pure.
//!
//! A static pod's UID is a hash of its object (`k8s.io/kubernetes/pkg/kubelet/config/common.go`): another annotation makes
//! another pod, and the kubelet replaces the old one at once. The time of the file means nothing to it.

use super::document::{DocumentError, Node, text};

/// The annotation: when the pod was told to restart. Its value is quoted, for YAML would read a bare date as one.
pub const STAMP: &str = "rekindle.dev/restarted-at";

/// Why a manifest cannot be stamped.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    /// It cannot be read at all.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// It is not laid out in lines, as kubeadm writes it; a person has to add the annotation.
    #[error(
        "its metadata are not written in lines of their own, so that no annotation can be added to them"
    )]
    NotInLines,
    /// What was added reads as something else.
    #[error("the annotation could not be added alone")]
    ChangedMore,
}

/// The manifest with `value` for the annotation; every other byte is kept.
pub fn stamp(manifest: &[u8], value: &str) -> Result<Vec<u8>, StampError> {
    let mut before = Node::parse(manifest)?;
    let lines: Vec<&str> = text(manifest)?.split_inclusive('\n').collect();
    let metadata = position(&lines, 0, "metadata:").ok_or(StampError::NotInLines)?;
    let children = block(&lines, metadata, 0);
    let indent = children.indent.ok_or(StampError::NotInLines)?;
    let annotations = (metadata + 1..children.end)
        .find(|number| is_key(lines.get(*number), indent, "annotations:"));
    let line = |indent: usize| format!("{:indent$}{STAMP}: \"{value}\"\n", "");
    let mut stamped: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    if let Some(annotations) = annotations {
        let entries = block(&lines, annotations, indent);
        let deeper = entries.indent.ok_or(StampError::NotInLines)?;
        let old = (annotations + 1..entries.end)
            .find(|number| is_key(lines.get(*number), deeper, &format!("{STAMP}:")));
        match old.and_then(|number| stamped.get_mut(number)) {
            Some(old) => *old = line(deeper),
            None => stamped.insert(annotations + 1, line(deeper)),
        }
    } else {
        let key = format!("{:indent$}annotations:\n", "");
        stamped.insert(metadata + 1, key + &line(indent * 2));
    }
    let stamped = stamped.concat().into_bytes();
    let mut after = Node::parse(&stamped)?;
    if take_stamp(&mut after).as_deref() != Some(value) {
        return Err(StampError::ChangedMore);
    }
    take_stamp(&mut before);
    if before == after {
        Ok(stamped)
    } else {
        Err(StampError::ChangedMore)
    }
}

/// The lines below a key.
struct Block {
    /// How far its keys are indented; none where there is none.
    indent: Option<usize>,
    /// The line behind it.
    end: usize,
}

fn block(lines: &[&str], key: usize, indent: usize) -> Block {
    let mut found = None;
    let mut end = key + 1;
    for (number, line) in lines.iter().enumerate().skip(key + 1) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let depth = line.len() - line.trim_start_matches(' ').len();
        if depth <= indent {
            break;
        }
        found.get_or_insert(depth);
        end = number + 1;
    }
    Block { indent: found, end }
}

fn position(lines: &[&str], indent: usize, key: &str) -> Option<usize> {
    (0..lines.len()).find(|number| is_key(lines.get(*number), indent, key))
}

/// Whether a line is just this key, its value below it or behind it.
fn is_key(line: Option<&&str>, indent: usize, key: &str) -> bool {
    line.is_some_and(|line| {
        let depth = line.len() - line.trim_start_matches(' ').len();
        depth == indent && line.trim_start().starts_with(key)
    })
}

/// Takes the annotation away, and an emptied mapping with it; tells what it was.
fn take_stamp(pod: &mut Node) -> Option<String> {
    let Node::Mapping { entries, .. } = pod else {
        return None;
    };
    let Some(Node::Mapping {
        entries: metadata, ..
    }) = entries.get_mut("metadata")
    else {
        return None;
    };
    let Some(Node::Mapping {
        entries: annotations,
        ..
    }) = metadata.get_mut("annotations")
    else {
        return None;
    };
    let taken = annotations.remove(STAMP);
    if annotations.is_empty() {
        metadata.remove("annotations");
    }
    match taken {
        Some(Node::Text(value)) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "\
apiVersion: v1
kind: Pod
metadata:
  labels:
    component: kube-scheduler
  name: kube-scheduler # annotations:
spec:
  containers: []
";

    fn stamped(manifest: &str) -> String {
        String::from_utf8(stamp(manifest.as_bytes(), "2026-11-24T03:00:00Z").unwrap()).unwrap()
    }

    #[test]
    fn an_annotation_is_added_and_every_other_byte_kept() {
        let expected = PLAIN.replace(
            "metadata:\n",
            "metadata:\n  annotations:\n    rekindle.dev/restarted-at: \"2026-11-24T03:00:00Z\"\n",
        );
        assert_eq!(stamped(PLAIN), expected);
    }

    #[test]
    fn it_joins_those_that_are_there_and_replaces_itself() {
        let with = PLAIN.replace(
            "metadata:\n",
            "metadata:\n    # ours\n    annotations:\n        kubeadm.kubernetes.io/x: y\n",
        );
        let with = with
            .replace("\n  labels", "\n    labels")
            .replace("\n  name", "\n    name");
        let once = stamped(&with);
        let added = "        rekindle.dev/restarted-at: \"2026-11-24T03:00:00Z\"\n";
        assert_eq!(once.replace(added, ""), with);
        let twice = stamp(once.as_bytes(), "2026-11-24T04:00:00Z").unwrap();
        let twice = String::from_utf8(twice).unwrap();
        assert_eq!(twice, once.replace("T03:", "T04:"));
    }

    #[test]
    fn what_is_not_in_lines_is_left_to_a_person() {
        for manifest in [
            "{kind: Pod, metadata: {name: a}}",
            "kind: Pod\nmetadata: {name: a}\n",
            "kind: Pod\nmetadata:\n  name: a\n  annotations: {b: c}\n",
            "kind: Pod\nmetadata:\n  name: a\n  annotations: {}\n",
        ] {
            let error = stamp(manifest.as_bytes(), "x").unwrap_err();
            assert!(
                matches!(error, StampError::NotInLines | StampError::Document(_)),
                "{manifest}: {error}"
            );
        }
    }
}
