//! What must hold whatever bytes a parser is given, beyond that it ends and does not panic. Each module has one `check`,
//! which panics where something does not hold, and says whether the bytes were accepted.
//!
//! Shared by the fuzz targets beside it and by `tests/hostile_input`, which includes this file.

pub mod authentication;
pub mod certificate;
pub mod contexts;
pub mod etcd_database;
pub mod journal;
pub mod journal_line;
pub mod kubeconfig;
pub mod manifest;
pub mod pem;
pub mod web_token;

#[path = "../../database_writer/mod.rs"]
pub mod database_writer;
mod renewal;

/// Whether bytes were accepted by a parser that kept its promises.
pub type Check = fn(&[u8]) -> bool;

/// All of them, by name.
pub const CHECKS: [(&str, Check); 10] = [
    ("pem", pem::check),
    ("certificate", certificate::check),
    ("kubeconfig", kubeconfig::check),
    ("manifest", manifest::check),
    ("authentication", authentication::check),
    ("journal_line", journal_line::check),
    ("journal", journal::check),
    ("contexts", contexts::check),
    ("web_token", web_token::check),
    ("etcd_database", etcd_database::check),
];
