//! Signs everything that a plan asks for, and verifies all of it, in memory. When this returns, nothing is
//! left to go wrong but the disk.

mod change;
mod error;
mod issue;
mod mint;
mod node_credential;
mod refresh;
mod renewal;

pub use change::{CertificateChange, Content, FileChange};
pub use error::IssuanceError;
pub use issue::{Issuance, issue};
pub use node_credential::{KUBELET_CREDENTIAL, NodeCredential, Rotation, kubelet_client};
pub use refresh::COPY_LOCATION;
