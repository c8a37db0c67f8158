//! The first record of a journal: who did what, where, when, why, and with which key. Plain data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::defect::Defect;
use super::signature::VerifyingKey;
use crate::digest::Sha256Digest;
use crate::pki::{Authority, Certificate, encode_certificate};

/// The name of this format and its version.
pub const SCHEMA: &str = "rekindle.dev/journal/v1";

/// The genesis record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// [`SCHEMA`].
    pub schema: String,
    /// The key that signs all records.
    pub key: KeyFacts,
    /// The cluster's authority that vouches for the key; none where its own key is not on the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityFacts>,
    /// All that the run knows when it begins.
    #[serde(flatten)]
    pub circumstances: Circumstances,
}

impl Genesis {
    /// The run that this one takes back, where it is the rollback of a run that had ended: its new files are the old ones.
    pub fn reverses(&self) -> Option<&str> {
        let (verb, rest) = self.circumstances.setting.arguments.split_first()?;
        let run = rest.iter().find(|word| !word.starts_with('-'))?;
        (verb == "rollback").then_some(run)
    }

    /// Whether this opens the journal of `run`: the good journal of another run would be believed otherwise.
    pub fn check_run(&self, run: &str) -> Result<(), Defect> {
        let found = &self.circumstances.run.id;
        if found == run {
            return Ok(());
        }
        Err(Defect::OtherRun {
            found: found.clone(),
            expected: run.to_owned(),
        })
    }
}

/// The journal's public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFacts {
    /// The SPKI DER in base64.
    pub spki: String,
    /// SHA-256 of that DER: the key's fingerprint, and the `keyid` of every line.
    pub sha256: Sha256Digest,
    /// The journal certificate in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

impl KeyFacts {
    pub(super) fn of(key: &VerifyingKey, certificate: Option<&Certificate>) -> Self {
        Self {
            spki: STANDARD.encode(key.spki()),
            sha256: key.fingerprint(),
            certificate: certificate.map(encode_certificate),
        }
    }

    /// The key itself; none if the facts do not fit each other.
    pub(super) fn verifying_key(&self) -> Option<VerifyingKey> {
        let spki = STANDARD.decode(&self.spki).ok()?;
        VerifyingKey::from_spki(&spki).filter(|key| key.fingerprint() == self.sha256)
    }
}

/// The authority that signed a journal certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityFacts {
    /// Its certificate in PEM.
    pub certificate: String,
    /// SHA-256 of its public key's SPKI DER.
    pub spki_sha256: Sha256Digest,
}

impl From<&Authority> for AuthorityFacts {
    fn from(authority: &Authority) -> Self {
        Self {
            certificate: encode_certificate(authority.certificate()),
            spki_sha256: Sha256Digest::of(authority.certificate().public_key_der()),
        }
    }
}

/// What the run knows before it does anything. Never the environment, never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// The run and its place among the others on this node.
    pub run: Run,
    /// Who began it, where, when and why.
    #[serde(flatten)]
    pub setting: Setting,
    /// The folder that is taken for `/`.
    pub root: String,
    /// The digest of the inventory on which the plan rests; none where no node was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory_digest: Option<Sha256Digest>,
    /// The folders in which files are staged: what an interrupted run left in them is found again.
    pub folders: Vec<String>,
    /// Of these, and of those above them, the ones that are not there, outermost first: the run makes them, and whoever takes it
    /// back removes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub new_folders: Vec<String>,
    /// The home folders in which files are replaced that are their users' own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub homes: Vec<HomeFolder>,
    /// The steps of the plan, as shown to the operator.
    pub plan: Vec<String>,
}

/// A home folder, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HomeFolder {
    /// The folder, beneath the run's root.
    pub path: String,
    /// The user.
    pub uid: u32,
}

/// Who works on a run, where, when and why: of the run itself, and of each further attempt at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The machine.
    pub host: Host,
    /// This program.
    pub tool: Tool,
    /// The verb and its wishes in effect, defaults included; nothing else that stood on the command line.
    pub arguments: Vec<String>,
    /// Who started it.
    pub operator: Operator,
    /// Why, in the operator's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The incident's ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// What the clocks said.
    pub clocks: Clocks,
}

/// A run: one journal file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its identifier: letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// Which run on this node it is, from 1.
    pub counter: u64,
    /// The checkpoint at which the previous run's journal was closed, so that a whole file cannot
    /// vanish unseen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_checkpoint: Option<String>,
}

/// The machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its host name.
    pub name: String,
    /// The content of /etc/machine-id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// The kernel's identifier of this boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
}

/// The program that wrote the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its version.
    pub version: String,
    /// The digest of the binary that runs, if it could read itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
}

/// Who started the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The real user.
    pub uid: u32,
    /// The user of the login session, which `sudo` and `su` do not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loginuid: Option<u32>,
    /// What `SUDO_USER` claims; anybody can set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sudo_user_claimed: Option<String>,
}

/// What the clocks said at the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocks {
    /// The wall clock.
    #[serde(with = "super::moment")]
    pub wall: OffsetDateTime,
    /// The monotonic clock in nanoseconds: a string, for it may be past what a JSON number carries exactly.
    pub monotonic: String,
    /// When the machine was started.
    #[serde(with = "super::moment")]
    pub boot_time: OffsetDateTime,
}
