//! Why nobody can say whose turn it is.

/// The API server of this node does not tell, or does not take what is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TurnError {
    /// It gives no answer that could be used.
    #[error("{evidence}")]
    Silent {
        /// What was seen instead.
        evidence: String,
        /// What to do about it.
        advice: Option<String>,
    },
    /// It answers something else than was asked for.
    #[error("the API server answers {status} for the Lease {lease}: {message}")]
    Answered {
        /// The status of HTTP.
        status: u16,
        /// Namespace and name.
        lease: String,
        /// What it says.
        message: String,
    },
    /// The Lease was another one each time that it was to be written.
    #[error("others were faster each time that the Lease {lease} was to be taken")]
    Contended {
        /// Namespace and name.
        lease: String,
    },
    /// The thread that asks cannot be had.
    #[error("{0}")]
    Unconfined(#[from] crate::node::UnconfinedError),
}
