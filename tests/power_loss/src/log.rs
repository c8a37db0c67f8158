//! The log of a disk: what happened to it, in order. As a file: for each event its kind, an offset, and the length of the
//! bytes that follow, each as eight bytes.

/// Something that happened to the disk, or beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Bytes were written; until the next flush they are in the cache of the disk, and may be lost.
    Write {
        /// Where.
        offset: usize,
        /// What.
        bytes: Vec<u8>,
    },
    /// Everything written before is on the disk for certain.
    Flush,
    /// The program under test said that it is done.
    Reported,
}

const WRITE: u64 = 1;
const FLUSH: u64 = 2;
const REPORTED: u64 = 3;

/// The record of a write.
pub fn write_record(offset: u64, bytes: &[u8]) -> Vec<u8> {
    record(WRITE, offset, bytes)
}

/// The record of a flush.
pub fn flush_record() -> Vec<u8> {
    record(FLUSH, 0, &[])
}

/// The record of a report.
pub fn reported_record() -> Vec<u8> {
    record(REPORTED, 0, &[])
}

fn record(kind: u64, offset: u64, bytes: &[u8]) -> Vec<u8> {
    let fields = [kind, offset, bytes.len() as u64].map(u64::to_le_bytes);
    [fields.as_flattened(), bytes].concat()
}

/// The events of a log.
pub fn read(log: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut rest = log;
    while !rest.is_empty() {
        let [kind, offset, length] = [(); 3].map(|()| number(&mut rest));
        let (bytes, behind) = rest.split_at(length);
        rest = behind;
        events.push(match kind as u64 {
            WRITE => Event::Write {
                offset,
                bytes: bytes.to_vec(),
            },
            FLUSH => Event::Flush,
            REPORTED => Event::Reported,
            other => panic!("there is no event of kind {other}"),
        });
    }
    events
}

fn number(rest: &mut &[u8]) -> usize {
    let (field, behind) = rest.split_first_chunk().expect("eight bytes");
    *rest = behind;
    usize::try_from(u64::from_le_bytes(*field)).expect("a number of this machine")
}
