//! What the end-to-end tests are built from: nodes with real modes, the built program, whole trees as evidence, and
//! openssl as the judge. Nothing here uses the crate: what it says must be independent of it.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod api_server;
pub mod authority;
pub mod der;
pub mod golden;
pub mod interruption;
pub mod journal;
pub mod leaf;
pub mod machine;
pub mod namespace;
pub mod node;
pub mod openssl;
pub mod program;
pub mod secrets;
pub mod terminal;
pub mod tree;
pub mod worker;
