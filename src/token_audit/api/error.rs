//! Why the API server does not tell.

use std::time::Duration;

use serde::Deserialize;

use super::super::object::NotAnObject;

/// An answer that did not come, or that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No answer came, or none of the node's credentials is taken.
    #[error("{evidence}")]
    Silent {
        /// What was seen.
        evidence: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// It says that it cannot, or does not want to.
    #[error("the API server answers {status}: {message}")]
    Answered {
        /// The HTTP status.
        status: u16,
        /// Its words.
        message: String,
    },
    /// The list changed faster than it could be read: each time the API server had forgotten where it stood (410).
    #[error("the list could not be read to its end before the API server forgot where it stood")]
    Expired,
    /// A list without an end.
    #[error("the API server gives pages without an end")]
    Endless,
    /// There is more than can be told in time.
    #[error("the time is up: asked for {} s, the API server had not told all", limit.as_secs())]
    TimeIsUp {
        /// For how long it was asked.
        limit: Duration,
    },
    /// One object alone is larger than what is read at once.
    #[error("it is larger than the 1 MiB that is read at once")]
    TooLarge,
    /// The answer is no list of what was asked for.
    #[error("the answer is no list: {reason}")]
    NotAList {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The answer is not the object that was asked for.
    #[error("the answer cannot be read")]
    NotAnObject(#[from] NotAnObject),
}

impl ApiError {
    /// An answer with that status, and its words where it has some (`meta/v1`, `Status`).
    pub(super) fn answered(status: u16, body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Status {
            message: String,
        }
        let message = serde_json::from_slice(body).map_or_else(
            |_| "without a reason".to_owned(),
            |status: Status| status.message.chars().take(200).collect(),
        );
        Self::Answered { status, message }
    }
}
