//! A flag that is true or false.

use super::authenticator::Authenticator;
use crate::kubernetes::StaticPod;

/// A boolean flag, as pflag reads it (`strconv.ParseBool`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// What it amounts to; the default where it is not set, or to something else.
    pub value: bool,
    /// Whether it is set at all.
    pub is_set: bool,
    /// Whether it is set to what is neither true nor false: kube-apiserver does not start.
    pub is_invalid: bool,
}

impl Switch {
    pub(super) fn read(pod: &StaticPod, name: &str, default: bool) -> Self {
        let text = pod.flag(name);
        let value = text.map(|text| match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
            _ => None,
        });
        Self {
            value: value.flatten().unwrap_or(default),
            is_set: value.is_some(),
            is_invalid: value == Some(None),
        }
    }

    /// Puts it into the evidence, with its default where it is not set.
    pub(super) fn show(&self, flag: &str, authenticator: &mut Authenticator) {
        let value = self.value;
        let default = if self.is_set { "" } else { " (the default)" };
        if self.is_invalid {
            authenticator.fail(format_args!(
                "kube-apiserver does not start: {flag} is neither true nor false"
            ));
            return;
        }
        authenticator.set(flag, format!("{value}{default}"));
    }
}
