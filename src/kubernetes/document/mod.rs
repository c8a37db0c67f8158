//! One YAML or JSON document as a tree, read so strictly that it has one meaning only. Pure; shared by all readers here.
//!
//! Kubernetes reads its files with `sigs.k8s.io/yaml`, which keeps the last of two equal keys and the first of several
//! documents without a word. Whoever edits such a file cannot know which one its author meant, so both are refused.

mod error;
mod field;
mod node;
mod text;

pub use error::DocumentError;
pub(super) use field::Field;
pub(super) use node::Node;
pub(super) use text::text;
