//! `rekindle journal`: what earlier runs recorded.

mod ending;
mod expect;
mod export;
mod instructions;
mod list;
mod operand;
mod report;
mod show;
mod summary;
mod verify;

pub(super) use ending::outcome_in_words;
pub(super) use export::export;
pub(super) use list::{list, missing_predecessor};
pub(super) use operand::{chain_of, known_run};
pub(super) use report::report;
pub(super) use show::show;
pub(super) use verify::verify;
