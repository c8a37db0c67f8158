//! A reader of bbolt databases (`go.etcd.io/bbolt`, version 2 of the file format), which etcd stores its keys in. Reads only, by
//! pages, and holds no more than one of them; a hostile file ends in an error.
//!
//! Of our own: the one port to Rust that reads this format (bbolt-rs 1.3.10) has no stated licence and one release of 2024, maps the
//! file into memory, where a file that shrinks ends the process, and trusts the sizes in it.

mod database;
mod error;
mod meta;
mod page;
mod walk;

pub use database::Database;
pub use error::BoltError;

use crate::node::OperandFile;

/// Where the bytes of a database come from.
pub trait Source {
    /// How many there are.
    fn size(&self) -> u64;

    /// Fills `buffer` with those from `offset` on.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BoltError>;
}

impl Source for OperandFile {
    fn size(&self) -> u64 {
        OperandFile::size(self)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BoltError> {
        Ok(OperandFile::read_at(self, buffer, offset)?)
    }
}

impl Source for &[u8] {
    fn size(&self) -> u64 {
        u64::try_from(self.len()).unwrap_or(u64::MAX)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), BoltError> {
        let begin = usize::try_from(offset).ok();
        let bytes = begin.and_then(|begin| self.get(begin..)?.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or_else(|| BoltError::cut_short(self, offset))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
#[path = "../../../tests/database_writer/mod.rs"]
pub(super) mod writer;
