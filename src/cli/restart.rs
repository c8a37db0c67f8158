//! The restart, as the verbs meet it: what is wished for, what will be done, and why.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use anstyle::Style;
use serde::Serialize;
use zeroize::Zeroizing;

use super::arguments::{RestartArguments, RestartName};
use super::exit::Exit;
use super::failure::Failure;
use super::fold::Form;
use super::paragraph;
use super::proof::{Row, row};
use super::render::{BOLD, WARNING, printable};
use super::table::terminal_columns;
use crate::control_plane::{ControlPlane, EtcdCluster, ExpectedPod};
use crate::elision::elide;
use crate::evidence::{moment, with_causes};
use crate::inventory::Inventory;
use crate::issuance::{Content, FileChange};
use crate::kubernetes::{AUTHORITIES, CATALOG, Component, stamp};
use crate::node::{
    self, Access, Present, Root, RunningComponent, Secrecy, numbers_are_ours, running_components,
};
use crate::plan::{RecoveryPlan, Refusal, RefusalCode};
use crate::proof::{ApiServer, Finding, Written, look_at_processes, running};
use crate::recovery::{
    Interrupted, Live, MANIFEST, RestartChoice, RestartPlan, Seen, Strategy, Undertaking,
    plan_restart, written,
};

/// What the restart will be, decided before anything is written.
pub(super) struct Outlook {
    plan: RestartPlan,
    plane: Arc<ControlPlane>,
    root: Arc<Root>,
    written: Written,
    running: Vec<RunningComponent>,
    /// The processes that are missing, or hold an old credential.
    unwell: Vec<Finding>,
    /// The manifests with their annotations.
    stamps: Vec<FileChange>,
    is_asked_for: bool,
}

/// The restart in `plan -o json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RestartDocument<'a> {
    strategy: &'static str,
    because: Cow<'a, str>,
    /// What is missing, or holds an old credential.
    unwell: Vec<Row<'a>>,
    /// What is done before the files are replaced, in words.
    before: Vec<String>,
    /// And after.
    after: Vec<String>,
    notes: Vec<Cow<'a, str>>,
}

/// What the report says where no process was restarted.
pub(super) struct LeftRunning {
    /// Why not; none where it was wished for.
    pub(super) obstacle: Option<String>,
}

impl LeftRunning {
    /// The verb that restarts all the same.
    pub(super) fn next(&self) -> &'static str {
        match self.obstacle {
            Some(_) => "recover --kubelet-stop COMMAND --kubelet-start COMMAND",
            None => "recover",
        }
    }
}

impl Outlook {
    /// Looks at what runs, and decides; `renewed` are the certificates that will be others, by kubeadm's names, authorities too.
    pub(super) fn of(
        root: &Root,
        inventory: &Inventory,
        arguments: &RestartArguments,
        default: RestartName,
        renewed: &[&str],
    ) -> Result<Self, Failure> {
        let wishes = arguments.wishes(default)?;
        let plane = Arc::new(ControlPlane::of(inventory));
        let own =
            Arc::new(Root::open(root.path()).map_err(|error| Failure::of_file("root", &error))?);
        let is_asked = wishes.choice != RestartChoice::This(Strategy::None);
        // Nobody else's processes, for a node in a folder.
        let is_looked_at = root.is_machine() && is_asked;
        let written = if is_looked_at {
            written(root)
        } else {
            Written::default()
        };
        let (mut running, mut unwell, mut is_alive) = (Vec::new(), Vec::new(), false);
        if is_looked_at {
            running = running_components(root);
            unwell = look_at_processes(&own, &plane, &Arc::new(written.clone()));
            unwell.retain(|finding| !finding.state.is_proven());
            is_alive = ApiServer::of(&own, &plane).health("/livez").is_proven();
        }
        let stale = stale(&unwell, renewed);
        let seen = Seen {
            plane: &plane,
            running: &running,
            are_numbers_ours: !is_looked_at || numbers_are_ours(),
            is_alive,
            is_authority_new: AUTHORITIES
                .iter()
                .any(|authority| renewed.contains(&authority.name.as_str())),
            stale,
        };
        let plan =
            plan_restart(root, &wishes, &seen).map_err(|refusals| Failure::refused(&refusals))?;
        running.retain(|process| plane.owns(&process.name, &process.arguments));
        let stamps = match plan.strategy {
            Strategy::Stamp => {
                let pods = plan.ends.iter().filter_map(|it| plane.pod(*it));
                let stamps = pods.map(|pod| stamped(root, pod));
                stamps.collect::<Result<_, _>>()?
            }
            _ => Vec::new(),
        };
        Ok(Self {
            stamps,
            plan,
            plane,
            root: own,
            written,
            running,
            unwell,
            is_asked_for: wishes.choice != RestartChoice::Auto,
        })
    }

