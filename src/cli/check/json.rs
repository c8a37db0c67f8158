//! What `check` says to programs.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use time::OffsetDateTime;

use super::Look;
use crate::cli::copies::CopyDocument;
use crate::cli::failure::Failure;
use crate::cli::render::{timestamp, write_document, write_line};
use crate::cli::standing::Standing;
use crate::cli::ways::verb;
use crate::diagnosis::{Finding, State};
use crate::elision::elide;
use crate::evidence::with_causes;
use crate::recovery::Interrupted;

/// kubeadm's `CertificateExpirationInfo` (`output.kubeadm.k8s.io/v1alpha3`), with more in each entry.
#[derive(Serialize)]
struct CertificateExpirationInfo<'a> {
    kind: &'static str,
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    /// Ours: the folder of the node, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    certificates: Vec<CertificateInfo<'a>>,
    #[serde(rename = "certificateAuthorities")]
    certificate_authorities: Vec<CertificateInfo<'a>>,
    /// Ours: copies of the credentials of administrators in home folders.
    #[serde(rename = "kubeconfigCopies", skip_serializing_if = "Vec::is_empty")]
    kubeconfig_copies: Vec<CopyDocument<'a>>,
    /// Ours: files that could not be understood.
    obstacles: Vec<String>,
    /// Ours: the run that was interrupted, and has to be settled first.
    #[serde(rename = "unfinishedRun", skip_serializing_if = "Option::is_none")]
    unfinished_run: Option<UnfinishedRun<'a>>,
    /// Ours: the run that was interrupted before it changed anything, and has left things lying about.
    #[serde(rename = "leftOverRun", skip_serializing_if = "Option::is_none")]
    left_over_run: Option<&'a str>,
    /// Ours: the process of a rekindle that works on the node now.
    #[serde(rename = "workingPid", skip_serializing_if = "Option::is_none")]
    working_pid: Option<u32>,
}

#[derive(Serialize)]
struct UnfinishedRun<'a> {
    run: &'a str,
    /// Which verb began it.
    verb: &'a str,
    /// The run that it takes back, where it is such a rollback: `resume` leads to the old files then, `rollback` to the new.
    #[serde(skip_serializing_if = "Option::is_none")]
    reverses: Option<&'a str>,
    /// How many files are the new ones.
    replaced: usize,
    /// How many were to be replaced.
    files: usize,
    /// Whether it was on its way back.
    undoing: bool,
    /// The verbs that are still open to it.
    ways: Vec<&'static str>,
}

impl<'a> UnfinishedRun<'a> {
    fn of(interrupted: &'a Interrupted) -> Self {
        let setting = &interrupted.chain.genesis().circumstances.setting;
        let (replaced, files) = interrupted.made();
        let open = interrupted.chain.open_directions();
        Self {
            run: &interrupted.run,
            reverses: interrupted.chain.genesis().reverses(),
            verb: setting.arguments.first().map_or("", String::as_str),
            replaced,
            files,
            undoing: interrupted.chain.is_undoing(),
            ways: open.iter().map(|way| verb(*way)).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateInfo<'a> {
    name: &'a str,
    expiration_date: Option<String>,
    residual_time: i64,
    externally_managed: bool,
    #[serde(rename = "caName", skip_serializing_if = "Option::is_none")]
    authority: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    missing: bool,
    state: &'static str,
    start_date: Option<String>,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a str>,
}

/// The document of a node that was looked at.
pub(super) fn write_json(look: &Look, out: &mut dyn Write) -> io::Result<()> {
    write_document(&CertificateExpirationInfo::of(look), out)
}

/// The document of a node that could not be looked at: why.
pub(super) fn write_failure(failure: &Failure, out: &mut dyn Write) -> io::Result<()> {
    write_document(&CertificateExpirationInfo::of_failure(failure), out)
}

/// The same of one among several nodes, on a line of its own (JSON Lines).
pub(super) fn write_of_several(
    root: &Path,
    look: Result<&Look, &Failure>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let info = match look {
        Ok(look) => CertificateExpirationInfo::of(look),
        Err(failure) => CertificateExpirationInfo::of_failure(failure),
    };
    let root = Some(elide(&root.to_string_lossy()).into_owned());
    write_line(&CertificateExpirationInfo { root, ..info }, out)
}

impl<'a> CertificateExpirationInfo<'a> {
    fn of(look: &'a Look) -> Self {
        let Look {
            diagnosis,
            standing,
        } = look;
        let entries = |findings| entries(findings, diagnosis.at);
        let mut info = Self {
            certificates: entries(&diagnosis.certificates),
            certificate_authorities: entries(&diagnosis.authorities),
            kubeconfig_copies: diagnosis.copies.iter().map(CopyDocument::from).collect(),
            obstacles: diagnosis.obstacles.clone(),
            ..Self::default()
        };
        match standing {
            Standing::Settled => {}
            Standing::Working(holder) => info.working_pid = Some(holder.pid),
            Standing::LeftOver(run) => info.left_over_run = Some(run),
            Standing::Unfinished(interrupted) => {
                info.unfinished_run = Some(UnfinishedRun::of(interrupted));
            }
            Standing::Unknown(error) => info.obstacles.push(with_causes(error)),
        }
        info
    }

    fn of_failure(failure: &Failure) -> Self {
        Self {
            obstacles: vec![failure.text()],
            ..Self::default()
        }
    }
}

impl Default for CertificateExpirationInfo<'_> {
    fn default() -> Self {
        Self {
            kind: "CertificateExpirationInfo",
            api_version: "output.kubeadm.k8s.io/v1alpha3",
            root: None,
            certificates: Vec::new(),
            certificate_authorities: Vec::new(),
            kubeconfig_copies: Vec::new(),
            obstacles: Vec::new(),
            unfinished_run: None,
            left_over_run: None,
            working_pid: None,
        }
    }
}

fn entries(findings: &[Finding], now: OffsetDateTime) -> Vec<CertificateInfo<'_>> {
    findings
        .iter()
        .map(|finding| CertificateInfo {
            name: finding.name,
            expiration_date: finding.validity.map(|(_, not_after)| timestamp(not_after)),
            residual_time: finding.residual(now).whole_seconds(),
            externally_managed: finding.externally_managed,
            authority: finding.authority,
            missing: finding.state == State::Missing,
            state: finding.state.as_str(),
            start_date: finding
                .validity
                .map(|(not_before, _)| timestamp(not_before)),
            path: elide(&finding.path.to_string_lossy()).into_owned(),
            evidence: finding.evidence.as_deref(),
        })
        .collect()
}
