//! Reading a journal's records without judging who signed them. Pure.

use super::defect::Defect;
use super::envelope::Envelope;
use super::event::Record;

/// The records of a journal file, line by line, each as it is written there: nothing is verified but their
/// form. What is shown from this may have been forged; [`verify`](super::verify()) tells.
pub fn read_records(bytes: &[u8]) -> impl Iterator<Item = Result<Record, Defect>> {
    lines(bytes).map(|line| match line {
        Line::Whole(line) => Record::parse(&Envelope::parse(line)?.payload),
        Line::CutShort(_) => Err(Defect::CutShort),
    })
}

/// A line, without its newline.
pub(super) enum Line<'file> {
    Whole(&'file [u8]),
    /// The last line, whose newline is missing.
    CutShort(&'file [u8]),
}

pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| match line.strip_suffix(b"\n") {
            Some(whole) => Line::Whole(whole),
            None => Line::CutShort(line),
        })
}
