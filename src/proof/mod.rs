//! Proves that the control plane of this node runs on the certificates that lie on its disk: the same at the end of a
//! recovery and at any other time. Reads and asks only.
//!
//! Neither `kubectl` nor `/readyz` proves it: with every file renewed and nothing restarted, both are content while the
//! controller-manager and the scheduler stay unauthorized for ever. What proves it is that each process is newer than
//! the credential that it reads at its start, that what is served is what is on the disk, and that the three Leases move.
//!
//! Each condition is watched by a thread of its own ([`Watch`]), so that one server that hangs delays no other and the
//! proof ends when the last condition becomes true.
//!
//! Tests here work with real processes, real TLS servers and a real etcd; what needs a real API server (`/livez`, `/readyz`,
//! the Leases) is tested by the rehearsals.

mod api_server;
mod certificate;
mod conditions;
mod etcd;
mod finding;
mod kubelet;
mod lease;
mod login;
mod process;
mod reached;
mod running;
mod watch;
mod written;

pub use api_server::{ApiServer, LeaseState, Refused};
pub use conditions::look_at_processes;
pub use finding::{Condition, Finding, State};
pub use lease::own_leaders;
pub use running::running;
pub use watch::{Proof, Watch};
pub use written::Written;
