//! A node and its host, as the operator names them.

use std::str::FromStr;

use crate::bundle::MachineId;
use crate::kubernetes::node_name;

/// `NAME=MACHINE-ID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeOperand {
    /// The node.
    pub name: String,
    /// Its host.
    pub machine_id: MachineId,
}

/// The text names no node with its host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeOperandError {
    /// There is no host.
    #[error(
        "the machine id is missing, without which it could be installed anywhere: NAME=MACHINE-ID, as `cat /etc/machine-id` says there"
    )]
    NoMachineId,
    /// The name is none.
    #[error("`{name}` is no node's name: letters, digits, dashes and dots, in lower case")]
    Name {
        /// What was named.
        name: String,
    },
    /// The host is none.
    #[error(
        "`{text}` is no machine id, which has 32 hexadecimal digits: run `cat /etc/machine-id` on {name}"
    )]
    MachineId {
        /// The node.
        name: String,
        /// What was named.
        text: String,
    },
}

impl FromStr for NodeOperand {
    type Err = NodeOperandError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, text) = text.split_once('=').ok_or(NodeOperandError::NoMachineId)?;
        if node_name(name).as_deref() != Some(name) {
            return Err(NodeOperandError::Name {
                name: name.to_owned(),
            });
        }
        let machine_id = text.parse().map_err(|_| NodeOperandError::MachineId {
            name: name.to_owned(),
            text: text.to_owned(),
        })?;
        Ok(Self {
            name: name.to_owned(),
            machine_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_a_name_and_a_host() {
        let error = |text: &str| text.parse::<NodeOperand>().unwrap_err();
        let id = "5d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2c";
        let operand: NodeOperand = format!("w-1={id}").parse().unwrap();
        assert_eq!(operand.name, "w-1");
        assert_eq!(operand.machine_id.as_str(), id);
        assert_eq!(error("w-1"), NodeOperandError::NoMachineId);
        assert!(error("w-1=abc").to_string().contains("cat /etc/machine-id"));
        for name in ["", "W-1", "../w-1", "system:node:w-1"] {
            let error = error(&format!("{name}={id}"));
            assert!(matches!(error, NodeOperandError::Name { .. }), "{name}");
        }
    }
}
