//! An end to asking, however many pages there are and however slowly they come.

use std::time::{Duration, Instant};

use super::{Api, ApiError, Reply};

/// An API server that is asked nothing more once its time is up. The last answer may come later than that, by as long as one takes.
pub(super) struct Deadline<'a, A> {
    api: &'a A,
    begun: Instant,
    limit: Duration,
}

impl<'a, A: Api> Deadline<'a, A> {
    /// From now on.
    pub(super) fn of(api: &'a A, limit: Duration) -> Self {
        Self {
            api,
            begun: Instant::now(),
            limit,
        }
    }
}

impl<A: Api> Api for Deadline<'_, A> {
    fn ask(&self, path: &str, form: &'static str) -> Result<Reply, ApiError> {
        if self.begun.elapsed() >= self.limit {
            return Err(ApiError::TimeIsUp { limit: self.limit });
        }
        self.api.ask(path, form)
    }
}
