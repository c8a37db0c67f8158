//! Whether a component runs, and read its credential when that was the present one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::conditions::Look;
use super::finding::State;
use super::running::Running;
use super::written::{Written, on_the_wall};
use crate::control_plane::ExpectedPod;
use crate::evidence::{moment, with_causes};
use crate::kubernetes::{Component, KeySource, Kubeconfig, Source};
use crate::node::{Clocks, Root, RunningComponent, Secrecy, now};
use crate::pki::read_certificates;

/// The kernel counts the start of a process in ticks of this length, and cuts off the rest.
const TICK: Duration = Duration::from_millis(10);

/// Looks for the process of a static pod.
pub(super) fn of_pod(running: Arc<Running>, pod: ExpectedPod, written: Arc<Written>) -> Look {
    Box::new(move || {
        let root = running.root();
        let mut own = running.of(pod.component);
        let Some(process) = own.pop() else {
            return missing(&pod, &running);
        };
        if let Some(expired) = pod
            .kubeconfig
            .as_deref()
            .and_then(|path| expired(root, path))
        {
            return expired;
        }
        let mut is_newer = false;
        for process in own.iter().chain([&process]) {
            match age(root, process, pod.kubeconfig.as_deref(), &written) {
                Age::Stale(state) => return state,
                Age::Newer => is_newer = true,
                Age::Unknown => is_newer = false,
            }
        }
        if let Some(deviation) = pod.pod.deviation(&process.arguments) {
            let process_value = deviation.process.as_deref().unwrap_or("nothing");
            return State::open_with(
                format!(
                    "process {} runs with {process_value} for --{}, and its manifest says {}",
                    process.pid, deviation.flag, deviation.manifest
                ),
                "the kubelet has not taken up its manifest: restart it",
            );
        }
        let newer = pod.kubeconfig.as_deref().filter(|_| is_newer);
        State::proven(since(&process, newer, root))
    })
}

/// Looks for the kubelet. With a credential in a file of its own it takes up a new one by itself.
pub(super) fn of_kubelet(running: Arc<Running>, written: Arc<Written>) -> Look {
    Box::new(move || {
        let (root, plane) = (running.root(), running.plane());
        let Some(process) = running.of(Component::Kubelet).pop() else {
            return State::open_with(
                "the kubelet does not run",
                "start it: systemctl start kubelet; its own words: journalctl -u kubelet -n 20",
            );
        };
        let embedded = plane
            .kubelet
            .is_embedded
            .then_some(&*plane.kubelet.credential);
        match age(root, &process, embedded, &written) {
            Age::Stale(state) => state,
            Age::Newer => State::proven(since(&process, embedded, root)),
            Age::Unknown => State::proven(since(&process, None, root)),
        }
    })
}

fn missing(pod: &ExpectedPod, running: &Running) -> State {
    let component = pod.component;
    let evidence = format!("no process of {component} on this node");
    let kubelet = running.of(Component::Kubelet).pop();
    let Some(kubelet) = kubelet else {
        return State::open_with(
            evidence,
            "the kubelet does not run, and nobody else starts it: journalctl -u kubelet -n 20",
        );
    };
    let pid = kubelet.pid;
    let runtime = running.plane().kubelet.container_runtime.as_deref();
    let socket = runtime.map_or_else(String::new, |socket| {
        format!(" --runtime-endpoint {socket}")
    });
    State::open_with(
        evidence,
        format!(
            "the kubelet (process {pid}) has it to start, and waits up to five minutes after crashes (back-off): crictl{socket} ps -a --name {component}"
        ),
    )
}

/// A process beside the file that it reads its credential from.
enum Age {
    /// It was started before the file got its present content, and so has an old one; or the file cannot be read.
    Stale(State),
    /// It was started afterwards.
    Newer,
    /// It reads none, or reads it again when it changes; or nobody can tell.
    Unknown,
}

fn age(
    root: &Root,
    process: &RunningComponent,
    kubeconfig: Option<&Path>,
    written: &Written,
) -> Age {
    let Some(kubeconfig) = kubeconfig else {
        return Age::Unknown;
    };
    let file = match root.read(kubeconfig, Secrecy::Secret) {
        Ok(file) => file,
        Err(error) => return Age::Stale(State::open(with_causes(&error))),
    };
    if !is_read_at_the_start(&file.bytes) {
        return Age::Unknown;
    }
    let clocks = Clocks::read();
    let modified = file.metadata.modified;
    let path = root.outside(kubeconfig);
    let since = written.since_boot(kubeconfig, file.digest, modified, &clocks);
    // A time in the future says that a clock was set, and nothing of the process: the Lease will tell.
    let Some(since) = since else {
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
            path.display(),
            moment(on_the_wall(since, &clocks)),
        ),
        "restart it: rekindle recover --restart stale",
    ))
}

/// What a kubeconfig says of itself: a process that read it a moment ago will be turned away all the same.
fn expired(root: &Root, kubeconfig: &Path) -> Option<State> {
    let file = root.read(kubeconfig, Secrecy::Secret).ok()?;
    let parsed = Kubeconfig::parse(&file.bytes).ok()?;
    let Source::Embedded(pem) = parsed.client_certificate() else {
        return None;
    };
    let certificate = read_certificates(pem).ok()?.into_iter().next()?;
    let not_after = certificate.not_after();
    (not_after < now()).then(|| {
        State::open_with(
            format!(
                "the certificate in {} expired at {}",
                root.outside(kubeconfig).display(),
                moment(not_after)
            ),
            "renew it: rekindle recover",
        )
    })
}

/// client-go reads files that a kubeconfig names again when they change (`k8s.io/client-go/transport/cert_rotation.go`), and
/// what is embedded never.
fn is_read_at_the_start(bytes: &[u8]) -> bool {
    Kubeconfig::parse(bytes).is_ok_and(|kubeconfig| {
        matches!(kubeconfig.client_certificate(), Source::Embedded(_))
            || matches!(kubeconfig.client_key(), KeySource::Embedded(_))
    })
}

fn since(process: &RunningComponent, kubeconfig: Option<&Path>, root: &Root) -> String {
    let started = moment(on_the_wall(process.started, &Clocks::read()));
    match kubeconfig {
        Some(path) => format!(
            "process {} runs since {started}, and is newer than {}",
            process.pid,
            root.outside(path).display()
        ),
        None => format!("process {} runs since {started}", process.pid),
    }
}
