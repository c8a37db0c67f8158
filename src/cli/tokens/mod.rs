//! `rekindle tokens`: tokens that never end.

mod audit;
mod report;
mod report_json;

pub(super) use audit::audit;