    /// For who brings a credential for the kubelet alone: that is stopped and started, and nothing else is looked at.
    pub(super) fn of_kubelet(
        root: &Root,
        inventory: &Inventory,
        arguments: &RestartArguments,
    ) -> Result<Self, Failure> {
        let wishes = arguments.wishes(RestartName::None)?;
        let plane = Arc::new(ControlPlane::of_kubelet(inventory));
        let own =
            Arc::new(Root::open(root.path()).map_err(|error| Failure::of_file("root", &error))?);
        let is_asked = wishes.choice != RestartChoice::This(Strategy::None);
        let is_looked_at = root.is_machine() && is_asked;
        let running = if is_looked_at {
            running(root, &plane)
        } else {
            Vec::new()
        };
        let seen = Seen {
            plane: &plane,
            running: &running,
            are_numbers_ours: !is_looked_at || numbers_are_ours(),
            is_alive: true,
            is_authority_new: false,
            stale: Vec::new(),
        };
        let plan = plan_restart(root, &wishes, &seen).map_err(|mut refusals| {
            for refusal in &mut refusals {
                // The words of `recover`.
                refusal.subject = refusal
                    .subject
                    .replace("--restart stale", "--restart kubelet");
                refusal.remedy = refusal.remedy.replace("--restart touch or ", "");
                refusal.remedy = refusal.remedy.replace("--restart touch", "--restart none");
            }
            Failure::refused(&refusals)
        })?;
        Ok(Self {
            stamps: Vec::new(),
            plan,
            plane,
            root: own,
            written: Written::default(),
            running,
            unwell: Vec::new(),
            is_asked_for: true,
        })
    }

    /// All of it in words, but for the files.
    pub(super) fn steps(&self) -> Vec<String> {
        let mut steps = self.plan.steps_before(&self.running);
        steps.extend(self.plan.steps_after());
        steps
    }

    fn left_running(&self) -> LeftRunning {
        LeftRunning {
            obstacle: (!self.is_asked_for).then(|| self.plan.because.clone()),
        }
    }

    /// Whether there is something to restart though no file needs anything.
    pub(super) fn is_needed(&self) -> bool {
        self.plan.strategy.restarts() && (self.is_asked_for || !self.unwell.is_empty())
    }

    /// Whether everything that is to run does, with the credentials of today.
    pub(super) fn is_well(&self) -> bool {
        self.unwell.is_empty()
    }

    /// Whether neither the API server nor etcd is ended, and whoever holds an old credential is.
    pub(super) fn leaves_the_api_up(&self) -> bool {
        self.plan.strategy == Strategy::Stale
    }

