//! Runs that were interrupted and taken up again, as `recovery` does it, in memory.

use std::sync::{Arc, LazyLock, Mutex};

use rekindle::digest::Sha256Digest;
use rekindle::journal::{
    Chain, Closed, Direction, Event, Log, Outcome, Progress, RunOutcome, TakeUp, Torn,
};
use rekindle::pki::Authority;
use time::{Duration, OffsetDateTime};

use crate::fixture::{Fixture, Memory, NOW, authority, committed, make, setting, touch};

/// A recovery in four attempts: killed with a change under way and a line cut short; killed with another one under way;
/// taken to its end by an attempt for whose key nobody vouches, but killed before the last checkpoint; sealed.
pub static RESUMED: LazyLock<Fixture> = LazyLock::new(|| {
    let authority = authority();
    let (mut log, memory) = committed(Some(&authority));
    make(&mut log, 0, NOW);
    make(&mut log, 1, NOW);
    drop(log.intend(2, NOW).unwrap());
    let killed = [&memory.bytes()[..], b"{\"payloadType\":\"appl"].concat();

    let (mut log, memory) = take_up(&killed, Direction::Forward, Some(&authority), hours(1));
    log.append(Event::Adopted { change: 2 }, hours(1)).unwrap();
    drop(log.intend(3, hours(1)).unwrap());
    let killed = memory.bytes();

    let (mut log, memory) = take_up(&killed, Direction::Forward, None, hours(49));
    go_forward(&mut log, hours(49));
    let keys = vec![log.key()];
    log.close(RunOutcome::Completed, hours(49)).unwrap();
    let killed = without_last_line(&memory.bytes());

    let (mut log, memory) = take_up(&killed, Direction::Forward, Some(&authority), hours(50));
    let closed = log.close(RunOutcome::Completed, hours(50)).unwrap();
    Fixture {
        authority,
        keys,
        bytes: memory.bytes(),
        closed,
    }
});

/// A recovery that was killed, and taken back in two attempts.
pub static UNDONE: LazyLock<Fixture> = LazyLock::new(|| {
    let authority = authority();
    let (mut log, memory) = committed(Some(&authority));
    for number in 0..4 {
        make(&mut log, number, NOW);
    }
    drop(log.intend(4, NOW).unwrap());
    let killed = memory.bytes();

    let (mut log, memory) = take_up(&killed, Direction::Back, Some(&authority), hours(1));
    log.append(Event::RolledBack { change: 4 }, hours(1))
        .unwrap();
    drop(log.intend_undo(3, hours(1)).unwrap());
    let killed = [&memory.bytes()[..], b"{"].concat();

    let (mut log, memory) = take_up(&killed, Direction::Back, Some(&authority), hours(2));
    let closed = go_back(&mut log, hours(2));
    Fixture {
        authority,
        keys: Vec::new(),
        bytes: memory.bytes(),
        closed,
    }
});

/// So long after the first attempt.
pub fn hours(hours: i64) -> OffsetDateTime {
    NOW + Duration::hours(hours)
}

pub fn without_last_line(bytes: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    lines[..lines.len() - 1].concat()
}

/// Begins a further attempt behind the whole lines of a journal.
pub fn take_up(
    bytes: &[u8],
    direction: Direction,
    authority: Option<&Authority>,
    now: OffsetDateTime,
) -> (Log, Memory) {
    let chain = Chain::read(bytes).unwrap().unwrap();
    let torn = match chain.torn() {
        [] => Vec::new(),
        torn => vec![Torn {
            path: "/var/lib/rekindle/journal/run.torn-1".to_owned(),
            size: torn.len() as u64,
            sha256: Sha256Digest::of(torn),
        }],
    };
    let whole = bytes[..chain.whole_bytes()].to_vec();
    let memory = Memory(Arc::new(Mutex::new(whole)));
    let attempt = TakeUp {
        direction,
        torn,
        setting: setting(match direction {
            Direction::Forward => "resume",
            Direction::Back => "rollback",
        }),
    };
    let log = Log::take_up(Box::new(memory.clone()), chain, attempt, authority, now).unwrap();
    (log, memory)
}

fn progress(log: &Log) -> Vec<Progress> {
    let changes = log.chain().changes().unwrap();
    changes.iter().map(|(_, progress)| *progress).collect()
}

/// Makes all that is not made; of what was under way, every other change is found made.
pub fn go_forward(log: &mut Log, at: OffsetDateTime) {
    for (change, progress) in progress(log).into_iter().enumerate() {
        match progress {
            Progress::Intended if change % 2 == 0 => {
                log.append(Event::Adopted { change }, at).unwrap();
            }
            Progress::Waiting | Progress::Intended => make(log, change, at),
            Progress::Done => {}
            other => panic!("change {change}: {other:?}"),
        }
    }
    touch(log, at);
}

/// Undoes all that was begun; of what was under way, every other change is found as it was.
pub fn go_back(log: &mut Log, at: OffsetDateTime) -> Closed {
    for (change, progress) in progress(log).into_iter().enumerate().rev() {
        match progress {
            Progress::Intended | Progress::UndoIntended if change % 2 == 0 => {
                log.append(Event::RolledBack { change }, at).unwrap();
            }
            Progress::Intended | Progress::UndoIntended | Progress::Done => {
                let intent = log.intend_undo(change, at).unwrap();
                log.outcome(intent, Outcome::Done, at).unwrap();
            }
            Progress::Waiting | Progress::RolledBack => {}
            Progress::Skipped => panic!("change {change} was skipped"),
        }
    }
    log.close(RunOutcome::RolledBack, at).unwrap()
}
