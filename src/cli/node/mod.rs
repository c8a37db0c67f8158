//! `rekindle node`: credentials for the kubelets of other nodes.

mod install;
mod issue;
mod operand;

pub(super) use install::install;
pub(super) use issue::issue;
pub use operand::NodeOperand;
