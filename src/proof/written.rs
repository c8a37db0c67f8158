//! When a file got its present content, on the clock that nobody can set. Pure.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use time::OffsetDateTime;

use crate::digest::Sha256Digest;
use crate::node::Clocks;

/// What the journals of this boot say of files: when each was put in place, since the machine booted.
///
/// The time in a file's inode is the wall clock's, which may have been set since. A journal knows better: its times run on
/// from one reading of all clocks.
#[derive(Debug, Clone, Default)]
pub struct Written(BTreeMap<PathBuf, (Sha256Digest, Duration)>);

impl Written {
    /// Notes that this content was put in place then.
    pub fn note(&mut self, path: PathBuf, content: Sha256Digest, since_boot: Duration) {
        self.0.insert(path, (content, since_boot));
    }

    /// When the file was written, since the machine booted; by its inode where no journal tells of just this content.
    /// Before the boot is zero; `None` where its time lies in the future, so that some clock was set.
    pub(super) fn since_boot(
        &self,
        path: &Path,
        content: Sha256Digest,
        modified: OffsetDateTime,
        clocks: &Clocks,
    ) -> Option<Duration> {
        if let Some((noted, since_boot)) = self.0.get(path)
            && *noted == content
        {
            return Some(*since_boot);
        }
        let age = clocks.wall - modified;
        if age.is_negative() {
            return None;
        }
        Some(clocks.uptime().saturating_sub(age.unsigned_abs()))
    }
}

/// A moment since the machine booted, on the wall clock as it is now.
pub(super) fn on_the_wall(since_boot: Duration, clocks: &Clocks) -> OffsetDateTime {
    clocks.wall - clocks.uptime().saturating_sub(since_boot)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const CLOCKS: Clocks = Clocks {
        wall: datetime!(2026-11-24 03:00 UTC),
        monotonic: 0,
        since_boot: 3_600_000_000_000,
    };

    fn content() -> Sha256Digest {
        Sha256Digest::of(b"new")
    }

    #[test]
    fn without_a_journal_the_inode_tells() {
        let written =
            |modified| Written::default().since_boot(Path::new("/f"), content(), modified, &CLOCKS);
        let minutes = |minutes: u64| Some(Duration::from_mins(minutes));
        assert_eq!(written(datetime!(2026-11-24 02:50 UTC)), minutes(50));
        assert_eq!(written(datetime!(2025-11-24 02:50 UTC)), minutes(0));
        assert_eq!(written(datetime!(2026-11-24 03:01 UTC)), None);
    }

    #[test]
    fn a_journal_knows_better_but_only_of_the_content_that_it_put_there() {
        let mut written = Written::default();
        written.note("/f".into(), content(), Duration::from_secs(7));
        let modified = datetime!(2026-11-24 02:50 UTC);
        let since_boot = |content| written.since_boot(Path::new("/f"), content, modified, &CLOCKS);
        assert_eq!(since_boot(content()), Some(Duration::from_secs(7)));
        let other = since_boot(Sha256Digest::of(b"other"));
        assert_eq!(other, Some(Duration::from_mins(50)));
    }

    #[test]
    fn a_moment_since_boot_has_a_time_of_day() {
        let moment = on_the_wall(Duration::from_mins(30), &CLOCKS);
        assert_eq!(moment, datetime!(2026-11-24 02:30 UTC));
    }
}
