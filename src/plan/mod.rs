//! What `recover` will do, decided before anything is done. Pure: an inventory, a clock reading and a
//! request in; steps, refusals and what is left to others out.

mod aftermath;
mod another_node;
mod authorities;
mod clock;
mod copies;
mod draft;
mod expiry;
mod file_remedy;
mod install;
mod leave;
mod node_facts;
mod node_name;
mod planner;
mod rebuild;
mod recovery_plan;
mod refusal;
mod remedy;
mod renew;
mod request;
mod shared_key;
mod signer;
mod signing;
mod step;

pub use aftermath::Aftermath;
pub use clock::accepted_clock_doubts;
pub use expiry::plan_expiry;
pub use planner::plan;
pub use recovery_plan::RecoveryPlan;
pub use refusal::{Refusal, RefusalCode};
pub use request::{AdditionalName, NAMED_CERTIFICATES, Reissue, Request, RequestError, Restart};
pub use signer::second;
pub use signing::signing_obstacles;
pub use step::{
    Install, LeftAlone, Mint, NewKubeconfig, ReSign, Rebuild, Refresh, ReissueAuthority,
    RestoreAuthority, Shape, Step,
};