    /// How, in a word.
    pub(super) fn strategy(&self) -> &'static str {
        self.plan.strategy.as_str()
    }

    /// Why so.
    pub(super) fn because(&self) -> &str {
        &self.plan.because
    }

    /// The node, and its control plane.
    pub(super) fn place(&self) -> (&Arc<Root>, &Arc<ControlPlane>) {
        (&self.root, &self.plane)
    }

    /// What was put in place by earlier runs, and when.
    pub(super) fn written(&self) -> Arc<Written> {
        Arc::new(self.written.clone())
    }

    /// The other nodes, as far as this one knows them.
    pub(super) fn cluster(&self) -> Option<&EtcdCluster> {
        self.plane.etcd_cluster.as_ref()
    }

    /// For programs.
    pub(super) fn document(&self) -> RestartDocument<'_> {
        let elided = |steps: Vec<String>| -> Vec<String> {
            steps.iter().map(|step| elide(step).into_owned()).collect()
        };
        RestartDocument {
            strategy: self.plan.strategy.as_str(),
            because: elide(&self.plan.because),
            unwell: self.unwell.iter().map(row).collect(),
            before: elided(self.plan.steps_before(&self.running)),
            after: elided(self.plan.steps_after()),
            notes: self.plan.notes.iter().map(|note| elide(note)).collect(),
        }
    }

    /// Lets a run know what it is to do besides the files: the manifests that it changes or moves, and each step in words.
    pub(super) fn add_to(&mut self, undertaking: &mut Undertaking) {
        undertaking.changes.append(&mut self.stamps);
        if self.plan.strategy == Strategy::Move {
            let pods = self.plane.pods.iter();
            let folders = pods.filter_map(|pod| Some(pod.manifest.parent()?.to_owned()));
            undertaking.moves.extend(folders);
        }
        undertaking
            .steps
            .extend(self.plan.steps_before(&self.running));
        undertaking.steps.extend(self.plan.steps_after());
    }

    /// A line for each component that does not run, or on an old credential; folded, one for all that do not run.
    fn what_is_unwell(&self, form: Form) -> Vec<String> {
        let is_absent = |finding: &&Finding| {
            let subject = finding.subject;
            finding.state.evidence() == format!("no process of {subject} on this node")
        };
        let absent: Vec<&str> = self
            .unwell
            .iter()
            .filter(is_absent)
            .map(|it| it.subject)
            .collect();
        let is_together = form.is_folded() && absent.len() > 1;
        let mut lines = Vec::new();
        if is_together {
            lines.push(format!("no process on this node: {}", absent.join(", ")));
        }
        let others = self.unwell.iter();
        let others = others.filter(|finding| !is_together || !is_absent(finding));
        lines.extend(others.map(|it| format!("{}: {}", it.subject, it.state.evidence())));
        lines
    }

    /// What the operator is asked.
    pub(super) fn question(&self) -> &'static str {
        let is_left = !self.plan.strategy.restarts() && !self.unwell.is_empty();
        if is_left {
            "Replace the files, and restart nothing?"
        } else {
            "Go on?"
        }
    }

    /// What will be stopped and started around the files, and why.
    pub(super) fn write(
        &self,
        form: Form,
        root: &Root,
        plan: &RecoveryPlan,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if self.plan.strategy.restarts() || !self.unwell.is_empty() {
            writeln!(out)?;
        }
        for text in self.what_is_unwell(form) {
            write_hanging(&text, WARNING, out)?;
        }
        if self.plan.strategy.restarts() {
            let (strategy, because) = (self.plan.strategy.as_str(), &self.plan.because);
            write_hanging(&format!("Restart: {strategy}, since {because}"), BOLD, out)?;
        } else if !self.unwell.is_empty() {
            let left = self.left_running();
            let why = left
                .obstacle
                .as_deref()
                .unwrap_or("no process is restarted");
            write_hanging(&format!("As it is, {why}"), BOLD, out)?;
            writeln!(out, "  to restart: {}", root.command(left.next()))?;
            writeln!(out, "  by hand:    rekindle runbook full-expiry#by-hand")?;
        }
        let mut steps = self.plan.steps_before(&self.running);
        if self.plan.strategy.restarts() && !plan.steps.is_empty() {
            steps.push("replace the files above".to_owned());
        }
        steps.extend(self.plan.steps_after());
        if form.is_folded() {
            steps = alike(steps, "end ");
        }
        for step in steps {
            writeln!(out, "  {}", printable(&step))?;
        }
        for note in &self.plan.notes {
            writeln!(out, "  note: {}", printable(note))?;
        }
        if !root.is_machine() && !plan.steps.is_empty() {
            writeln!(
                out,
                "\nFiles alone: nothing is restarted (a node in a folder)."
            )?;
        }
        Ok(())
    }

    /// Finds who starts the kubelet that an interrupted run has stopped: somebody has to, whatever else is wished for.
    pub(super) fn demand_manager(&mut self, root: &Root, run: &Interrupted) -> Result<(), Failure> {
        let Some(service) = run.chain.stopped_services().next() else {
            return Ok(());
        };
        // Of a node in a folder nothing runs: its kubelet starts when it boots.
        if self.plan.manager.is_some() || !root.is_machine() {
            return Ok(());
        }
        self.plan.demand_manager(root).map_err(|refusal| {
            let remedy = match refusal.code {
                RefusalCode::NoServiceManager => {
                    "name the commands, as for that run: --kubelet-stop COMMAND --kubelet-start COMMAND"
                        .to_owned()
                }
                _ => refusal.remedy,
            };
            Failure::refused(&[Refusal {
                subject: format!("run {}", run.run),
                evidence: format!(
                    "it has stopped {service}, which is to be started again: {}",
                    refusal.evidence
                ),
                remedy,
                code: refusal.code,
            }])
        })
    }

    /// What carries it out, and what to say of processes that are left alone; the first is none where nothing is stopped or
    /// started. To be called before the process is confined.
    pub(super) fn begin(self) -> Result<(Option<Live>, LeftRunning), Failure> {
        let left = self.left_running();
        if self.plan.manager.is_none() && !self.plan.strategy.restarts() {
            return Ok((None, left));
        }
        let observe = |root: &Root| ControlPlane::of(&Inventory::observe(root));
        Live::begin(self.root, self.plane, self.plan, self.written, observe)
            .map(|live| (Some(live), left))
            .map_err(|error| Failure::of(Exit::Failed, &error))
    }
}

