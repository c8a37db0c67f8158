//! Verifying a journal: every byte of the file, then whether its keys are ones to believe. Pure.

use super::anchor::{AnchorError, Trust};
use super::chain::{BrokenChain, Chain};
use super::checkpoint::{Checkpoint, CheckpointError};
use super::merkle::Tree;
use super::read::{Line, lines};
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
    if let Some(expected) = trust.expected {
        check_expected(bytes, chain, expected)
            .map_err(|source| AnchorError::Expected { source })?;
    }
    chain.map_or(Ok(()), |chain| {
        let mut segments = chain.segments().iter();
        segments.try_for_each(|segment| trust.check(segment))
    })
}

/// Whether the journal is the one that a checkpoint kept elsewhere was made of, or that one continued.
fn check_expected(
    bytes: &[u8],
    chain: Option<&Chain>,
    expected: &Checkpoint,
) -> Result<(), CheckpointError> {
    let mut tree = Tree::default();
    let wanted = usize::try_from(expected.size()).unwrap_or(usize::MAX);
    for line in lines(bytes).take(wanted) {
        if let Line::Whole(line) = line {
            tree.push(line);
        }
    }
    let origin = chain.map_or(expected.origin(), Chain::origin);
    expected.covers(origin, tree.size(), tree.root())?;
    // Cannot fail where the lines are the same; a checkpoint that nobody signed proves nothing, though.
    let signed = chain.is_some_and(|chain| {
        let mut segments = chain.segments().iter();
        segments.any(|segment| expected.verify(&segment.key).is_ok())
    });
    if signed {
        return Ok(());
    }
    Err(CheckpointError::Signature {
        origin: expected.origin().to_owned(),
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
        outcome: chain.outcome(),
        checkpoint: chain.checkpoint().cloned(),
        genesis: chain.into_genesis(),
    }
}
