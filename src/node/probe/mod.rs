//! Asks one of the node's own servers who it is, and perhaps for an answer: the certificate that is *served* may be another
//! than the one on the disk, and a component that runs may have lost its credentials.
//!
//! Connects by address, so no name is ever looked up. One connection, one request, one [`patience`](Question::patience) for
//! all of it. The handshake is brought to its end whoever the server is, for what it shows is the finding; a request leaves
//! only for a server that is trusted.

mod alert;
mod answer;
mod ask;
mod credential;
mod distrust;
mod error;
mod question;
mod request;
mod response;
mod session;
mod stream;
mod verifier;

pub use alert::Alert;
pub use answer::{Answer, Served};
pub use ask::ask;
pub use credential::{ClientCredential, CredentialError};
pub use distrust::Distrust;
pub use error::{Phase, ProbeError};
pub use question::{Channel, Question, Trust};
pub use request::HttpRequest;
pub use response::HttpResponse;