/// The steps, with those that begin with `verb` and follow each other on one line.
fn alike(steps: Vec<String>, verb: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for step in steps {
        match (lines.last_mut(), step.strip_prefix(verb)) {
            (Some(last), Some(rest)) if last.starts_with(verb) => {
                last.push_str(", ");
                last.push_str(rest);
            }
            _ => lines.push(step),
        }
    }
    lines
}

/// A line that goes on below itself where it does not fit.
fn write_hanging(text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let columns = terminal_columns().map(|columns| columns.saturating_sub(2));
    let mut indent = "";
    for line in paragraph::lines(&printable(text), columns) {
        writeln!(out, "{indent}{style}{line}{style:#}")?;
        indent = "  ";
    }
    Ok(())
}

/// The components that hold an old credential, or will: those that read what is renewed when they start, and not again.
fn stale(unwell: &[Finding], renewed: &[&str]) -> Vec<Component> {
    let reload = [Component::Etcd, Component::ApiServer, Component::Kubelet];
    let starters = Component::STATIC_PODS
        .into_iter()
        .filter(|component| !reload.contains(component));
    starters
        .filter(|component| {
            let reads = CATALOG
                .iter()
                .any(|entry| renewed.contains(&entry.name) && entry.readers.contains(component));
            reads
                || unwell
                    .iter()
                    .any(|finding| finding.subject == component.as_str())
        })
        .collect()
}

/// A manifest with the annotation that makes another pod of it.
fn stamped(root: &Root, pod: &ExpectedPod) -> Result<FileChange, Failure> {
    let path = &pod.manifest;
    let file = root
        .read(path, Secrecy::Public)
        .map_err(|error| Failure::of_file("manifest", &error))?;
    let now = moment(node::now());
    let stamped = stamp(&file.bytes, &now).map_err(|error| {
        Failure::refused(&[Refusal {
            code: RefusalCode::ManifestNotEditable,
            subject: "--restart stamp".to_owned(),
            evidence: format!("{}: {}", root.outside(path).display(), with_causes(&error)),
            remedy: "use --restart all or --restart move, which leave the manifest as it is"
                .to_owned(),
        }])
    })?;
    Ok(FileChange {
        name: format!("{}.yaml", pod.component),
        location: MANIFEST.to_owned(),
        target: file.path.clone(),
        model: Some(file.path),
        access: Access::from(&file.metadata),
        home: None,
        is_key: false,
        before: Present::File(file.digest),
        after: Content::File(Zeroizing::new(stamped)),
        certificate: None,
    })
}
