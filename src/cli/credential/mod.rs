//! `rekindle credential`: break-glass credentials.

mod issue;
mod list;

pub(super) use issue::issue;
pub(super) use list::list;
