//! The API server of this node, asked with its administrators' credentials.

use super::{Api, ApiError, Reply};
use crate::node::HttpRequest;
use crate::proof::{ApiServer, Refused};

impl Api for ApiServer {
    fn ask(&self, path: &str, form: &'static str) -> Result<Reply, ApiError> {
        let answer = self.page(&HttpRequest::get(path).accepting(form));
        let answer = answer.map_err(|Refused(state)| ApiError::Silent {
            evidence: state.evidence().to_owned(),
            hint: state.advice().map(str::to_owned),
        })?;
        Ok(answer.map_or(Reply::TooLarge, |answer| Reply::Whole {
            status: answer.status,
            body: answer.body,
        }))
    }
}
