//! The live half of a recovery: the control plane is stopped before its files are replaced, started after, and proven to be
//! back.
//!
//! The order comes from measurements. The kubelet is stopped first, so that nothing restarts half-way and its crash back-off
//! dies with it; then the components end by SIGTERM, etcd last and cleanly; the files are replaced; the kubelet is started,
//! and finds exited containers that it starts anew with the new credentials. Manifests stay as they are: a kubelet that
//! starts and finds one changed kills the old process hard, etcd too.

mod act;
mod choice;
mod copy;
mod demands;
mod live;
mod manifests;
mod plan;
mod prove;
mod release;
mod start;
mod stop;

use std::time::Duration;

pub use choice::{EtcdCopy, RestartChoice, RestartWishes, Strategy};
pub use live::Live;
pub use manifests::MANIFEST;
pub use plan::{FolderCopy, RestartPlan, Seen, plan_restart};

/// For the service manager: a kubelet ends within a second, and starts within one.
const SERVICE: Duration = Duration::from_mins(1);
