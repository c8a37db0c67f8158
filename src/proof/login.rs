//! The kubeconfig that a component reads when it starts, and a process beside it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::finding::State;
use super::written::{Written, on_the_wall};
use crate::evidence::{moment, with_causes};
use crate::kubernetes::{KeySource, Kubeconfig, Source};
use crate::node::{Clocks, FileSnapshot, Root, RunningComponent, Secrecy, now};
use crate::pki::read_certificates;

/// The kernel counts the start of a process in ticks of this length, and cuts off the rest.
pub(super) const TICK: Duration = Duration::from_millis(10);

/// The file as it is on the disk.
pub(super) struct Login<'a> {
    path: &'a Path,
    outside: PathBuf,
    file: FileSnapshot,
    /// None where it is no kubeconfig.
    kubeconfig: Option<Kubeconfig>,
}

/// A process beside the file that it reads its credential from.
pub(super) enum Age {
    /// It was started before the file got its present content, and so has an old one.
    Stale(State),
    /// It was started afterwards.
    Newer,
    /// It reads the credential again when that changes; or nobody can tell.
    Unknown,
}

impl<'a> Login<'a> {
    /// What is open, where it cannot be read.
    pub(super) fn read(root: &Root, path: &'a Path) -> Result<Self, State> {
        let file = root
            .read(path, Secrecy::Secret)
            .map_err(|error| State::open(with_causes(&error)))?;
        Ok(Self {
            path,
            outside: root.outside(path),
            kubeconfig: Kubeconfig::parse(&file.bytes).ok(),
            file,
        })
    }

    /// How a process stands to it.
    pub(super) fn age(&self, process: &RunningComponent, written: &Written) -> Age {
        if !self.is_read_at_the_start() {
            return Age::Unknown;
        }
        let clocks = Clocks::read();
        let (digest, modified) = (self.file.digest, self.file.metadata.modified);
        // A time in the future says that a clock was set, and nothing of the process: the Lease will tell.
        let Some(since) = written.since_boot(self.path, digest, modified, &clocks) else {
            return Age::Unknown;
        };
        if process.started + TICK > since {
            return Age::Newer;
        }
        Age::Stale(State::open_with(
            format!(
                "process {} was started at {}, before {} was written at {}: it still has the old credential",
                process.pid,
                moment(on_the_wall(process.started, &clocks)),
                self.outside.display(),
                moment(on_the_wall(since, &clocks)),
            ),
            "restart it: rekindle recover --restart stale",
        ))
    }

    /// What it says of itself: a process that read it a moment ago will be turned away all the same.
    pub(super) fn expired(&self) -> Option<State> {
        let Source::Embedded(pem) = self.kubeconfig.as_ref()?.client_certificate() else {
            return None;
        };
        let certificate = read_certificates(pem).ok()?.into_iter().next()?;
        let not_after = certificate.not_after();
        (not_after < now()).then(|| {
            State::open_with(
                format!(
                    "the certificate in {} expired at {}",
                    self.outside.display(),
                    moment(not_after)
                ),
                "renew it: rekindle recover",
            )
        })
    }

    /// client-go reads files that a kubeconfig names again when they change (`k8s.io/client-go/transport/cert_rotation.go`),
    /// and what is embedded never.
    fn is_read_at_the_start(&self) -> bool {
        self.kubeconfig.as_ref().is_some_and(|kubeconfig| {
            matches!(kubeconfig.client_certificate(), Source::Embedded(_))
                || matches!(kubeconfig.client_key(), KeySource::Embedded(_))
        })
    }
}
