//! What came of a question.

use super::{Distrust, HttpResponse, ProbeError};

/// What a server showed, and what it said.
#[derive(Debug)]
pub struct Answer {
    /// The certificates that it served, also where the handshake failed afterwards; `None` where it came to none.
    pub served: Option<Served>,
    /// `Ok(None)`: the connection stood, and nothing was asked, because there was no request or because the server is not
    /// trusted. An HTTP status such as 401 or 503 is an answer, not an error.
    pub outcome: Result<Option<HttpResponse>, ProbeError>,
}

/// The certificates that a server presented in a handshake.
///
/// That it holds the key of the first one is proved where the answer's outcome is `Ok`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// As they came, DER: the server's own first.
    pub chain: Vec<Vec<u8>>,
    /// Whether they are what was expected.
    pub trust: Result<(), Distrust>,
}
