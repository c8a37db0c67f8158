//! What the command line wants of the restart, in the words of the recovery.

use super::arguments::{EtcdCopyChoice, RestartArguments, RestartName};
use super::failure::Failure;
use crate::node::ServiceCommands;
use crate::recovery::{EtcdCopy, RestartChoice, RestartWishes, Strategy};

impl RestartArguments {
    fn choice(&self, default: RestartName) -> RestartChoice {
        match self.restart.unwrap_or(default) {
            RestartName::Auto => RestartChoice::Auto,
            RestartName::All => RestartChoice::This(Strategy::All),
            RestartName::Stale => RestartChoice::This(Strategy::Stale),
            RestartName::Stamp => RestartChoice::This(Strategy::Stamp),
            RestartName::Move => RestartChoice::This(Strategy::Move),
            RestartName::Touch => RestartChoice::This(Strategy::Touch),
            RestartName::None => RestartChoice::This(Strategy::None),
        }
    }

    fn etcd_copy(&self) -> EtcdCopy {
        match self.etcd_copy {
            EtcdCopyChoice::Auto => EtcdCopy::Auto,
            EtcdCopyChoice::Always => EtcdCopy::Always,
            EtcdCopyChoice::Never => EtcdCopy::Never,
        }
    }

    /// What the operator wants.
    pub(super) fn wishes(&self, default: RestartName) -> Result<RestartWishes, Failure> {
        let commands = match (&self.kubelet_stop, &self.kubelet_start) {
            (Some(stop), Some(start)) => Some(ServiceCommands {
                start: start.clone(),
                stop: stop.clone(),
            }),
            (None, None) => None,
            _ => {
                return Err(Failure::usage(
                    "--kubelet-stop and --kubelet-start are of use only together",
                ));
            }
        };
        Ok(RestartWishes {
            choice: self.choice(default),
            commands,
            unit: self.kubelet_unit.clone(),
            etcd_copy: self.etcd_copy(),
            timeout: self.timeout,
        })
    }

    /// The wishes in effect, for the journal.
    pub(super) fn flags(&self, default: RestartName) -> Vec<String> {
        let mut flags = vec![format!("--restart={}", self.choice(default).as_str())];
        for (name, command) in [("stop", &self.kubelet_stop), ("start", &self.kubelet_start)] {
            if let Some(command) = command {
                flags.push(format!("--kubelet-{name}={command}"));
            }
        }
        flags.push(format!("--etcd-copy={}", self.etcd_copy().as_str()));
        flags
    }
}
