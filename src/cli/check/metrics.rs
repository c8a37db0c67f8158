//! What `check` says to Prometheus: the text format that the textfile collector of its node exporter reads
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::io::{self, Write};

use time::OffsetDateTime;

use crate::cli::standing::Standing;
use crate::diagnosis::{Diagnosis, Finding, State};

/// Every state, so that each has a series, and an alert that is over goes away.
const STATES: [State; 12] = [
    State::Valid,
    State::NamesMissing,
    State::Expiring,
    State::Expired,
    State::NotYetValid,
    State::Missing,
    State::Unreadable,
    State::KeyMismatch,
    State::WrongIssuer,
    State::ExternallyManaged,
    State::AuthorityExpired,
    State::CannotSign,
];

/// Writes a node that was looked at. Names and states are Rekindle's own: no label holds anything that was read from a file.
pub(super) fn write_metrics(
    diagnosis: &Diagnosis,
    standing: &Standing,
    out: &mut dyn Write,
) -> io::Result<()> {
    let authorities = diagnosis.authorities.iter().map(|it| (it, "authority"));
    let leaves = diagnosis.certificates.iter().map(|it| (it, "certificate"));
    let all: Vec<(&Finding, &str)> = leaves.chain(authorities).collect();
    let dates: [(&str, &str, Date); 2] = [
        (
            "rekindle_certificate_not_after_seconds",
            "When the validity ends, in seconds since 1970; absent where it cannot be read.",
            |(_, not_after)| not_after,
        ),
        (
            "rekindle_certificate_not_before_seconds",
            "When the validity begins, in seconds since 1970; absent where it cannot be read.",
            |(not_before, _)| not_before,
        ),
    ];
    for (name, help, date) in dates {
        gauge(name, help, out)?;
        for (finding, kind) in &all {
            if let Some(validity) = finding.validity {
                let labels = labels(finding, kind);
                writeln!(
                    out,
                    "{name}{{{labels}}} {}",
                    date(validity).unix_timestamp()
                )?;
            }
        }
    }
    let name = "rekindle_certificate_state";
    gauge(
        name,
        "1 for the state that rekindle check shows, 0 for each other one.",
        out,
    )?;
    for (finding, kind) in &all {
        let labels = labels(finding, kind);
        for state in STATES {
            let is = u8::from(finding.state == state);
            writeln!(out, "{name}{{{labels},state=\"{}\"}} {is}", state.as_str())?;
        }
    }
    let healthy = diagnosis.is_healthy() && standing.is_settled();
    switch(HEALTHY, healthy, out)?;
    let is_unknown = matches!(standing, Standing::Unknown(_));
    if !is_unknown {
        let is_unfinished = matches!(standing, Standing::Unfinished(_));
        switch(UNFINISHED, is_unfinished, out)?;
    }
    switch(UNKNOWN, is_unknown, out)?;
    let name = "rekindle_check_timestamp_seconds";
    gauge(name, "When it was looked, in seconds since 1970.", out)?;
    writeln!(out, "{name} {}", diagnosis.at.unix_timestamp())?;
    writeln!(out, "{END}")
}

/// Writes a node that could not be looked at.
pub(super) fn write_failure(out: &mut dyn Write) -> io::Result<()> {
    switch(HEALTHY, false, out)?;
    writeln!(out, "{END}")
}

/// The mark of the end, of Prometheus' later format; to the collector a comment. What a full disk or a signal has cut short lacks it.
const END: &str = "# EOF";

const HEALTHY: (&str, &str) = (
    "rekindle_node_healthy",
    "Whether rekindle check ended with 0: nothing needs a person.",
);
const UNFINISHED: (&str, &str) = (
    "rekindle_run_unfinished",
    "Whether a run was interrupted and waits for resume or rollback; absent where nobody can tell.",
);
const UNKNOWN: (&str, &str) = (
    "rekindle_run_unknown",
    "Whether nobody can tell if a run was interrupted, for a journal cannot be relied on.",
);

fn switch((name, help): (&str, &str), is: bool, out: &mut dyn Write) -> io::Result<()> {
    gauge(name, help, out)?;
    writeln!(out, "{name} {}", u8::from(is))
}

/// One of the two dates of a validity.
type Date = fn((OffsetDateTime, OffsetDateTime)) -> OffsetDateTime;

fn gauge(name: &str, help: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")
}

fn labels(finding: &Finding, kind: &str) -> String {
    format!("name=\"{}\",kind=\"{kind}\"", finding.name)
}
