//! What is looked at before a YAML reader is given the bytes. Pure.

use super::error::{DocumentError, LARGEST, MOST_VALUES};

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
    refuse_blow_ups(text)?;
    Ok(text)
}

/// How many brackets may be open at once: as deep as the YAML reader goes.
const DEEPEST: usize = 128;

/// Refuses what would keep the YAML libraries busy for minutes or cost them hundreds of megabytes, before they see it. For
/// each word the scanner looks at every open bracket again, and each value, which has one of these letters before it,
/// is some hundred bytes for them. Those in quotes, words and comments count too; Kubernetes files have few of them.
fn refuse_blow_ups(text: &str) -> Result<(), DocumentError> {
    let (mut open, mut values) = (0_usize, 0);
    let (mut line, mut line_start) = (1, 0);
    for (at, letter) in text.bytes().enumerate() {
        match letter {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            b'\n' => (line, line_start) = (line + 1, at + 1),
            b',' | b':' | b'-' | b'?' => {}
            _ => continue,
        }
        values += 1;
        if open > DEEPEST {
            let column = text
                .get(line_start..=at)
                .map_or(0, |line| line.chars().count());
            return Err(DocumentError::NotPlain { line, column });
        }
        if values > MOST_VALUES {
            return Err(DocumentError::TooManyValues);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::document::Node;

    fn error(bytes: &[u8]) -> DocumentError {
        match Node::parse(bytes) {
            Ok(_) => panic!("accepted {:?}", String::from_utf8_lossy(bytes)),
            Err(error) => error,
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

    #[test]
    fn more_values_than_any_file_has_are_refused_at_once() {
        for unit in ["-\n", "? ", "a,", "a: b,", "[]", "- a\n", "\n", "\r- a"] {
            let text = format!("a: [{}]", unit.repeat(LARGEST / unit.len() - 5));
            assert!(
                matches!(error(text.as_bytes()), DocumentError::TooManyValues),
                "{unit:?}"
            );
        }
        // As large as it may be, and most of it is one value.
        let text = format!("a: {}", "b".repeat(LARGEST / 2));
        assert!(Node::parse(text.as_bytes()).is_ok());
    }
}
