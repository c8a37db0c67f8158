//! What else will hurt after a long outage: said at the end of a recovery.

use std::io::{self, Write};

use time::OffsetDateTime;

use super::render::{WARNING, date};
use crate::plan::Aftermath;

/// What was out for long enough, how long that was, and where to read on.
pub(super) fn write_aftermath(
    aftermath: Option<&Aftermath>,
    now: OffsetDateTime,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(aftermath) = aftermath else {
        return Ok(());
    };
    writeln!(out)?;
    writeln!(
        out,
        "{WARNING}After so long{WARNING:#} (since {}, {}): rekindle runbook full-expiry#what-else-is-stale",
        date(aftermath.since),
        length(now - aftermath.since)
    )?;
    if aftermath.workers {
        writeln!(
            out,
            "  workers: kubelets whose certificates ended meanwhile cannot renew them, and stay NotReady"
        )?;
    }
    if aftermath.tokens {
        writeln!(
            out,
            "  tokens:  what keeps a service account's token, CNI plug-ins above all, may be Unauthorized"
        )?;
    }
    Ok(())
}

fn length(outage: time::Duration) -> String {
    match outage.whole_days() {
        0 => format!("{} hours", outage.whole_hours()),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}
