//! What the kubelet is told on its node: its configuration file, and the flags that kubeadm gives it. Pure; reads, never
//! edits.

mod config;
mod flags;

pub use config::{KubeletConfig, KubeletConfigError};
pub use flags::{KubeletFlags, KubeletFlagsError};
