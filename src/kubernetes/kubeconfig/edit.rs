//! Replaces one value in a kubeconfig's text, and proves that nothing else changed. Pure.
//!
//! `yaml-edit` says where the value is; the text around it is copied, not written anew, so that comments, order, quoting
//! and line breaks stay. `serde_yaml`, which shares no code with it, judges the outcome.

use std::ops::Range;

use yaml_edit::YamlFile;
use zeroize::Zeroizing;

use super::credential::{encode, without_blanks};
use crate::kubernetes::document::Node;

/// Which value: one with base64 of a named entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    list: &'static str,
    index: usize,
    entry: &'static str,
    key: &'static str,
}

impl Value {
    /// The certificate of `users[index]`.
    pub(super) fn client_certificate(index: usize) -> Self {
        Self {
            list: "users",
            index,
            entry: "user",
            key: "client-certificate-data",
        }
    }

    /// The key of `users[index]`.
    pub(super) fn client_key(index: usize) -> Self {
        Self {
            key: "client-key-data",
            ..Self::client_certificate(index)
        }
    }

    /// The authorities of `clusters[index]`.
    pub(super) fn certificate_authority(index: usize) -> Self {
        Self {
            list: "clusters",
            index,
            entry: "cluster",
            key: "certificate-authority-data",
        }
    }
}

/// `text` with `pem` in the place of that value; `None` if its bytes cannot be told for sure. The new value has the old one's
/// quotes or block header, and is on one line.
pub(super) fn replace(text: &str, value: Value, pem: &[u8]) -> Option<Zeroizing<String>> {
    let place = locate(text, value)?;
    let before = text.get(..place.start)?;
    let after = text.get(place.end..)?;
    let data = Zeroizing::new(encode(pem));
    // The size is known beforehand, so that no copy of a key is left behind by growing.
    let mut edited = Zeroizing::new(String::with_capacity(
        before.len() + data.len() + after.len(),
    ));
    edited.push_str(before);
    edited.push_str(&data);
    edited.push_str(after);
    Some(edited)
}

/// Whether both texts have those values and say the same but for them.
pub(super) fn differ_in_these_alone(text: &str, edited: &str, values: &[Value]) -> bool {
    let (Ok(mut before), Ok(mut after)) =
        (Node::parse(text.as_bytes()), Node::parse(edited.as_bytes()))
    else {
        return false;
    };
    let taken = |document: &mut Node| values.iter().all(|value| take(document, *value).is_some());
    taken(&mut before) && taken(&mut after) && before == after
}

/// Where the base64 digits of the value are, blanks and line breaks between them included, quotes and headers not.
fn locate(text: &str, value: Value) -> Option<Range<usize>> {
    let entry = YamlFile::parse(text)
        .tree()
        .document()?
        .get_sequence(value.list)?
        .get(value.index)?;
    let scalar = entry
        .as_mapping()?
        .get_mapping(value.entry)?
        .get(value.key)?;
    let range = scalar.as_scalar()?.byte_range();
    let start = usize::try_from(range.start).ok()?;
    let end = usize::try_from(range.end).ok()?;
    let digits = digits(text.get(start..end)?)?;
    let digits = start + digits.start..start + digits.end;
    // A comment or another value in what is to be cut out would be lost: it must be the value, the whole value and
    // nothing else.
    let mut document = Node::parse(text.as_bytes()).ok()?;
    let Some(Node::Text(said)) = take(&mut document, value) else {
        return None;
    };
    (without_escapes(text.get(digits.clone())?) == without_blanks(&said)).then_some(digits)
}

/// The part of a YAML scalar that is its value: all between its quotes, or the lines below its block header.
fn digits(scalar: &str) -> Option<Range<usize>> {
    let below = match scalar.chars().next()? {
        '"' | '\'' => return Some(1..scalar.len().checked_sub(1)?),
        '|' | '>' => scalar.find(['\n', '\r'])?,
        _ => 0,
    };
    let text = scalar.get(below..)?;
    let start = below + (text.len() - text.trim_ascii_start().len());
    Some(start..start + text.trim_ascii().len())
}

