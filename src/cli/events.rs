//! A run for programs: one JSON object a line, each with its `event` and when it was (RFC 3339, UTC).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use super::exit::Exit;
use super::failure::Failure;
use super::plan_json::{LeftDocument, RefusalDocument, left_documents, refusal_document};
use super::proof::{Row, row};
use super::render::timestamp;
use crate::elision::elide;
use crate::node::{self, Root};
use crate::proof::Proof;
use crate::recovery::{Ended, Progress};

/// The name of this form, and its version: in the event that begins a run, and in the last one.
const SCHEMA: &str = "rekindle.dev/events/v1";

/// One line.
#[derive(Serialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub(super) enum Event<'a> {
    /// The journal is open.
    Begun {
        schema: &'static str,
        run: &'a str,
        steps: usize,
    },
    /// A new file lies ready, and the old one is backed up.
    Prepared { name: Cow<'a, str> },
    /// A file is the new one.
    Replaced {
        name: Cow<'a, str>,
        path: Cow<'a, str>,
    },
    /// A manifest's time was set.
    Touched { path: Cow<'a, str> },
    /// Something is being stopped, started, ended, copied or given up.
    Acting { act: Cow<'a, str> },
    /// It was done.
    Acted { act: Cow<'a, str>, seconds: f64 },
    /// What will be proven.
    Proving { conditions: Vec<Row<'a>> },
    /// A condition has changed.
    Seen {
        #[serde(flatten)]
        condition: Row<'a>,
    },
    /// What was done is being undone.
    GoingBack { steps: usize },
    /// A file is the old one again.
    BroughtBack { path: Cow<'a, str> },
    /// Every file is settled.
    Ended {
        run: &'a str,
        outcome: &'static str,
        backup: Option<String>,
        etcd_copy: Option<String>,
        journal: String,
        checkpoint: String,
        signed_by: String,
        left: Vec<LeftDocument<'a>>,
        warnings: Vec<Cow<'a, str>>,
        notes: Vec<Cow<'a, str>>,
        /// Whether the control plane is proven to be back; null where nothing was restarted.
        proven: Option<bool>,
        kubelet_log: Vec<Cow<'a, str>>,
    },
    /// The last: how the program ends.
    Exit {
        schema: &'static str,
        code: u8,
        /// What went wrong, if something did.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// What to do about it.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        refusals: Vec<RefusalDocument<'a>>,
    },
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

impl<'a> Event<'a> {
    pub(super) fn ended(root: &Root, ended: &'a Ended) -> Self {
        let outside = |path| root.outside(path).display().to_string();
        let if_there = |path| root.exists(path).then(|| outside(path));
        let proof = ended.proof.as_ref();
        Self::Ended {
            run: &ended.run,
            outcome: ended.outcome.as_str(),
            backup: if_there(&ended.files.backup),
            etcd_copy: if_there(&ended.files.etcd),
            journal: outside(&ended.files.journal),
            checkpoint: ended.closed.checkpoint.to_string(),
            signed_by: format!("sha256:{}", ended.closed.key),
            left: left_documents(&ended.left),
            warnings: ended.warnings.iter().map(|it| elide(it)).collect(),
            notes: ended.notes.iter().map(|it| elide(it)).collect(),
            proven: proof.map(Proof::is_whole),
            kubelet_log: proof
                .iter()
                .flat_map(|proof| &proof.kubelet_log)
                .map(|line| elide(line))
                .collect(),
        }
    }

    pub(super) fn exit(exit: Exit) -> Self {
        Self::Exit {
            schema: SCHEMA,
            code: exit.code(),
            error: None,
            hint: None,
            refusals: Vec::new(),
        }
    }

    pub(super) fn failed(failure: &'a Failure) -> Self {
        Self::Exit {
            schema: SCHEMA,
            code: failure.exit.code(),
            error: Some(failure.text()),
            hint: failure.way_out().map(elide),
            refusals: failure.refusals().iter().map(refusal_document).collect(),
        }
    }

    /// Writes the line. Whoever does not read it any more misses it: that is no failure of the run.
    pub(super) fn write(&self, out: &mut dyn Write) {
        let at = timestamp(node::now());
        let line = Line { at, event: self };
        if serde_json::to_writer(&mut *out, &line).is_ok() {
            let _ = writeln!(out);
            let _ = out.flush();
        }
    }
}

/// Says each moment of a run as an event.
#[derive(Debug, Default)]
pub(super) struct Events {
    acting_since: Option<Instant>,
    /// Of each condition, whether it holds and what is advised: other words for the same are no event.
    told: BTreeMap<usize, (bool, Option<String>)>,
}

impl Events {
    pub(super) fn say(&mut self, progress: &Progress, out: &mut dyn Write) {
        let path = |path: &std::path::Path| Cow::Owned(elide(&path.to_string_lossy()).into_owned());
        let event = match progress {
            Progress::Begun { run, steps } => Event::Begun {
                schema: SCHEMA,
                run,
                steps: *steps,
            },
            Progress::Prepared { name } => Event::Prepared { name: elide(name) },
            Progress::Replaced { name, path: target } => Event::Replaced {
                name: elide(name),
                path: path(target),
            },
            Progress::Touched { path: target } => Event::Touched { path: path(target) },
            Progress::Acting { act } => {
                self.acting_since = Some(Instant::now());
                Event::Acting { act: elide(act) }
            }
            Progress::Acted { act } => Event::Acted {
                act: elide(act),
                seconds: self
                    .acting_since
                    .map_or(0.0, |since| since.elapsed().as_secs_f64()),
            },
            // How far it has come is for somebody who waits before a screen.
            Progress::Copying { .. } => return,
            Progress::Proving { findings } => Event::Proving {
                conditions: findings.iter().map(row).collect(),
            },
            Progress::Seen { number, finding } => {
                let advice = finding.state.advice().map(str::to_owned);
                let now = (finding.state.is_proven(), advice);
                if self.told.insert(*number, now.clone()) == Some(now) {
                    return;
                }
                Event::Seen {
                    condition: row(finding),
                }
            }
            Progress::RollingBack { steps } => Event::GoingBack { steps: *steps },
            Progress::RolledBack { path: target } => Event::BroughtBack { path: path(target) },
        };
        event.write(out);
    }
}
