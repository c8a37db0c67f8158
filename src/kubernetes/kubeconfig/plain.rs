//! Refuses the YAML through which an edit could reach further than it shows: anchors, aliases and tags. Pure.

use yaml_edit::SyntaxKind;

use super::error::KubeconfigError;

/// Refuses the first anchor, alias or tag outside strings and comments.
pub(super) fn refuse_indirection(text: &str) -> Result<(), KubeconfigError> {
    let mut line = 1;
    for (kind, token) in yaml_edit::lex(text) {
        let token_line = line;
        line += token.matches('\n').count();
        let token = || token.to_owned();
        match kind {
            SyntaxKind::ANCHOR | SyntaxKind::REFERENCE => {
                return Err(KubeconfigError::Anchor {
                    line: token_line,
                    token: token(),
                });
            }
            SyntaxKind::TAG => {
                return Err(KubeconfigError::Tag {
                    line: token_line,
                    token: token(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_aliases_and_tags_are_found_with_their_line() {
        for text in [
            "a: b\nc: &x d\n",
            "a: b\r\nc: *x\r\n",
            "a:\n- &x d\n",
            "a:\n- *x\n",
            "a: b\nc: {d: *x}\n",
            "a: b\nc: [&x d]\n",
            "a: b\n&x c: d\n",
            "a: b\n*x : d\n",
            "a: b\n? *x\n: d\n",
            "a: b\n<<: *x\n",
            "a: &x\n  b: c\n",
        ] {
            let Err(KubeconfigError::Anchor { line, token }) = refuse_indirection(text) else {
                panic!("{text:?}");
            };
            assert_eq!(&token[1..], "x", "{text:?}");
            assert_eq!(
                text.lines().nth(line - 1).unwrap().matches(&token).count(),
                1
            );
        }
        for text in ["a: b\nc: !!binary d\n", "a: b\nc: !x d\n"] {
            assert!(matches!(
                refuse_indirection(text),
                Err(KubeconfigError::Tag { line: 2, .. })
            ));
        }
    }

    #[test]
    fn the_same_signs_inside_strings_and_comments_are_none() {
        for text in [
            "# a *b &c !d\na: b # *c\n",
            "a: \"*b &c !d\"\nb: '*b &c !d'\n",
            "a: \"x\n  *b\n  &c !d\"\n",
            "a: |\n  *b\n  &c\n  !d\nb: >-\n  *b\n\n  &c\n",
            "a: b\n  *c\n  &d\n",
            "a: b*c&d!e\n",
            "a: https://x.test/?a=b&c=*d\n",
            "a: b * c & d ! e\n",
            "{\"a\": \"*b\", \"c\": \"&d\"}\n",
        ] {
            assert!(refuse_indirection(text).is_ok(), "{text:?}");
        }
    }
}
