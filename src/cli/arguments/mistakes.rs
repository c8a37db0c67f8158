//! What a tired person types, and what is meant by it.

use std::path::Path;

use clap::Error;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::node::look_at_operand;
use crate::shell::quote;

/// Words for verbs that others use.
const VERBS: [(&str, &[&str]); 13] = [
    ("renew", &["recover"]),
    ("fix", &["recover"]),
    ("repair", &["recover"]),
    ("rotate", &["recover"]),
    ("undo", &["rollback"]),
    ("revert", &["rollback"]),
    ("restore", &["rollback"]),
    ("status", &["check"]),
    ("list", &["check", "journal list"]),
    ("check-expiration", &["check"]),
    ("log", &["journal show"]),
    ("history", &["journal list"]),
    ("continue", &["resume"]),
];

/// The same error, with the way to what is probably meant.
pub(super) fn with_way_out(mut error: Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = text(&error, ContextKind::InvalidSubcommand);
            let known = VERBS.iter().find(|(word, _)| *word == typed);
            if let Some((_, meant)) = known {
                let meant = meant.iter().map(|&verb| verb.to_owned()).collect();
                error.insert(
                    ContextKind::SuggestedSubcommand,
                    ContextValue::Strings(meant),
                );
            } else if is_folder(&typed) {
                tip(&mut error, &as_root(&typed));
            }
        }
        ErrorKind::UnknownArgument => {
            let typed = text(&error, ContextKind::InvalidArg);
            if typed == "--dry-run" {
                tip(&mut error, "what would be done shows: rekindle plan");
            } else if is_folder(&typed) {
                tip(&mut error, &as_root(&typed));
            }
        }
        _ => {}
    }
    error
}

fn is_folder(word: &str) -> bool {
    !word.starts_with('-') && look_at_operand(Path::new(word)).0
}

fn as_root(folder: &str) -> String {
    format!("a node in a folder is named so: --root {}", quote(folder))
}

fn text(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    }
}

/// In place of what the letters alone suggest.
fn tip(error: &mut Error, words: &str) {
    error.remove(ContextKind::SuggestedArg);
    error.remove(ContextKind::SuggestedSubcommand);
    let words = StyledStr::from(words.to_owned());
    error.insert(
        ContextKind::Suggested,
        ContextValue::StyledStrs(vec![words]),
    );
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Arguments;
    use super::*;

    fn said(words: &[&str]) -> String {
        let words = [&["rekindle"], words].concat();
        let error = Arguments::try_parse_from(words).unwrap_err();
        with_way_out(error).render().to_string()
    }

    #[test]
    fn what_is_meant_is_named() {
        assert!(
            said(&["renew"]).contains("'recover'"),
            "{}",
            said(&["renew"])
        );
        assert!(said(&["undo"]).contains("'rollback'"));
        assert!(said(&["status"]).contains("'check'"));
        let dry = said(&["recover", "--yes", "--dry-run"]);
        assert!(dry.contains("rekindle plan"), "{dry}");
        let folder = said(&["check", "/"]);
        assert!(folder.contains("--root /"), "{folder}");
        let folder = said(&["/"]);
        assert!(folder.contains("--root /"), "{folder}");
    }
}
