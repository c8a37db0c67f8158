//! What a run does besides changing files: it stops, starts, ends, copies, gives up and hands out. Plain data.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::digest::Sha256Digest;
use crate::evidence::moment;

/// Something that is done to what runs on the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Act {
    /// A service is stopped.
    StopService {
        /// Its unit.
        service: String,
    },
    /// A service is started.
    StartService {
        /// Its unit.
        service: String,
    },
    /// A process is asked to end, and waited for.
    EndProcess {
        /// The component that it is.
        component: String,
        /// Its number.
        pid: u32,
        /// When it was started, in milliseconds since the machine booted: with the number it names the process for good.
        started: u64,
    },
    /// A folder is copied.
    CopyFolder {
        /// The original.
        from: String,
        /// The copy.
        to: String,
    },
    /// A manifest is moved out of the kubelet's sight.
    MoveAside {
        /// Its place.
        path: String,
        /// Where it is meanwhile.
        aside: String,
    },
    /// It is moved back.
    MoveBack {
        /// Its place.
        path: String,
        /// Where it was meanwhile.
        aside: String,
    },
    /// It stays where it is, for somebody else has put another one into its place meanwhile.
    LeaveAside {
        /// Its place.
        path: String,
        /// Where it is.
        aside: String,
    },
    /// A Lease is given up in the name of a holder that is known to be dead.
    ReleaseLease {
        /// Namespace and name.
        lease: String,
        /// Who held it.
        holder: String,
    },
    /// A credential is made for the kubelet of another node, and handed out in a file. Nothing here leads to its key.
    Issue {
        /// The node.
        node: String,
        /// The host that may install it.
        machine_id: String,
        /// The serial number of its certificate in hexadecimal.
        serial: String,
        /// SHA-256 of the DER of its certificate.
        fingerprint: Sha256Digest,
        /// The last second of its validity.
        #[serde(with = "super::moment")]
        not_after: OffsetDateTime,
    },
    /// A break-glass credential is made for a person, and handed out in a file. Nothing here leads to its key.
    Credential {
        /// The user that it logs on as.
        user: String,
        /// The user's groups.
        groups: Vec<String>,
        /// The API server that it is for.
        server: String,
        /// The serial number of its certificate in hexadecimal.
        serial: String,
        /// SHA-256 of the DER of its certificate: what the API server's audit log calls the credential (`X509SHA256=…`).
        fingerprint: Sha256Digest,
        /// The last second of its validity.
        #[serde(with = "super::moment")]
        not_after: OffsetDateTime,
        /// The age recipients to whom the file is encrypted; none where it lies open, for its owner alone.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        sealed_to: Vec<String>,
    },
}

impl fmt::Display for Act {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StopService { service } => write!(formatter, "stop {service}"),
            Self::StartService { service } => write!(formatter, "start {service}"),
            Self::EndProcess { component, pid, .. } => {
                write!(formatter, "end {component} (process {pid})")
            }
            Self::CopyFolder { from, to } => write!(formatter, "copy {from} to {to}"),
            Self::MoveAside { path, .. } => write!(formatter, "move {path} away"),
            Self::MoveBack { path, .. } => write!(formatter, "move {path} back"),
            Self::LeaveAside { path, aside } => write!(formatter, "leave {path} at {aside}"),
            Self::ReleaseLease { lease, holder } => {
                write!(formatter, "give up the lease {lease} for {holder}")
            }
            Self::Issue {
                node,
                machine_id,
                serial,
                ..
            } => write!(
                formatter,
                "issue a kubelet's credential for {node} (machine {machine_id}, serial {serial})"
            ),
            Self::Credential {
                user,
                groups,
                server,
                serial,
                not_after,
                sealed_to,
                ..
            } => {
                let groups = if groups.is_empty() {
                    "no groups".to_owned()
                } else {
                    format!("groups {}", groups.join(", "))
                };
                write!(
                    formatter,
                    "issue a break-glass credential for {user} ({groups}, serial {serial}, until {}) to {server}",
                    moment(*not_after)
                )?;
                match sealed_to.len() {
                    0 => Ok(()),
                    _ => write!(formatter, ", sealed to {}", sealed_to.join(", ")),
                }
            }
        }
    }
}
