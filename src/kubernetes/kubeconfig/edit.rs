//! Replaces one certificate in a kubeconfig's text, and proves that nothing else changed. Pure.
//!
//! yaml-edit says where the value is; the text around it is copied, not written anew, so that comments, order, quoting
//! and line breaks stay. `serde_yaml`, which shares no code with it, judges the outcome.

use std::ops::Range;

use yaml_edit::YamlFile;
use zeroize::Zeroizing;

use super::credential::{Source, decode, encode, without_blanks};
use super::parse::Kubeconfig;
use crate::kubernetes::document::Node;

/// The key whose value is replaced.
const KEY: &str = "client-certificate-data";

/// `text` with `pem` in the place of the certificate of `users[user_index]`; `None` if that value's bytes cannot be
/// told for sure. The new value has the old one's quotes or block header, and is on one line.
pub(super) fn replace_certificate(text: &str, user_index: usize, pem: &[u8]) -> Option<String> {
    let value = locate(text, user_index)?;
    let before = text.get(..value.start)?;
    let after = text.get(value.end..)?;
    let data = encode(pem);
    // The size is known beforehand, so that no copy of a key is left behind by growing.
    let mut edited = String::with_capacity(before.len() + data.len() + after.len());
    edited.push_str(before);
    edited.push_str(&data);
    edited.push_str(after);
    Some(edited)
}

/// Whether both texts say the same but for the certificate of `users[user_index]`, and the edited one says `pem` there.
pub(super) fn changes_only_certificate(
    text: &str,
    edited: &str,
    user_index: usize,
    pem: &[u8],
) -> bool {
    let (Ok(mut before), Ok(mut after)) =
        (Node::parse(text.as_bytes()), Node::parse(edited.as_bytes()))
    else {
        return false;
    };
    let old = take_certificate(&mut before, user_index);
    let new = take_certificate(&mut after, user_index);
    let says_pem =
        matches!(&new, Some(Node::Text(data)) if decode(data).is_ok_and(|bytes| *bytes == pem));
    let reads_back = Kubeconfig::parse(edited.as_bytes())
        .is_ok_and(|edited| *edited.client_certificate() == Source::Embedded(pem.to_vec()));
    old.is_some() && says_pem && reads_back && before == after
}

/// Where the base64 digits of the value are, blanks and line breaks between them included, quotes and headers not.
fn locate(text: &str, user_index: usize) -> Option<Range<usize>> {
    let user = YamlFile::parse(text)
        .tree()
        .document()?
        .get_sequence("users")?
        .get(user_index)?;
    let value = user.as_mapping()?.get_mapping("user")?.get(KEY)?;
    let range = value.as_scalar()?.byte_range();
    let start = usize::try_from(range.start).ok()?;
    let end = usize::try_from(range.end).ok()?;
    let digits = digits(text.get(start..end)?)?;
    let digits = start + digits.start..start + digits.end;
    // A comment or another value in what is to be cut out would be lost: it must be the value, the whole value and
    // nothing else.
    let mut document = Node::parse(text.as_bytes()).ok()?;
    let Some(Node::Text(value)) = take_certificate(&mut document, user_index) else {
        return None;
    };
    (without_escapes(text.get(digits.clone())?) == without_blanks(&value)).then_some(digits)
}

/// The part of a YAML scalar between its quotes, or below its block header, without blanks at both ends.
fn digits(scalar: &str) -> Option<Range<usize>> {
    let inner = match scalar.chars().next()? {
        '"' | '\'' => 1..scalar.len().checked_sub(1)?,
        '|' | '>' => scalar.find(['\n', '\r'])?..scalar.len(),
        _ => 0..scalar.len(),
    };
    let text = scalar.get(inner.clone())?;
    let start = inner.start + (text.len() - text.trim_start().len());
    Some(start..start + text.trim().len())
}

/// `digits` without blanks and without the backslashes that JSON writers put before `/` and YAML writers at line ends.
fn without_escapes(digits: &str) -> Zeroizing<String> {
    without_blanks(&Zeroizing::new(digits.replace('\\', "")))
}

/// Takes the value out of the tree and leaves null there.
fn take_certificate(document: &mut Node, user_index: usize) -> Option<Node> {
    let Node::List(users) = entry(document, "users")? else {
        return None;
    };
    let user = entry(users.get_mut(user_index)?, "user")?;
    Some(std::mem::replace(entry(user, KEY)?, Node::Null))
}

fn entry<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match node {
        Node::Mapping { entries, .. } => entries.get_mut(key),
        _ => None,
    }
}
