//! Whether a component runs, and read its credential when that was the present one.

use std::path::Path;
use std::sync::Arc;

use super::conditions::Look;
use super::finding::State;
use super::login::{Age, Login};
use super::running::Running;
use super::written::{Written, on_the_wall};
use crate::control_plane::ExpectedPod;
use crate::evidence::moment;
use crate::kubernetes::Component;
use crate::node::{Clocks, Root, RunningComponent};

/// Looks for the process of a static pod.
pub(super) fn of_pod(running: Arc<Running>, pod: ExpectedPod, written: Arc<Written>) -> Look {
    Box::new(move || {
        let root = running.root();
        let mut own = running.of(pod.component);
        let Some(process) = own.pop() else {
            return missing(&pod, &running);
        };
        let login = pod.kubeconfig.as_deref();
        let login = match login.map(|path| Login::read(root, path)).transpose() {
            Ok(login) => login,
            Err(open) => return open,
        };
        if let Some(expired) = login.as_ref().and_then(Login::expired) {
            return expired;
        }
        let mut is_newer = false;
        for process in own.iter().chain([&process]) {
            match login.as_ref().map(|login| login.age(process, &written)) {
                Some(Age::Stale(state)) => return state,
                Some(Age::Newer) => is_newer = true,
                Some(Age::Unknown) | None => is_newer = false,
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
        let login = match embedded.map(|path| Login::read(root, path)).transpose() {
            Ok(login) => login,
            Err(open) => return open,
        };
        match login.map(|login| login.age(&process, &written)) {
            Some(Age::Stale(state)) => state,
            Some(Age::Newer) => State::proven(since(&process, embedded, root)),
            Some(Age::Unknown) | None => State::proven(since(&process, None, root)),
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

pub(super) fn since(process: &RunningComponent, kubeconfig: Option<&Path>, root: &Root) -> String {
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
