//! A kubelet on a node without a control plane: whether it was started with the credential that is there, and is healthy. Whether
//! the API takes that credential shows on a control plane alone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::conditions::Look;
use super::finding::State;
use super::login::TICK;
use super::process::since;
use super::reached::plain;
use super::running::Running;
use super::written::{Written, on_the_wall};
use crate::evidence::{moment, with_causes};
use crate::kubernetes::Component;
use crate::node::{Clocks, HttpRequest, Secrecy};

/// Looks for the kubelet's process, which reads the credential behind `link` when it starts: its rotation knows of no file but
/// those that it wrote itself (`k8s.io/client-go/util/certificate/certificate_manager.go`).
pub(super) fn of_process(running: Arc<Running>, link: PathBuf, written: Arc<Written>) -> Look {
    Box::new(move || {
        let root = running.root();
        let Some(process) = running.of(Component::Kubelet).pop() else {
            return State::open_with(
                "the kubelet does not run",
                "start it: systemctl start kubelet; its own words: journalctl -u kubelet -n 20",
            );
        };
        let file = match root.read(&link, Secrecy::Secret) {
            Ok(file) => file,
            Err(error) => return State::open(with_causes(&error)),
        };
        let clocks = Clocks::read();
        let modified = file.metadata.modified;
        let put_there = written.since_boot(&file.path, file.digest, modified, &clocks);
        match put_there {
            Some(put_there) if process.started + TICK <= put_there => State::open_with(
                format!(
                    "process {} was started at {}, before {} was written at {}: it still has the old credential",
                    process.pid,
                    moment(on_the_wall(process.started, &clocks)),
                    root.outside(&file.path).display(),
                    moment(on_the_wall(put_there, &clocks)),
                ),
                "restart it: systemctl restart kubelet",
            ),
            Some(_) => State::proven(since(&process, Some(&file.path), root)),
            None => State::proven(since(&process, None, root)),
        }
    })
}

/// Asks the kubelet whether it is healthy.
pub(super) fn of_health(address: SocketAddr) -> Look {
    Box::new(move || match plain(address, HttpRequest::get("/healthz")) {
        Ok(answer) if answer.status == 200 => {
            State::proven(format!("{address} answers /healthz with 200"))
        }
        Ok(answer) => State::open_with(
            format!("{address} answers /healthz with {}", answer.status),
            "its own words: journalctl -u kubelet -n 20",
        ),
        Err(state) => state,
    })
}
