//! Reading values out of the tree, with the path of what is not as expected. Pure.

use super::error::DocumentError;
use super::node::Node;

/// A place in the document that knows its path; null counts as absent, as it does for Go's decoder.
#[derive(Clone)]
pub(in crate::kubernetes) struct Field<'a> {
    path: String,
    node: Option<&'a Node>,
}

impl<'a> Field<'a> {
    /// The document itself.
    pub(super) fn root(node: &'a Node) -> Self {
        Self {
            path: String::new(),
            node: Some(node),
        }
    }

    /// The value of `key`; absent in what is absent itself.
    pub(in crate::kubernetes) fn field(&self, key: &str) -> Result<Self, DocumentError> {
        let node = match self.node {
            None | Some(Node::Null) => None,
            Some(Node::Mapping { entries, .. }) => entries.get(key),
            Some(_) => return Err(self.wrong_type("a mapping")),
        };
        let path = child(&self.path, key);
        Ok(Self { path, node })
    }

    /// Text; `None` where there is none.
    pub(in crate::kubernetes) fn text(&self) -> Result<Option<&'a str>, DocumentError> {
        match self.node {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong_type("text")),
        }
    }

    /// Text that says something: as client-go, which asks for its length, takes "" for absent.
    pub(in crate::kubernetes) fn filled_text(&self) -> Result<Option<&'a str>, DocumentError> {
        Ok(self.text()?.filter(|text| !text.is_empty()))
    }

    /// True or false; `None` where there is none.
    pub(in crate::kubernetes) fn boolean(&self) -> Result<Option<bool>, DocumentError> {
        match self.node {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Boolean(value)) => Ok(Some(*value)),
            Some(_) => Err(self.wrong_type("a boolean")),
        }
    }

    /// A TCP port; `None` where there is none, or zero, by which Kubernetes means none.
    pub(in crate::kubernetes) fn port(&self) -> Result<Option<u16>, DocumentError> {
        match self.node {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Number(number)) => match number.parse() {
                Ok(0) => Ok(None),
                Ok(port) => Ok(Some(port)),
                Err(_) => Err(self.wrong_type("a port")),
            },
            Some(_) => Err(self.wrong_type("a port")),
        }
    }

    /// The number of a user or a group; `None` where there is none.
    pub(in crate::kubernetes) fn user_number(&self) -> Result<Option<u32>, DocumentError> {
        let wrong = || self.wrong_type("the number of a user or a group");
        match self.node {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Number(number)) => number.parse().map(Some).map_err(|_| wrong()),
            Some(_) => Err(wrong()),
        }
    }

    /// The members of a list; none where there is no list.
    pub(in crate::kubernetes) fn list(&self) -> Result<Vec<Self>, DocumentError> {
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

    /// The first key of this mapping that is none of these, as its path: for files that Kubernetes decodes strictly.
    pub(in crate::kubernetes) fn unknown_key(
        &self,
        known: &[&str],
    ) -> Result<Option<String>, DocumentError> {
        match self.node {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Mapping { entries, .. }) => {
                let unknown = entries.keys().find(|key| !known.contains(&key.as_str()));
                Ok(unknown.map(|key| child(&self.path, key)))
            }
            Some(_) => Err(self.wrong_type("a mapping")),
        }
    }

    /// The path of this place.
    pub(in crate::kubernetes) fn path(&self) -> &str {
        &self.path
    }

    /// Whether there is anything.
    pub(in crate::kubernetes) fn is_present(&self) -> bool {
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

/// The path of `key` in the mapping at `path`.
pub(super) fn child(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
