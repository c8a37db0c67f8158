//! `rekindle node`: credentials for the kubelets of other nodes.

mod belief;
mod install;
mod issue;
mod operand;
mod place;

pub(super) use install::install;
pub(super) use issue::issue;
pub use operand::NodeOperand;
