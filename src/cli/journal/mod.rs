//! `rekindle journal`: what earlier runs recorded.

mod operand;
mod show;
mod verify;

pub(super) use show::show;
pub(super) use verify::verify;
