//! What a probe makes of a server, whatever state that is in: real TLS servers by openssl, and listeners that misbehave.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests start servers, write files in temporary folders, and end at the first surprise"
)]

mod answers;
mod certificates;
mod clients;
mod impostor;
mod keys;
mod possession;
mod server;
mod silence;
mod trust;

use std::net::SocketAddr;
use std::time::Duration;

use rekindle::node::{Answer, Channel, HttpRequest, Question, Trust, ask};
use time::OffsetDateTime;
use time::macros::datetime;

/// The moment of all tests; openssl is told the same.
const NOW: OffsetDateTime = datetime!(2031-04-05 06:07:08 UTC);

/// More than anything here takes, unless it never ends.
const AMPLE: Duration = Duration::from_secs(30);

/// A question without client and request, as the tests then change it.
fn question(address: SocketAddr, server_name: &str, trust: Trust) -> Question {
    Question {
        address,
        channel: Channel::Tls {
            server_name: server_name.to_owned(),
            trust,
            client: None,
        },
        request: None,
        patience: AMPLE,
    }
}

fn plain(address: SocketAddr, path: &str) -> Question {
    Question {
        address,
        channel: Channel::Plain,
        request: Some(HttpRequest::get(path)),
        patience: AMPLE,
    }
}

fn answer(question: &Question) -> Answer {
    ask(question, NOW)
}
