//! `rekindle csr`: certificates whose authority's key is kept elsewhere.

mod export;
mod import;
mod sign;

pub use export::export;
pub use import::import;
pub use sign::sign;

use std::path::{Path, PathBuf};

use crate::csr::{self, BundleError};
use crate::digest::Sha256Digest;
use crate::evidence::with_causes;
use crate::journal::Defect;
use crate::plan::{Refusal, RefusalCode};
use crate::recovery::STATE_FOLDER;

/// The name of the bundle in the folder of requests.
const REQUESTS: &str = "requests.rekindle";

/// Where a node keeps the requests that it has made, to know their answer: a node path.
fn pending(fingerprint: Sha256Digest) -> PathBuf {
    let folder = Path::new(STATE_FOLDER).join("csr");
    folder.join(format!("{fingerprint}.requests"))
}

/// A bundle that is not to be believed.
fn unusable(path: &Path, error: &BundleError, remedy: &str) -> Refusal {
    let (evidence, remedy) = match error {
        BundleError::Envelope {
            source: Defect::PayloadType { found },
        } if found == csr::REQUESTS_TYPE => (
            "these are the requests, and not their answer".to_owned(),
            "have them signed first, where the authority's key is: rekindle csr sign",
        ),
        BundleError::Envelope {
            source: Defect::PayloadType { found },
        } if found == csr::ANSWER_TYPE => (
            "this is the answer, and not the requests".to_owned(),
            "it is for the node that asked: rekindle csr import FILE, there",
        ),
        error => (with_causes(error), remedy),
    };
    Refusal {
        code: RefusalCode::RequestsUnusable,
        subject: path.display().to_string(),
        evidence,
        remedy: remedy.to_owned(),
    }
}
