//! The tree of one document, and what is refused while it grows. Pure.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use zeroize::Zeroizing;

use super::error::{DocumentError, LARGEST};
use super::field::{Field, child};
use super::text::text;

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
        let space = Cell::new(ROOM);
        let root = Growing(&space)
            .deserialize(serde_yaml::Deserializer::from_str(text))
            .map_err(|error| match error.location() {
                _ if space.get() == 0 => DocumentError::TooManyValues,
                location => DocumentError::NotPlain {
                    line: location.as_ref().map_or(0, serde_yaml::Location::line),
                    column: location.as_ref().map_or(0, serde_yaml::Location::column),
                },
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

/// How much the tree may hold: text in bytes, and [`COST`] for each key and value. No document comes near this by itself;
/// an alias, which has another value again each time, would make gigabytes of a few lines.
const ROOM: usize = 4 * LARGEST;

/// What an empty key or value takes.
const COST: usize = 16;

/// Builds the tree, as long as there is room for it. Tags are refused by not being visited.
#[derive(Clone, Copy)]
struct Growing<'room>(&'room Cell<usize>);

impl Growing<'_> {
    /// Takes the room for a key or value, or what is left of it.
    fn take<E: Error>(self, text: usize) -> Result<(), E> {
        let room = self.0.get().saturating_sub(COST + text);
        self.0.set(room);
        if room == 0 {
            return Err(E::custom("too many values"));
        }
        Ok(())
    }

    fn scalar<E: Error>(self, node: Node) -> Result<Node, E> {
        self.take(0)?;
        Ok(node)
    }
}

impl<'de> DeserializeSeed<'de> for Growing<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Growing<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("plain YAML or JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.scalar(Node::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.scalar(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.scalar(Node::Boolean(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.scalar(Node::Number(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.scalar(Node::Number(value.to_string()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        self.scalar(Node::Number(value.to_string()))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        self.scalar(Node::Number(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.scalar(Node::Number(format!("{value:?}")))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.take(value.len())?;
        Ok(Node::Text(Zeroizing::new(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        self.take(0)?;
        let mut nodes = Vec::new();
        while let Some(node) = access.next_element_seed(self)? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        self.take(0)?;
        let mut entries = BTreeMap::new();
        let mut repeated = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            self.take(key.len())?;
            let value = access.next_value_seed(self)?;
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
    fn aliases_are_followed_as_long_as_the_tree_stays_small() {
        let aliases =
            |text: &str, count: usize| format!("a: &a {text}\nb: [{}]\n", "*a,".repeat(count));
        assert!(Node::parse(aliases("[b, c]", 1000).as_bytes()).is_ok());
        for text in [
            "b".repeat(LARGEST / 2),
            format!("[{}]", "b,".repeat(10_000)),
        ] {
            assert!(matches!(
                error(aliases(&text, 1000).as_bytes()),
                DocumentError::TooManyValues
            ));
        }
    }
}
