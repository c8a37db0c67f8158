//! `rekindle credential`: break-glass credentials.

mod issue;
mod list;
mod names;
mod told;
mod wish;

pub(super) use issue::issue;
pub(super) use list::list;
