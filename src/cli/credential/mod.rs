//! `rekindle credential`: break-glass credentials.

mod issue;
mod list;
mod list_json;
mod names;
mod record;
mod report;
mod request;
mod traces;

pub(super) use issue::issue;
pub(super) use list::list;
