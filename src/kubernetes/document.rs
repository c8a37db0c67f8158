//! One YAML or JSON document as a tree, read so strictly that it has one meaning only. Pure; shared by all readers here.
//!
//! Kubernetes reads its files with `sigs.k8s.io/yaml`, which keeps the last of two equal keys and the first of several
//! documents without a word. Whoever edits such a file cannot know which one its author meant, so both are refused.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// The largest document that is read, in bytes. Real ones have less than 10 KiB.
pub const LARGEST: usize = 4 << 20;

/// Why bytes are not one plain YAML or JSON document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Nothing in it, or nothing but blanks and comments.
    #[error("it is empty")]
    Empty,
    /// More than [`LARGEST`] bytes.
    #[error("it has {bytes} bytes, more than the {LARGEST} that such a file may have")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// It begins with a UTF-8 or UTF-16 byte order mark.
    #[error("it begins with a byte order mark")]
    ByteOrderMark,
    /// It is not UTF-8.
    #[error("it is not UTF-8: the byte at offset {offset} belongs to no character")]
    NotUtf8 {
        /// How many bytes before it are good.
        offset: usize,
    },
    /// The YAML scanner refuses it; the source says where and what for.
    #[error("it is not valid YAML")]
    Syntax(#[source] serde_yaml::Error),
    /// A `---` begins a second document.
    #[error("it holds several documents")]
    SeveralDocuments,
    /// A mapping has one key twice.
    #[error("`{path}` is there twice")]
    DuplicateKey {
        /// The path of that key, such as `users[0].user.client-key-data`.
        path: String,
    },
    /// A mapping has the merge key `<<`, whose effect a reader does not see.
    #[error("`{path}` is a merge key")]
    MergeKey {
        /// The path of that key.
        path: String,
    },
    /// A YAML tag, a list or mapping used as a key, or nesting deeper than 128 levels.
    #[error("line {line}, column {column}: no Kubernetes file has such a tag, key or nesting")]
    NotPlain {
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// A value is of another type than Kubernetes has there.
    #[error("`{path}` is {found}, not {expected}")]
    WrongType {
        /// The path of the value, such as `users[0].name`.
        path: String,
        /// What Kubernetes has there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
}

/// A node of the tree. Text is wiped when dropped: it may be a key or a token.
#[derive(PartialEq, Eq)]
pub(super) enum Node {
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
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
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
    pub(super) fn root(&self) -> Field<'_> {
        Field {
            path: String::new(),
            node: Some(self),
        }
    }

    /// What it is, in words for an error.
    fn kind(&self) -> &'static str {
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

/// A place in the document that knows its path; null counts as absent, as it does for Go's decoder.
#[derive(Clone)]
pub(super) struct Field<'a> {
    path: String,
    node: Option<&'a Node>,
}

impl<'a> Field<'a> {
    /// The value of `key`; absent in what is absent itself.
    pub(super) fn field(&self, key: &str) -> Result<Self, DocumentError> {
        let node = match self.node {
            None | Some(Node::Null) => None,
            Some(Node::Mapping { entries, .. }) => entries.get(key),
            Some(_) => return Err(self.wrong_type("a mapping")),
        };
        let path = child(&self.path, key);
        Ok(Self { path, node })
    }

    /// Text; `None` where there is none.
    pub(super) fn text(&self) -> Result<Option<&'a str>, DocumentError> {
        match self.node {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong_type("text")),
        }
    }

    /// Text that says something: as client-go, which asks for its length, takes "" for absent.
    pub(super) fn filled_text(&self) -> Result<Option<&'a str>, DocumentError> {
        Ok(self.text()?.filter(|text| !text.is_empty()))
    }

    /// True or false; `None` where there is none.
    pub(super) fn boolean(&self) -> Result<Option<bool>, DocumentError> {
        match self.node {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Boolean(value)) => Ok(Some(*value)),
            Some(_) => Err(self.wrong_type("a boolean")),
        }
    }

    /// The members of a list; none where there is no list.
    pub(super) fn list(&self) -> Result<Vec<Self>, DocumentError> {
        match self.node {
            None | Some(Node::Null) => Ok(Vec::new()),
            Some(Node::List(nodes)) => Ok(nodes
                .iter()
                .enumerate()
                .map(|(index, node)| Self {
                    path: format!("{}[{index}]", self.path),
                    node: Some(node),
                })
                .collect()),
            Some(_) => Err(self.wrong_type("a list")),
        }
    }

    /// Whether there is anything.
    pub(super) fn is_present(&self) -> bool {
        !matches!(self.node, None | Some(Node::Null))
    }

    fn wrong_type(&self, expected: &'static str) -> DocumentError {
        let path = if self.path.is_empty() {
            "(document)"
        } else {
            &self.path
        };
        DocumentError::WrongType {
            path: path.to_owned(),
            expected,
            found: self.node.map_or("absent", Node::kind),
        }
    }
}

/// The text in `bytes`, if a YAML reader can be given it at all.
fn text(bytes: &[u8]) -> Result<&str, DocumentError> {
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
    Ok(text)
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

/// The path of `key` in the mapping at `path`.
fn child(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
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
        let nested = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(matches!(
            error(nested.as_bytes()),
            DocumentError::NotPlain { .. }
        ));
    }

    #[test]
    fn a_value_of_another_type_is_named_by_its_path() {
        let Ok(root) = Node::parse(b"a: [{b: 1}]\n") else {
            panic!("refused");
        };
        let members = root.root().field("a").unwrap().list().unwrap();
        let error = members[0].field("b").unwrap().text().unwrap_err();
        assert_eq!(error.to_string(), "`a[0].b` is a number, not text");
        assert_eq!(
            members[0]
                .field("c")
                .unwrap()
                .field("d")
                .unwrap()
                .text()
                .unwrap(),
            None
        );
    }
}
