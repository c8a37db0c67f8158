//! Checkpoints that were kept elsewhere, held against a journal. Pure.

use super::chain::Chain;
use super::checkpoint::{Checkpoint, CheckpointError};
use super::envelope::Envelope;
use super::event::{Event, Record};
use super::merkle::Tree;
use super::read::{Line, lines};

/// Holds a journal against all checkpoints that a ticket has. Those of other runs say nothing about it; one at least must
/// be its own, and all of its own must hold.
pub(super) fn check_expected(
    bytes: &[u8],
    chain: Option<&Chain>,
    expected: &[Checkpoint],
) -> Result<(), CheckpointError> {
    let Some(first) = expected.first() else {
        return Ok(());
    };
    let Some(chain) = chain else {
        return Err(CheckpointError::Size {
            found: first.size(),
            expected: 0,
        });
    };
    let mut own = expected
        .iter()
        .filter(|checkpoint| checkpoint.origin() == chain.origin())
        .peekable();
    if own.peek().is_none() {
        return check_covered(bytes, chain, first);
    }
    own.try_for_each(|checkpoint| check_covered(bytes, chain, checkpoint))
}

/// Whether a journal is the one of which a checkpoint was made, continued perhaps: whether it begins with just the lines
/// that the checkpoint covers, and has the checkpoint itself behind them. `chain` is what was read from `bytes`.
///
/// No checkpoint leaves this program before it is on the disk. So a journal without it has lost that line at least; and
/// since the line is one of the chain, it was signed by the key that signed the lines above it.
pub fn check_covered(
    bytes: &[u8],
    chain: &Chain,
    expected: &Checkpoint,
) -> Result<(), CheckpointError> {
    let mut whole = lines(bytes).filter_map(|line| match line {
        Line::Whole(line) => Some(line),
        Line::CutShort(_) => None,
    });
    let size = usize::try_from(expected.size()).unwrap_or(usize::MAX);
    let mut tree = Tree::default();
    whole.by_ref().take(size).for_each(|line| tree.push(line));
    expected.covers(chain.origin(), tree.size(), tree.root())?;
    match whole.next().and_then(note) {
        Some(note) if note == expected.to_string() => Ok(()),
        _ => Err(CheckpointError::Absent {
            size: expected.size(),
        }),
    }
}

fn note(line: &[u8]) -> Option<String> {
    let envelope = Envelope::parse(line).ok()?;
    match Record::parse(&envelope.payload).ok()?.event {
        Event::Checkpoint { note } => Some(note),
        _ => None,
    }
}
