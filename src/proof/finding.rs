//! What the proof says of one condition. Plain data.

/// One condition, looked at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whom it is about: `kube-scheduler`, `etcd`, `kubelet`.
    pub subject: &'static str,
    /// What is asked.
    pub condition: Condition,
    /// Whether it holds, and why.
    pub state: State,
}

/// What is to be true of a control plane that is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// Its process runs, on its manifest's arguments, and read its credential when that was the present one.
    Process,
    /// The certificate that is served is the one on the disk, and valid.
    Certificate,
    /// `/livez` of the API server.
    Live,
    /// `/readyz` of the API server.
    Ready,
    /// Its Lease is being renewed, which takes a credential that the API accepts.
    Lease,
    /// etcd is healthy and has no alarm.
    Health,
    /// What says which of all that there is to be can be read.
    Configuration,
}

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It does.
    Proven {
        /// What shows it.
        evidence: String,
    },
    /// It does not, or not yet.
    Open {
        /// What was seen instead.
        evidence: String,
        /// What is likely behind it, and what to do.
        advice: Option<String>,
        /// Whether it is etcd, up and waiting for members on other nodes.
        lacks_quorum: bool,
    },
}

impl Condition {
    /// The word for it in tables, JSON and journals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Certificate => "certificate",
            Self::Live => "livez",
            Self::Ready => "readyz",
            Self::Lease => "lease",
            Self::Health => "health",
            Self::Configuration => "configured",
        }
    }
}

impl State {
    pub(super) fn proven(evidence: impl Into<String>) -> Self {
        Self::Proven {
            evidence: evidence.into(),
        }
    }

    pub(super) fn open(evidence: impl Into<String>) -> Self {
        Self::Open {
            evidence: evidence.into(),
            advice: None,
            lacks_quorum: false,
        }
    }

    pub(super) fn open_with(evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Open {
            evidence: evidence.into(),
            advice: Some(advice.into()),
            lacks_quorum: false,
        }
    }

    /// Of an etcd that is up, and no more.
    pub(super) fn without_quorum(evidence: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Open {
            evidence: evidence.into(),
            advice: Some(advice.into()),
            lacks_quorum: true,
        }
    }

    /// Whether it holds.
    pub fn is_proven(&self) -> bool {
        matches!(self, Self::Proven { .. })
    }

    /// Whether it is etcd, up and waiting for members on other nodes.
    pub fn lacks_quorum(&self) -> bool {
        matches!(
            self,
            Self::Open {
                lacks_quorum: true,
                ..
            }
        )
    }

    /// What was seen.
    pub fn evidence(&self) -> &str {
        match self {
            Self::Proven { evidence } | Self::Open { evidence, .. } => evidence,
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::Proven { .. } => None,
            Self::Open { advice, .. } => advice.as_deref(),
        }
    }
}
