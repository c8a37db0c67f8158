//! The tree of one document, and what is refused while it grows. Pure.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::error::{DocumentError, LARGEST};
use super::field::{Field, child};

/// A node of the tree. Text is wiped when dropped: it may be a key or a token.
#[derive(PartialEq, Eq)]
pub(in crate::kubernetes) enum Node {
    Null,
    Boolean(bool),
    /// As Rust prints it: compared, never computed with.
    Number(String),
    Text(Zeroizing<String>),
    List(Vec<Node>),
    /// With keys that were seen more than once, for [`refuse_ambiguity`] to name.
    Mapping {
        entries: BTreeMap<String, Node>,
        repeated: Vec<String>,
    },
}

impl Node {
    /// The one document in `bytes`.
    pub(in crate::kubernetes) fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        let text = text(bytes)?;
        let mut documents = serde_yaml::Deserializer::from_str(text);
        let first = documents.next().ok_or(DocumentError::Empty)?;
        // Errors of the scanner quote no values and may be shown; those of the typed pass below might.
        IgnoredAny::deserialize(first).map_err(DocumentError::Syntax)?;
        if let Some(second) = documents.next() {
            IgnoredAny::deserialize(second).map_err(DocumentError::Syntax)?;
            return Err(DocumentError::SeveralDocuments);
        }
        let root =
            Self::deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| {
                let location = error.location();
                DocumentError::NotPlain {
                    line: location.as_ref().map_or(0, serde_yaml::Location::line),
                    column: location.as_ref().map_or(0, serde_yaml::Location::column),
                }
            })?;
        if root == Self::Null {
            return Err(DocumentError::Empty);
        }
        refuse_ambiguity(&root, "")?;
        Ok(root)
    }

    /// The whole document, to read values from.
    pub(in crate::kubernetes) fn root(&self) -> Field<'_> {
        Field::root(self)
    }

    /// What it is, in words for an error.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Mapping { .. } => "a mapping",
        }
    }
}

