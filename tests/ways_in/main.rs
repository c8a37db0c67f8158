//! The ways in: what `auth` says of an API server's authenticators, what `whoami` says of a credential, and what break-glass
//! credentials and OIDC let people do, held against the real one, which is started with the command line of the node's manifest
//! and asked.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start programs, read and write files in temporary folders, compare names as Linux does, and end at the \
              first surprise"
)]

mod auth;
mod break_glass;
mod credentials;
mod dex;
mod oidc;
mod outside;
mod real_api_server;
mod shown;
mod whoami;

#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;

use support::api_server;

/// An authenticator in what `auth -o json` says.
#[track_caller]
fn entry<'a>(document: &'a Value, name: &str) -> &'a Value {
    let all = document["authenticators"].as_array().unwrap();
    all.iter().find(|one| one["name"] == name).unwrap()
}