/// `digits` without blanks and without the backslashes that JSON writers put before `/` and YAML writers at line ends.
fn without_escapes(digits: &str) -> Zeroizing<String> {
    without_blanks(&Zeroizing::new(digits.replace('\\', "")))
}

/// Takes the value out of the tree and leaves null there.
fn take(document: &mut Node, value: Value) -> Option<Node> {
    let Node::List(entries) = entry(document, value.list)? else {
        return None;
    };
    let owner = entry(entries.get_mut(value.index)?, value.entry)?;
    Some(std::mem::replace(entry(owner, value.key)?, Node::Null))
}

fn entry<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match node {
        Node::Mapping { entries, .. } => entries.get_mut(key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::kubernetes::kubeconfig::{Kubeconfig, KubeconfigError};

    use super::*;

    const OLD: &[u8] = b"-----BEGIN CERTIFICATE-----\n?????\n-----END CERTIFICATE-----\n";
    const NEW: &[u8] = b"-----BEGIN CERTIFICATE-----\nbmV3ZXI=\n-----END CERTIFICATE-----\n";

    /// As kubeadm writes it, with what people add; `{certificate}` is the value.
    const FILE: &str = "\
# the administrator of example.test
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://api.example.test:6443 # behind the load balancer
  name: kubernetes
contexts:
- context: {cluster: kubernetes, user: \"kubernetes-admin\"}
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
preferences: {}
users:
# not ours
- name: robot
  user:
    client-certificate-data: b3RoZXI=
    exec: {command: aws, args: ['*', '&']}

- name: 'kubernetes-admin'
  user:
    client-certificate-data: {certificate}
    client-key-data: \"S0VZ\"  # throw-away
- name: last
  user: {token: hunter2}
";

    fn edit(text: &str) -> Result<String, KubeconfigError> {
        let edited = Kubeconfig::parse(text.as_bytes())?.with_client_certificate(NEW)?;
        Ok(String::from_utf8(edited).unwrap())
    }

    /// `data` in pieces of 16 digits with `between` in between.
    fn wrapped(data: &str, between: &str) -> String {
        let pieces: Vec<_> = data.as_bytes().chunks(16).collect();
        String::from_utf8(pieces.join(between.as_bytes())).unwrap()
    }

    /// `text` with four more blanks before every line that is not a top-level key or comment, and no final newline.
    fn indented(text: &str) -> String {
        let lines: Vec<_> = text
            .lines()
            .map(|line| {
                if line.starts_with([' ', '-']) {
                    format!("    {line}")
                } else {
                    line.to_owned()
                }
            })
            .collect();
        lines.join("\n")
    }

    #[test]
    fn one_value_changes_and_its_style_and_every_other_byte_stay() {
        let (old, new) = (encode(OLD), encode(NEW));
        for (before, after) in [
            (old.clone(), new.clone()),
            (
                format!("{old}   # renewed 2025"),
                format!("{new}   # renewed 2025"),
            ),
            (format!("\"{old}\""), format!("\"{new}\"")),
            (format!("'{old}' # c"), format!("'{new}' # c")),
            (format!("\n      {old}"), format!("\n      {new}")),
            (wrapped(&old, "\n      "), new.clone()),
            (
                format!("\"{}\"", wrapped(&old, "\n      ")),
                format!("\"{new}\""),
            ),
            (
                format!("\"{}\"", wrapped(&old, "\\\n      ")),
                format!("\"{new}\""),
            ),
            (
                format!("'\n      {}\n      '", wrapped(&old, "\n      ")),
                format!("'{new}'"),
            ),
            (
                format!("|\n      {}", wrapped(&old, "\n      ")),
                format!("|\n      {new}"),
            ),
            (
                format!("|2-\n        {}", wrapped(&old, "\n        ")),
                format!("|2-\n        {new}"),
            ),
            (
                format!("|+  # c\n      {}\n\n", wrapped(&old, "\n      ")),
                format!("|+  # c\n      {new}\n\n"),
            ),
            (
                format!(">-\n     {}\n\n  # c", wrapped(&old, "\n     ")),
                format!(">-\n     {new}\n\n  # c"),
            ),
        ] {
            let styles: [&dyn Fn(&str) -> String; 4] = [
                &str::to_owned,
                &|text| text.replace('\n', "\r\n"),
                &|text| format!("---\n{}\n...", text.trim_end()),
                &indented,
            ];
            for style in styles {
                let text = style(&FILE.replace("{certificate}", &before));
                let expected = style(&FILE.replace("{certificate}", &after));
                assert_eq!(edit(&text).unwrap(), expected, "{text}");
            }
        }
    }

    #[test]
    fn json_and_flow_forms_keep_theirs() {
        let (old, new) = (encode(OLD), encode(NEW));
        let json = r#"{"users": [{"name": "me", "user":
	{"client-certificate-data":"OLD", "client-key-data": "S0VZ"}}],"kind":"Config","current-context": "c",
  "contexts": [{"context": {"user": "me"}, "name": "c"}]}"#;
        let flow = "{current-context: c, contexts: [{name: c, context: {user: me}}],
  users: [{name: me , user: {client-certificate-data: OLD , client-key: /k}}] } # end";
        let explicit = "? current-context\n: c\ncontexts: [{name: c, context: {user: me}}]\nusers:\n-\n    user:
        ? \"client-certificate-data\"\n        : OLD\n        client-key: /k\n    name: me\n";
        for form in [json, flow, explicit] {
            assert_eq!(
                edit(&form.replace("OLD", &old)).unwrap(),
                form.replace("OLD", &new)
            );
        }
        let escaped = old.replace('/', "\\/");
        assert_ne!(escaped, old);
        assert_eq!(
            edit(&json.replace("OLD", &escaped)).unwrap(),
            json.replace("OLD", &new)
        );
    }

    #[test]
    fn the_one_line_form_differs_in_that_line_alone() {
        let text = FILE.replace("{certificate}", &encode(OLD));
        let edited = edit(&text).unwrap();
        let differing: Vec<_> = text
            .split_inclusive('\n')
            .zip(edited.split_inclusive('\n'))
            .filter(|(before, after)| before != after)
            .collect();
        assert_eq!(text.lines().count(), edited.lines().count());
        assert_eq!(
            differing,
            [(
                format!("    client-certificate-data: {}\n", encode(OLD)).as_str(),
                format!("    client-certificate-data: {}\n", encode(NEW)).as_str()
            )]
        );
    }

    #[test]
    fn an_edit_that_would_not_read_back_is_refused() {
        let text = FILE.replace("{certificate}", &encode(OLD));
        let kubeconfig = Kubeconfig::parse(text.as_bytes()).unwrap();
        // The base64 of these bytes is the number 1234, that of none is null.
        for pem in [&[0xd7, 0x6d, 0xf8][..], &[]] {
            assert!(matches!(
                kubeconfig.with_client_certificate(pem),
                Err(KubeconfigError::EditChangedMore { user }) if user == "kubernetes-admin"
            ));
        }
    }

    #[test]
    fn a_value_whose_bytes_do_not_spell_it_is_left_alone() {
        let escaped = format!("\"\\x4C{}\"", &encode(OLD)[1..]);
        let text = FILE.replace("{certificate}", &escaped);
        assert!(matches!(
            edit(&text),
            Err(KubeconfigError::NotEditable { .. })
        ));
    }

    #[test]
    fn a_change_elsewhere_is_seen() {
        let text = FILE.replace("{certificate}", &encode(OLD));
        let edited = edit(&text).unwrap();
        assert!(differ_in_these_alone(
            &text,
            &edited,
            &[Value::client_certificate(1)]
        ));
        for (from, to) in [
            ("Q0E=", "Q0F="),
            ("client-key-data", "client-key-date"),
            ("{token: hunter2}", "{token: hunter3}"),
            ("preferences: {}", "preferences: []"),
            ("b3RoZXI=", "b3RoZXJ="),
        ] {
            let other = edited.replacen(from, to, 1);
            assert_ne!(other, edited);
            assert!(
                !differ_in_these_alone(&text, &other, &[Value::client_certificate(1)]),
                "{from}"
            );
        }
        assert!(!differ_in_these_alone(
            &text,
            &edited,
            &[Value::client_certificate(0)]
        ));
    }
}
