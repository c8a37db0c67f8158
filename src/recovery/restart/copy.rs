//! Copies etcd's data aside while etcd is stopped.

use crate::journal::Act;
use crate::recovery::transaction::Transaction;
use crate::recovery::{Failure, Progress, RunFiles, facts};

impl Transaction<'_> {
    pub(super) fn copy_aside(&mut self) -> Result<(), Failure> {
        let Some(copy) = self.live.as_ref().and_then(|live| live.plan.copy.clone()) else {
            return Ok(());
        };
        let to = self.files.etcd.clone();
        // An attempt before made it, and it is whole: only then it has this name.
        if self.root.exists(&to) {
            return Ok(());
        }
        let part = self.files.unfinished_etcd_copy();
        let act = Act::CopyFolder {
            from: facts::text(&copy.from),
            to: facts::text(&to),
        };
        self.act(act, |run, intent| {
            let (root, observer) = (run.root, &mut *run.observer);
            root.create_folder(&RunFiles::etcd_copies())?;
            root.remove_folder_if_there(&part)?;
            let all = copy.bytes;
            root.copy_folder(&copy.from, &part, &mut |done| {
                observer.progress(Progress::Copying { done, all });
            })?;
            // What was written to meanwhile is no copy of anything.
            run.demand_stillness()?;
            Ok(root.move_beside(intent, &part, &to)?)
        })
    }
}
