//! What `check` says to programs.

use std::io::{self, Write};

use serde::Serialize;
use time::OffsetDateTime;

use super::copies::CopyDocument;
use super::failure::Failure;
use super::render::{timestamp, write_document};
use super::standing::Standing;
use super::ways::verb;
use crate::diagnosis::{Diagnosis, Finding, State};
use crate::elision::elide;
use crate::evidence::with_causes;
use crate::recovery::Interrupted;

/// kubeadm's `CertificateExpirationInfo` (`output.kubeadm.k8s.io/v1alpha3`), with more in each entry.
#[derive(Serialize)]
struct CertificateExpirationInfo<'a> {
    kind: &'static str,
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
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
pub(super) fn write_json(
    diagnosis: &Diagnosis,
    standing: &Standing,
    out: &mut dyn Write,
) -> io::Result<()> {
    let entries = |findings| entries(findings, diagnosis.at);
    let mut info = CertificateExpirationInfo {
        certificates: entries(&diagnosis.certificates),
        certificate_authorities: entries(&diagnosis.authorities),
        kubeconfig_copies: diagnosis.copies.iter().map(CopyDocument::from).collect(),
        obstacles: diagnosis.obstacles.clone(),
        ..CertificateExpirationInfo::default()
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
    write_document(&info, out)
}

/// The document of a node that could not be looked at: why.
pub(super) fn write_failure(failure: &Failure, out: &mut dyn Write) -> io::Result<()> {
    let info = CertificateExpirationInfo {
        obstacles: vec![failure.text()],
        ..CertificateExpirationInfo::default()
    };
    write_document(&info, out)
}

impl Default for CertificateExpirationInfo<'_> {
    fn default() -> Self {
        Self {
            kind: "CertificateExpirationInfo",
            api_version: "output.kubeadm.k8s.io/v1alpha3",
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
