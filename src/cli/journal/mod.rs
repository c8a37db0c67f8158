//! `rekindle journal`: what earlier runs recorded.

mod archive;
mod ending;
mod expect;
mod export;
mod instructions;
mod list;
mod operand;
mod show;
mod summary;
mod verify;

pub(super) use archive::{is_archive, journals_in};
pub(super) use ending::outcome_in_words;
pub(super) use expect::expected;
pub(super) use export::{export, not_created};
pub(super) use list::{list, missing_predecessor};
pub(super) use operand::{Journal, chain_of, known_run};
pub(super) use show::show;
pub(super) use verify::{authorities, verify, way_out};
