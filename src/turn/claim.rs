//! What is asked of the API server, one question at a time.

use serde::Deserialize;
use serde_json::Value;

use super::record::Record;
use super::{TurnError, lease};
use crate::node::HttpRequest;
use crate::proof::{ApiServer, Refused};

const MERGE: &str = "application/merge-patch+json";

/// What became of a change.
pub(super) enum Written {
    /// It is so now.
    Done,
    /// The Lease is another one than was seen, or is gone.
    Overtaken,
}

/// The Lease; nothing where there is none.
pub(super) fn read(server: &ApiServer) -> Result<Option<Record>, TurnError> {
    let (status, body) = ask(server, &HttpRequest::get(lease().path()))?;
    match status {
        200 => serde_json::from_slice(&body)
            .map(Some)
            .map_err(|error| TurnError::Answered {
                status,
                lease: lease().to_string(),
                message: error.to_string(),
            }),
        404 => Ok(None),
        _ => Err(answered(status, &body)),
    }
}

/// Makes it.
pub(super) fn create(server: &ApiServer, record: &Value) -> Result<Written, TurnError> {
    let path = lease().path();
    let list = path.rsplit_once('/').map_or("", |(list, _)| list);
    let body = record.to_string().into_bytes();
    write(server, &HttpRequest::post(list, "application/json", body))
}

/// Changes it, if it is still the one that was seen.
pub(super) fn change(server: &ApiServer, patch: &Value) -> Result<Written, TurnError> {
    let body = patch.to_string().into_bytes();
    write(server, &HttpRequest::patch(lease().path(), MERGE, body))
}

fn write(server: &ApiServer, request: &HttpRequest) -> Result<Written, TurnError> {
    match ask(server, request)? {
        (200..=299, _) => Ok(Written::Done),
        // 409 is AlreadyExists and Conflict; 404 a Lease that was deleted meanwhile.
        (404 | 409, _) => Ok(Written::Overtaken),
        (status, body) => Err(answered(status, &body)),
    }
}

fn ask(server: &ApiServer, request: &HttpRequest) -> Result<(u16, Vec<u8>), TurnError> {
    let answer = server
        .page(request)
        .map_err(|Refused(state)| TurnError::Silent {
            evidence: state.evidence().to_owned(),
            advice: state.advice().map(str::to_owned),
        })?;
    let answer = answer.ok_or_else(|| TurnError::Silent {
        evidence: format!("the Lease {} is longer than what is read", lease()),
        advice: None,
    })?;
    Ok((answer.status, answer.body))
}

fn answered(status: u16, body: &[u8]) -> TurnError {
    #[derive(Deserialize)]
    struct Status {
        message: String,
    }
    let words = serde_json::from_slice::<Status>(body).map_or_else(
        |_| String::from_utf8_lossy(body).chars().take(200).collect(),
        |status| status.message,
    );
    TurnError::Answered {
        status,
        lease: lease().to_string(),
        message: words,
    }
}
