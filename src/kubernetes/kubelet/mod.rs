//! What the kubelet is told on its node: its configuration file, and the flags that kubeadm gives it. Pure; reads, never
//! edits.

mod config;
mod flags;
mod node_name;

pub use config::{KubeletConfig, KubeletConfigError};
pub use flags::{KubeletFlags, KubeletFlagsError};
pub use node_name::{NODES_GROUP, node_name, node_of_user, user_of_node};