/// The text in `bytes`, if a YAML reader can be given it at all.
pub(in crate::kubernetes) fn text(bytes: &[u8]) -> Result<&str, DocumentError> {
    if bytes.len() > LARGEST {
        return Err(DocumentError::TooLarge { bytes: bytes.len() });
    }
    let marks: [&[u8]; 3] = [b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"];
    if marks.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(DocumentError::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| DocumentError::NotUtf8 {
        offset: error.valid_up_to(),
    })?;
    if text.trim().is_empty() {
        return Err(DocumentError::Empty);
    }
    refuse_bottomless(text)?;
    Ok(text)
}

/// How many brackets may be open at once: as deep as the YAML reader goes.
const DEEPEST: usize = 128;

/// Refuses what would keep the scanner busy for minutes: for each word it looks at every open bracket again. Brackets
/// in quotes and comments count too; no Kubernetes file leaves so many of them open.
fn refuse_bottomless(text: &str) -> Result<(), DocumentError> {
    let mut open: usize = 0;
    for (line, content) in (1..).zip(text.lines()) {
        for (column, letter) in (1..).zip(content.chars()) {
            match letter {
                '[' | '{' => open += 1,
                ']' | '}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open > DEEPEST {
                return Err(DocumentError::NotPlain { line, column });
            }
        }
    }
    Ok(())
}

/// Refuses two equal keys and merge keys anywhere below `node`.
fn refuse_ambiguity(node: &Node, path: &str) -> Result<(), DocumentError> {
    match node {
        Node::Mapping { entries, repeated } => {
            if let Some(key) = repeated.first() {
                let path = child(path, key);
                return Err(DocumentError::DuplicateKey { path });
            }
            entries.iter().try_for_each(|(key, value)| {
                let path = child(path, key);
                if key == "<<" {
                    return Err(DocumentError::MergeKey { path });
                }
                refuse_ambiguity(value, &path)
            })
        }
        Node::List(nodes) => nodes
            .iter()
            .enumerate()
            .try_for_each(|(index, node)| refuse_ambiguity(node, &format!("{path}[{index}]"))),
        Node::Null | Node::Boolean(_) | Node::Number(_) | Node::Text(_) => Ok(()),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// Builds the tree. Tags are refused by not being visited.
struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("plain YAML or JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(Zeroizing::new(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = access.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = BTreeMap::new();
        let mut repeated = Vec::new();
        while let Some((key, value)) = access.next_entry::<String, Node>()? {
            match entries.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                Entry::Occupied(entry) => repeated.push(entry.key().clone()),
            }
        }
        Ok(Node::Mapping { entries, repeated })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> DocumentError {
        match Node::parse(bytes) {
            Ok(_) => panic!("accepted {:?}", String::from_utf8_lossy(bytes)),
            Err(error) => error,
        }
    }

    #[test]
    fn blank_files_are_empty() {
        for bytes in [
            "",
            " \n\t\n",
            "# a comment\n",
            "---\n",
            "null\n",
            "--- # c\n...\n",
        ] {
            assert!(
                matches!(error(bytes.as_bytes()), DocumentError::Empty),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn what_is_not_plain_utf8_text_is_named() {
        assert!(matches!(
            error(b"\xEF\xBB\xBFa: b"),
            DocumentError::ByteOrderMark
        ));
        assert!(matches!(
            error(b"\xFF\xFEa\0"),
            DocumentError::ByteOrderMark
        ));
        assert!(matches!(
            error(b"a: \xC3\x28"),
            DocumentError::NotUtf8 { offset: 3 }
        ));
        assert!(matches!(error(&[0; 600]), DocumentError::Syntax(_)));
        assert!(matches!(
            error(&vec![b'a'; LARGEST + 1]),
            DocumentError::TooLarge { bytes } if bytes == LARGEST + 1
        ));
    }

    #[test]
    fn syntax_errors_say_where() {
        let DocumentError::Syntax(source) = error(b"a: b\nc: [d\n") else {
            panic!("not a syntax error");
        };
        assert_eq!(source.location().map(|location| location.line()), Some(3));
    }

    #[test]
    fn a_second_document_is_refused_and_a_document_start_or_end_is_not() {
        assert!(matches!(
            error(b"a: b\n---\nc: d\n"),
            DocumentError::SeveralDocuments
        ));
        assert!(matches!(
            error(b"a: b\n---\n"),
            DocumentError::SeveralDocuments
        ));
        assert!(matches!(
            error(b"a: b\n---\nc: [\n"),
            DocumentError::Syntax(_)
        ));
        assert!(Node::parse(b"# c\n---\na: b\n...\n# d\n").is_ok());
    }

    #[test]
    fn equal_keys_and_merge_keys_are_refused_with_their_path() {
        let path = |bytes: &[u8]| match error(bytes) {
            DocumentError::DuplicateKey { path } | DocumentError::MergeKey { path } => path,
            other => panic!("{other}"),
        };
        assert_eq!(path(b"a: 1\n\"a\": 2\n"), "a");
        assert_eq!(path(b"1: a\n'1': b\n"), "1");
        assert_eq!(
            path(b"{\"a\": [{}, {\"b\": {\"c\": 1, \"c\": 2}}]}"),
            "a[1].b.c"
        );
        assert_eq!(path(b"a: {<<: {b: c}}\n"), "a.<<");
    }

    #[test]
    fn tags_compound_keys_and_bottomless_nesting_are_refused_without_quoting_the_value() {
        for bytes in [
            "a: !secret hunter2\n",
            "a: !!int hunter2\n",
            "? [hunter2]\n: b\n",
        ] {
            let error = error(bytes.as_bytes());
            assert!(
                matches!(error, DocumentError::NotPlain { line: 1, .. }),
                "{error:?}"
            );
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        let nested = "[".repeat(10_000) + &"]".repeat(10_000);
        assert!(matches!(
            error(nested.as_bytes()),
            DocumentError::NotPlain { .. }
        ));
    }

    #[test]
    fn what_is_never_closed_is_refused_at_once() {
        let unclosed = "{a: ".repeat(LARGEST / 4);
        assert!(matches!(
            error(unclosed.as_bytes()),
            DocumentError::NotPlain {
                line: 1,
                column: 513
            }
        ));
        // As many as there are in a real file, one after the other.
        assert!(Node::parse("- {a: [b]}\n".repeat(1000).as_bytes()).is_ok());
    }
}
