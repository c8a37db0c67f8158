//! What can be wrong with a database.

use super::Source;
use crate::node::FileError;

/// A database that cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum BoltError {
    /// Neither of the two pages that every database begins with is one.
    #[error("it is no bbolt database: neither of its two meta pages is whole")]
    NotBolt,
    /// It ends before what it says is in it.
    #[error("it is cut short: it has {size} bytes, and more must follow behind byte {needed}")]
    CutShort {
        /// How many bytes there are.
        size: u64,
        /// Where more were looked for.
        needed: u64,
    },
    /// A page does not say what a page can.
    #[error("it is damaged: page {page}: {what}")]
    Damaged {
        /// The number of the page.
        page: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// There is no such bucket in it.
    #[error("there is no bucket `{bucket}` in it: it is not etcd's")]
    NoBucket {
        /// Its name.
        bucket: &'static str,
    },
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}

impl BoltError {
    pub(super) fn cut_short(source: &impl Source, needed: u64) -> Self {
        Self::CutShort {
            size: source.size(),
            needed,
        }
    }

    pub(super) fn damaged(page: u64, what: &'static str) -> Self {
        Self::Damaged { page, what }
    }
}
