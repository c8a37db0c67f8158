//! What the operator wants of the restart. Plain data.

use std::time::Duration;

use crate::node::ServiceCommands;

/// `--restart`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartChoice {
    /// [`Strategy::All`] in an outage, [`Strategy::Stale`] while the API is alive; [`Strategy::Touch`] for a node in a folder
    /// and where nobody can stop and start the kubelet.
    Auto,
    /// This one, or nothing.
    This(Strategy),
}

/// How the components are brought to use what was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// Every component ends, and the kubelet starts it anew.
    All,
    /// Those alone that hold an old credential in memory; etcd and the API server reload theirs, and stay up.
    Stale,
    /// Each manifest gets an annotation, one component at a time: the kubelet, which runs on, replaces the pod.
    Stamp,
    /// Each manifest is moved away until its process has ended, and back, one component at a time.
    Move,
    /// The manifests' times are set to now, as every runbook says; no kubelet restarts anything for it.
    Touch,
    /// Nothing.
    None,
}

/// `--etcd-copy`: whether etcd's data folder is copied aside while etcd is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EtcdCopy {
    /// Where etcd is stopped and there is room.
    Auto,
    /// Or nothing is done.
    Always,
    /// Not.
    Never,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartWishes {
    /// How.
    pub choice: RestartChoice,
    /// The commands that stop and start the kubelet, where the operator names some.
    pub commands: Option<ServiceCommands>,
    /// The kubelet's unit.
    pub unit: String,
    /// Whether etcd's data are copied.
    pub etcd_copy: EtcdCopy,
    /// How long the proof may take.
    pub timeout: Duration,
}

impl RestartChoice {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::This(strategy) => strategy.as_str(),
        }
    }
}

impl EtcdCopy {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

impl Strategy {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Stale => "stale",
            Self::Stamp => "stamp",
            Self::Move => "move",
            Self::Touch => "touch",
            Self::None => "none",
        }
    }

    /// Whether anything is restarted, and so there is something to prove.
    pub fn restarts(self) -> bool {
        self.ends_processes() || matches!(self, Self::Stamp | Self::Move)
    }

    /// Whether the kubelet is stopped, and processes are ended.
    pub fn ends_processes(self) -> bool {
        matches!(self, Self::All | Self::Stale)
    }
}
