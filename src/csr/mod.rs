//! Certificates whose authority's key is kept elsewhere: requests on the node, signed where the key is, and brought back.
//!
//! Both ways go as one DSSE envelope, as a line of a journal does, each with a type of its own. The requests are sealed by a key that
//! nobody vouches for, since the node has nobody who could: its fingerprint is printed there and compared where they are signed.
//! What is signed is sealed by a key that the authority certifies. Neither seal is what keeps the authority safe: it signs nothing
//! but what it has signed before, for the same key, with new dates (`sign.rs`). Pure but for randomness; `now` is an argument.

mod answer;
mod error;
mod export;
mod requests;
mod sign;

pub use answer::{ANSWER_TYPE, Answer, SignedCertificate};
pub use error::{BundleError, CsrError};
pub use export::{Skipped, export};
pub use requests::{REQUESTS_TYPE, RequestBundle, RequestedCertificate};
pub use sign::{Judged, SignError, judge, sign};

/// The largest bundle that is made and read, in bytes; one of a usual node has some 40 KiB.
pub const LARGEST_BUNDLE: usize = 512 * 1024;
