//! `rekindle auth`: the ways in of this API server, and of this node's kubelet.

use std::io::{self, Write};

use anstyle::Style;

use super::arguments::{Auth, Output};
use super::auth_json::write_json;
use super::exit::Exit;
use super::failure::Failure;
use super::observed::{demand_root, observe_control_plane};
use super::paragraph::{lines, write_lines};
use super::render::{BAD, BOLD, WARNING, date, date_cell, printable};
use super::table::{Cell, Table, terminal_columns};
use crate::authentication::{
    ApiServerAuthentication, Authenticator, AuthenticatorName, AuthenticatorState, Evidence,
    KubeletAuthentication,
};
use crate::evidence::with_causes;
use crate::inventory::Layout;
use crate::kubernetes::Component;
use crate::node::{self, Root};

/// What was found.
pub(super) struct Report {
    /// Of the API server, then of the kubelet.
    pub(super) authenticators: Vec<Authenticator>,
    /// What of the node's configuration could not be read, so that something may be missing.
    pub(super) obstacles: Vec<String>,
}

/// Shows each authenticator: whether it is on, what it rests on, what becomes of it, its risk, and what is better.
pub fn auth(root: &Root, arguments: &Auth, out: &mut dyn Write) -> Result<Exit, Failure> {
    demand_root(root)?;
    let layout = Layout::observe(root);
    let Some(server) = ApiServerAuthentication::observe(root, &layout) else {
        // Why there is none: a worker, no node at all, or else the manifest.
        observe_control_plane(root)?;
        return Err(no_manifest(root, &layout, "auth"));
    };
    let report = Report::of(root, &layout, &server);
    match arguments.output {
        Output::Table => report.write(root, arguments, out)?,
        Output::Json => write_json(&report, out)?,
    }
    Ok(if report.is_sound() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

impl Report {
    fn of(root: &Root, layout: &Layout, server: &ApiServerAuthentication) -> Self {
        let now = node::now();
        let mut authenticators = server.authenticators(now);
        let kubelet = KubeletAuthentication::observe(root, layout);
        let mut obstacles: Vec<String> = layout
            .obstacles
            .iter()
            .map(|error| with_causes(error))
            .collect();
        if let Some(because) = &server.hidden {
            obstacles.insert(0, format!("the manifest does not show every flag: {because}; what is said of them here may be wrong"));
        }
        match kubelet {
            Some(kubelet) => authenticators.extend(kubelet.authenticators(now)),
            None if obstacles.is_empty() => obstacles.push(
                "the kubelet's configuration, /var/lib/kubelet/config.yaml, is not there: of its own authentication nothing is known"
                    .to_owned(),
            ),
            None => {}
        }
        for authenticator in &mut authenticators {
            let advice = [
                &mut authenticator.when_certificates_expire,
                &mut authenticator.risk,
                &mut authenticator.better_practice,
            ];
            for text in advice {
                *text = root.addressed(text);
            }
        }
        Self {
            authenticators,
            obstacles,
        }
    }

    fn is_sound(&self) -> bool {
        self.obstacles.is_empty() && self.broken().is_empty()
    }

    fn broken(&self) -> Vec<&'static str> {
        let broken = |one: &&Authenticator| one.state == AuthenticatorState::Broken;
        let broken = self.authenticators.iter().filter(broken);
        broken.map(|one| one.name.as_str()).collect()
    }

    /// Last, where the eye is, all of them in a table and the verdict; above it what is wrong, or those that were asked for.
    fn write(&self, root: &Root, arguments: &Auth, out: &mut dyn Write) -> io::Result<()> {
        let columns = terminal_columns();
        for authenticator in &self.authenticators {
            let name = authenticator.name.identifier();
            if arguments.names.iter().any(|named| named == name)
                || arguments.long && is_told(authenticator)
            {
                write_paragraphs(authenticator, columns, out)?;
            } else if arguments.names.is_empty() && !authenticator.faults.is_empty() {
                write_faults(authenticator, columns, out)?;
            } else {
                continue;
            }
            writeln!(out)?;
        }
        let heading = ["AUTHENTICATOR", "STATE", "FROM", "ENDS"];
        let mut table = Table::with_heading(heading.map(Cell::from).into());
        for authenticator in &self.authenticators {
            table.push(cells(authenticator));
        }
        table.write(out, 0, columns)?;
        writeln!(out)?;
        if !arguments.long && arguments.names.is_empty() {
            writeln!(
                out,
                "What each rests on, its risk and what is better: {}",
                root.command("auth --long")
            )?;
        }
        for obstacle in &self.obstacles {
            writeln!(out, "{BAD}configuration{BAD:#}: {}", printable(obstacle))?;
        }
        let broken = self.broken();
        if broken.is_empty() {
            return writeln!(out, "Each that is on has what it needs on this node.");
        }
        let why = if arguments.names.is_empty() {
            "Why, stands above at each".to_owned()
        } else {
            format!("Why: {}", root.command("auth"))
        };
        let text = format!("Broken: {}. {why}.", broken.join("; "));
        write_lines(&text, BAD, 0, out)
    }
}

/// Where a manifest cannot be read the reason is known; an external API server has none.
pub(super) fn no_manifest(root: &Root, layout: &Layout, verb: &str) -> Failure {
    let path = root.outside(
        &layout
            .manifests_folder
            .join(format!("{}.yaml", Component::ApiServer)),
    );
    let causes: Vec<String> = layout
        .obstacles
        .iter()
        .map(|error| with_causes(error))
        .collect();
    let message = if causes.is_empty() {
        format!(
            "no API server runs here as a static pod: {} is not there",
            path.display()
        )
    } else {
        format!(
            "the API server's manifest cannot be read: {}",
            causes.join("; ")
        )
    };
    Failure::new(Exit::ActionNeeded, message).hint(format!(
        "ask on a control-plane node, or mend the manifest, then ask again: {}",
        root.command(verb)
    ))
}

fn cells(authenticator: &Authenticator) -> Vec<Cell> {
    let setting = authenticator
        .evidence
        .first()
        .map_or("", |first| first.setting.as_str());
    let style = state_style(authenticator.state);
    let ends = match (authenticator.ends, authenticator.state) {
        (Some(end), _) => date_cell(end, style),
        (None, AuthenticatorState::On) => "never".into(),
        (None, _) => Cell::default(),
    };
    vec![
        authenticator.name.as_str().into(),
        Cell::styled(authenticator.state.as_str(), style),
        Cell::from(setting).or(shortened(setting)),
        ends,
    ]
}

/// A setting that leaves room for the other columns of 80.
fn shortened(setting: &str) -> String {
    const WIDTH: usize = 32;
    if setting.chars().count() <= WIDTH {
        return setting.to_owned();
    }
    let head: String = setting.chars().take(WIDTH - 1).collect();
    format!("{head}…")
}

/// Green stays away: that a way in is open is neither good nor bad.
fn state_style(state: AuthenticatorState) -> Style {
    match state {
        AuthenticatorState::On => WARNING,
        AuthenticatorState::Off => Style::new(),
        AuthenticatorState::Broken => BAD,
    }
}

/// That nobody is let in anonymously breaks more than it closes.
fn is_told(one: &Authenticator) -> bool {
    one.state != AuthenticatorState::Off || one.name == AuthenticatorName::Anonymous
}

fn write_heading(authenticator: &Authenticator, out: &mut dyn Write) -> io::Result<()> {
    let style = state_style(authenticator.state);
    let (name, state) = (authenticator.name.as_str(), authenticator.state.as_str());
    writeln!(out, "{BOLD}{name}{BOLD:#}: {style}{state}{style:#}")
}

fn write_faults(
    authenticator: &Authenticator,
    columns: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_heading(authenticator, out)?;
    for fault in &authenticator.faults {
        hang(fault, columns, out)?;
    }
    Ok(())
}

fn write_paragraphs(
    authenticator: &Authenticator,
    columns: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_heading(authenticator, out)?;
    for Evidence {
        setting,
        value,
        ends,
    } in &authenticator.evidence
    {
        let until = ends.map_or_else(String::new, |end| format!(", until {}", date(end)));
        hang(&format!("{setting}={value}{until}"), columns, out)?;
    }
    for fault in &authenticator.faults {
        hang(&format!("broken: {fault}"), columns, out)?;
    }
    let said = [
        (
            "when certificates expire",
            &authenticator.when_certificates_expire,
        ),
        ("risk", &authenticator.risk),
        ("better", &authenticator.better_practice),
    ];
    for (what, text) in said {
        hang(&format!("{what}: {text}"), columns, out)?;
    }
    Ok(())
}

/// A paragraph two columns in, its further lines four.
fn hang(text: &str, columns: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let text = printable(text);
    let width = columns.map(|columns| columns.saturating_sub(4));
    for (index, line) in lines(&text, width).iter().enumerate() {
        let indent = if index == 0 { "  " } else { "    " };
        writeln!(out, "{indent}{line}")?;
    }
    Ok(())
}
