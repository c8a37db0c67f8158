//! `rekindle tokens`: tokens that never end.

mod audit;

pub(super) use audit::audit;
