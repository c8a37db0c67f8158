//! What tells one installed system from another, whatever both are called. Pure.

use std::fmt;
use std::str::FromStr;

/// The content of `/etc/machine-id` (machine-id(5)): 32 hexadecimal digits in lower case, not all of them zero.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MachineId(String);

/// The text is no machine id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no machine id: 32 hexadecimal digits in lower case, not all zero")]
pub struct NotAMachineId;

impl MachineId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MachineId {
    type Err = NotAMachineId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_id =
            text.len() == 32 && text.bytes().all(is_digit) && text.bytes().any(|byte| byte != b'0');
        if is_id {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAMachineId)
        }
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_systemd_writes_and_nothing_else() {
        let id = "5d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2c";
        assert_eq!(id.parse::<MachineId>().unwrap().as_str(), id);
        let none = [
            "",
            "uninitialized",
            "5d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2",
            "5d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2cc",
            "5D2F3F0C6B2E4A0F9D8C7B6A5F4E3D2C",
            "5d2f3f0c-6b2e-4a0f-9d8c-7b6a5f4e",
            " d2f3f0c6b2e4a0f9d8c7b6a5f4e3d2c",
            "00000000000000000000000000000000",
        ];
        for text in none {
            assert!(text.parse::<MachineId>().is_err(), "{text}");
        }
    }
}
