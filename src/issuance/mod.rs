//! Signs everything that a plan asks for, and verifies all of it, in memory. When this returns, nothing is
//! left to go wrong but the disk.

mod certify;
mod change;
mod error;
mod issue;
mod key_file;
mod mint;
mod new_keys;
mod node_credential;
mod placement;
mod rebuild;
mod refresh;
mod reissue_authority;
mod renewal;
mod restore_authority;
mod user_credential;

pub use crate::inventory::KUBELET_PEM;
pub use change::{CertificateChange, Content, FileChange};
pub use error::IssuanceError;
pub use issue::{Issuance, issue};
pub use node_credential::{KUBELET_CREDENTIAL, NodeCredential, Rotation, kubelet_client};
pub use refresh::COPY_LOCATION;
pub use restore_authority::AUTHORITY_LOCATION;
pub use user_credential::{UserCluster, UserCredential};
