//! The report of a run for the post-mortem and the auditor: what its journal says, as one page. Pure.
//!
//! [`NodeReport::of`] makes the facts of one journal; [`html()`](html()) and [`markdown()`](markdown()) render any number
//! of them. Whatever comes from a journal is somebody else's text: it goes through `text`, and is escaped where it is
//! written. Nothing is read from behind a line that was tampered with.

mod change;
mod chart;
mod ending;
mod fleet;
mod html;
mod lede;
mod life;
mod markdown;
mod model;
mod outcome;
mod remark;
mod text;
mod timeline;
mod trust;
mod words;

pub use html::html;
pub use markdown::markdown;
pub use model::NodeReport;
