//! Starts what was stopped.

use super::SERVICE;
use crate::evidence::with_causes;
use crate::journal::Act;
use crate::recovery::transaction::Transaction;

impl Transaction<'_> {
    /// Starts what this run has stopped: after the last file is settled, whichever way. A failure is a warning here: what still
    /// stands still, the journal tells.
    pub(in crate::recovery) fn revive(&mut self) {
        let Some(manager) = self
            .live
            .as_ref()
            .and_then(|live| live.plan.manager.clone())
        else {
            return;
        };
        let stopped = self.log.chain().stopped_services();
        let services: Vec<String> = stopped.map(str::to_owned).collect();
        if let Err(failure) = self.end_latecomers() {
            self.warnings.push(with_causes(&failure));
        }
        for service in services {
            let (unit, manager) = (service.clone(), manager.clone());
            let act = Act::StartService {
                service: service.clone(),
            };
            let started = self.act_unconfined(act, move || {
                // A kubelet that failed too often is not started otherwise; where there is nothing to forget, nothing is lost.
                let _ = manager.reset_failed(&unit);
                manager
                    .start(&unit, SERVICE)
                    .map_err(|error| with_causes(&error))
            });
            if let Err(failure) = started {
                self.warnings.push(format!(
                    "{service} could not be started: {}",
                    with_causes(&failure)
                ));
            }
        }
    }
}
