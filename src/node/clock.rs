//! The clock, read here alone and handed on as a value.

use std::path::Path;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use time::OffsetDateTime;

use super::read::read_kernel_file;

/// The clocks of one moment: the wall clock can be set, the others tell whether it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Time of day, UTC.
    pub wall: OffsetDateTime,
    /// Nanoseconds since an arbitrary start, suspend not counted (`CLOCK_MONOTONIC`).
    pub monotonic: u128,
    /// Nanoseconds since the machine booted, suspend counted (`CLOCK_BOOTTIME`).
    pub since_boot: u128,
}

impl Clocks {
    /// Reads all three.
    pub fn read() -> Self {
        Self {
            wall: now(),
            monotonic: nanoseconds(ClockId::CLOCK_MONOTONIC),
            since_boot: nanoseconds(ClockId::CLOCK_BOOTTIME),
        }
    }

    /// How long the machine has been running: the clock that nobody can set.
    pub fn uptime(&self) -> Duration {
        Duration::from_nanos(u64::try_from(self.since_boot).unwrap_or(u64::MAX))
    }
}

/// The wall clock, UTC.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the one place that reads it"
)]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// The clock that runs on while the machine is off (rtc(4)), to the second; `None` where there is none. It is taken for UTC: one that
/// runs in local time is up to fourteen hours off.
pub fn hardware_clock() -> Option<OffsetDateTime> {
    let seconds = read_kernel_file(Path::new("/sys/class/rtc/rtc0/since_epoch"))?;
    OffsetDateTime::from_unix_timestamp(seconds.trim().parse().ok()?).ok()
}

fn nanoseconds(clock: ClockId) -> u128 {
    clock_gettime(clock).map_or(0, |time| Duration::from(time).as_nanos())
}

/// A clock that is read once and then only runs: somebody who sets the machine's clock during a recovery
/// does not make its records jump.
#[derive(Debug, Clone, Copy)]
pub struct SteadyClock {
    started_at: OffsetDateTime,
    started: std::time::Instant,
}

impl SteadyClock {
    /// Starts at what the wall clock says.
    pub fn start() -> Self {
        Self {
            started_at: now(),
            started: std::time::Instant::now(),
        }
    }

    /// The time of the start plus what has passed since.
    pub fn now(&self) -> OffsetDateTime {
        self.started_at + self.started.elapsed()
    }
}
