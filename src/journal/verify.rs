//! Verifying a journal: every byte of the file, then whether its keys are ones to believe. Pure.

use super::anchor::{AnchorError, Trust};
use super::chain::{BrokenChain, Chain};
use super::expected::check_expected;
use super::verdict::{Summary, Verdict};

/// Judges the bytes of a journal file.
pub fn verify(bytes: &[u8], trust: &Trust<'_>) -> Verdict {
    let chain = match Chain::read(bytes) {
        Ok(chain) => chain,
        Err(BrokenChain { line, defect }) => return Verdict::Tampered { line, defect },
    };
    let anchored = anchor(bytes, chain.as_ref(), trust);
    let ended = chain.as_ref().is_some_and(Chain::is_sealed);
    // Without a first line, all that there is was cut short.
    let torn_tail = chain
        .as_ref()
        .map_or(!bytes.is_empty(), |chain| !chain.torn().is_empty());
    let summary = chain.map(summary);
    match (anchored, summary) {
        (Err(reason), summary) => Verdict::NotAnchored { summary, reason },
        (Ok(()), Some(summary)) if ended => Verdict::Complete { summary },
        (Ok(()), summary) => Verdict::Incomplete {
            resumable: summary
                .as_ref()
                .is_some_and(|summary| summary.committed.is_some() && summary.outcome.is_none()),
            summary,
            torn_tail,
        },
    }
}

fn anchor(bytes: &[u8], chain: Option<&Chain>, trust: &Trust<'_>) -> Result<(), AnchorError> {
    check_expected(bytes, chain, trust.expected)
        .map_err(|source| AnchorError::Expected { source })?;
    chain.map_or(Ok(()), |chain| {
        let mut segments = chain.segments().iter();
        segments.try_for_each(|segment| trust.check(segment))
    })
}

fn summary(chain: Chain) -> Summary {
    Summary {
        records: chain.size(),
        written: chain.written(),
        attempts: chain.attempts(),
        keys: chain
            .segments()
            .iter()
            .map(|segment| segment.facts.sha256)
            .collect(),
        committed: chain.changes().map(<[_]>::len),
        counts: chain.counts(),
        open_directions: chain.open_directions(),
        outcome: chain.outcome(),
        checkpoint: chain.checkpoint().cloned(),
        genesis: chain.into_genesis(),
    }
}
