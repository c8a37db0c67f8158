//! A kubelet's credential on its way from a control plane to another node: one file, sealed by the cluster's authority, for one
//! host alone.
//!
//! It is a DSSE envelope, as a line of a journal is, with a type of its own. What seals it is an Ed25519 key that exists while it
//! is made and no longer, certified with the profile of a journal's certificate, which is in the bundle. So whoever has nothing
//! but a credential of the cluster can make none, and the CA that is on the node already is all that has to be trusted. Pure
//! but for randomness: bytes in, bytes out, `now` is an argument.

mod document;
mod error;
mod machine_id;
mod open;
mod seal;
mod secret;

pub use error::BundleError;
pub use machine_id::MachineId;

use std::fmt;

use time::OffsetDateTime;

use crate::issuance::NodeCredential;
use crate::pki::Certificate;

/// The type of what is sealed: a record of a journal has another.
const PAYLOAD_TYPE: &str = "application/vnd.rekindle.node-credential+json";
/// The first version of the form.
const SCHEMA: &str = "rekindle.node-credential/v1";
/// The largest bundle that is made and read, in bytes; a usual one has 6 KiB.
pub const LARGEST_BUNDLE: usize = 64 * 1024;

/// What is in a bundle.
pub struct NodeBundle {
    /// The node that it is for.
    pub node: String,
    /// The host that it is for.
    pub machine_id: MachineId,
    /// When it was made, in whole seconds.
    pub issued_at: OffsetDateTime,
    /// The name of the host on which it was made.
    pub issued_by: String,
    /// The certificates of the cluster's authority there: for people to compare, and trusted by nobody.
    pub authorities: Vec<Certificate>,
    /// Where that control plane's administrator asks the API.
    pub api_server: Option<String>,
    /// The credential.
    pub credential: NodeCredential,
}

impl NodeBundle {
    /// When the credential, and the bundle with it, ends.
    pub fn not_after(&self) -> OffsetDateTime {
        self.credential.certificate.not_after()
    }
}

impl fmt::Debug for NodeBundle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NodeBundle")
            .field("node", &self.node)
            .field("machine_id", &self.machine_id)
            .field("not_after", &self.not_after())
            .finish_non_exhaustive()
    }
}
