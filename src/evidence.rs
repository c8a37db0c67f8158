//! An error as evidence: what happened and what caused it, on one line.

use std::error::Error;

use crate::elision::elide;

/// `error: cause: cause of the cause`. An error that shows its source itself (transparent) is not repeated, and what may be
/// a key is cut short: a value of a file can stand in it.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    elide(&text).into_owned()
}
