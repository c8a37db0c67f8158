//! The only module with effects: files, the clock, the identity of this machine and of this process.
//!
//! A [`Root`] is a node, either the machine itself (`/`) or a node laid out in a folder. Every path is a
//! *node path*: absolute as the node sees it, resolved beneath the root one component at a time without
//! ever leaving it. What is read was checked after opening (regular, trusted owner, one link, closed mode);
//! what is written is staged beside its target, flushed, and renamed.
//!
//! [`ask`] talks to the node's own servers, by address.

mod access;
mod addresses;
mod aside;
mod attributes;
mod backup;
mod clock;
mod confine;
mod content;
mod copy;
mod ending;
mod error;
mod files_in;
mod folder;
mod hardening;
mod home;
mod identity;
mod list;
mod lock;
mod log;
mod nodes_in;
mod open;
mod operand;
mod operand_file;
mod operand_folder;
mod passwd;
mod permit;
mod privileges;
mod probe;
mod process;
mod process_entry;
mod program;
mod read;
mod replace;
mod resolve;
mod root;
mod scratch;
mod service;
mod signals;
mod space;
mod tenant;
mod trace;
mod tree;
mod unconfined;
mod write;

pub use access::Access;
pub use addresses::is_own_address;
pub use backup::BackupCopy;
pub use clock::{Clocks, SteadyClock, hardware_clock, now};
pub use confine::Confinement;
pub use copy::CopiedFolder;
pub use ending::{Ending, EndingError, Liveness};
pub use error::FileError;
pub use files_in::files_in;
pub use folder::ExistingFolder;
pub use hardening::{file_size_limit, harden};
pub use home::Home;
pub use identity::{MACHINE_ID, Machine, Operator, binary_digest, machine, operator};
pub use lock::{LockHolder, NodeLock};
pub use log::{AppendOnlyFile, RESERVE_SIZE};
pub use nodes_in::{NodeFolder, nodes_in};
pub use operand::{
    LARGEST_OPERAND, create_operand, create_operand_with, look_at_operand, read_operand,
    remove_operand,
};
pub use operand_file::OperandFile;
pub use operand_folder::OperandFolder;
pub use passwd::User;
pub use permit::Permit;
pub use privileges::is_root;
pub use probe::{
    Alert, Answer, Channel, ClientCredential, CredentialError, Distrust, HttpRequest, HttpResponse,
    Phase, ProbeError, Question, Served, Trust, ask,
};
pub use process::{RunningComponent, running_components};
pub use process_entry::numbers_are_ours;
pub use program::ProgramError;
pub use read::{FileSnapshot, Metadata, Secrecy};
pub use replace::{NotInstalled, Present, Staged};
pub use root::Root;
pub use scratch::ScratchFolder;
pub use service::{ServiceCommands, ServiceError, ServiceManager, Systemd, UnitState, UnitStatus};
pub use signals::Undisturbed;
pub use space::FreeSpace;
pub use tree::TreeSize;
pub use unconfined::{Unconfined, UnconfinedError};
