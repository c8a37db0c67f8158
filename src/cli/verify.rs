//! `rekindle verify`: the proof, at any time.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use super::arguments::{KUBELET_UNIT, Output, Verify};
use super::conditions::can_draw;
use super::exit::Exit;
use super::failure::Failure;
use super::interrupted::find;
use super::observed::observe_node;
use super::progress;
use super::proof::{write_json, write_proof};
use super::standing::{how_far, stopped};
use super::voice::Voice;
use crate::control_plane::ControlPlane;
use crate::node::{Root, ServiceManager};
use crate::proof::{Proof, Watch};
use crate::recovery::{Interrupted, Observer, Progress, written};

/// Watches every condition until all hold or the time is up.
pub fn verify(root: Root, arguments: &Verify, out: &mut dyn Write) -> Result<Exit, Failure> {
    let inventory = observe_node(&root)?;
    if !root.is_machine() {
        return Err(in_folder(&root, arguments, out)?);
    }
    let mut plane = ControlPlane::of(&inventory);
    // Of what is away the inventory knows nothing.
    if let Some(run) = find(&root).ok().flatten().filter(Interrupted::is_committed) {
        let stopped = stopped(&run).unwrap_or_default();
        let text = format!(
            "the run {} is unfinished: {} {stopped}",
            run.run,
            how_far(&run)
        );
        plane.obstacles.push(text.trim_end().to_owned());
    }
    let plane = Arc::new(plane);
    let root = Arc::new(root);
    let written = Arc::new(written(&root));
    // Where nobody watches, the report is enough.
    let is_watched = !arguments.quiet && arguments.output == Output::Table && can_draw();
    let voice = if is_watched {
        Voice::People
    } else {
        Voice::Nobody
    };
    let teller = RefCell::new(progress::Watch::new(voice));
    let mut watch = Watch::begin(&root, &plane, &written);
    teller.borrow_mut().progress(Progress::Proving {
        findings: watch.findings().to_vec(),
    });
    watch.wait(
        Instant::now() + arguments.timeout,
        || teller.borrow_mut().interrupted().is_some(),
        |number, finding| {
            teller.borrow_mut().progress(Progress::Seen {
                number,
                finding: finding.clone(),
            });
        },
    );
    // Whoever cannot read the report is to be able to end it.
    teller.into_inner().finish();
    let mut proof = watch.end();
    if !proof.is_whole() {
        proof.kubelet_log = ServiceManager::detect(&root, None).last_words(KUBELET_UNIT);
    }
    match (arguments.quiet, arguments.output) {
        (true, _) => {}
        (false, Output::Table) => write_proof(&root, &proof, out)?,
        (false, Output::Json) => write_json(&proof, out)?,
    }
    Ok(if proof.is_whole() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

/// Of a node in a folder nothing runs here. What answers on this machine's own addresses is none of its processes, and is not asked.
fn in_folder(root: &Root, arguments: &Verify, out: &mut dyn Write) -> Result<Failure, Failure> {
    if !arguments.quiet && arguments.output == Output::Json {
        write_json(&Proof::default(), out)?;
    }
    let message = format!(
        "{} is a node in a folder: nothing of it runs here, and so nothing can be proven",
        root.path().display()
    );
    Ok(Failure::new(Exit::ActionNeeded, message).hint(format!(
        "what its files say: {}; the proof is for the machine itself, where its root is /",
        root.command("check")
    )))
}
