//! What `recover` will do, decided before anything is done. Pure: an inventory, a clock reading and a
//! request in; steps, refusals and what is left to others out.

mod aftermath;
mod clock;
mod copies;
mod draft;
mod expiry;
mod file_remedy;
mod leave;
mod node_name;
mod planner;
mod refusal;
mod remedy;
mod request;
mod signer;
mod step;

pub use aftermath::Aftermath;
pub use expiry::plan_expiry;
pub use planner::{RecoveryPlan, plan};
pub use refusal::{Refusal, RefusalCode};
pub use request::{Request, RequestError, Restart};
pub use signer::second;
pub use step::{LeftAlone, Mint, ReSign, Refresh, Step};
