//! What is to happen at which system call.

use std::fmt;

/// One call of a run: the `number`-th of that name, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    pub number: usize,
    pub mutates: bool,
}

/// What happens at a call, and at which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub call: String,
    pub effect: Effect,
    pub when: When,
}

/// The call fails without having done anything; or a signal arrives as it begins, and SIGKILL lets it do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Error(&'static str),
    Signal(&'static str),
}

/// At which calls of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Once(usize),
    Thrice(usize),
    Onward(usize),
}

impl Fault {
    pub fn new(call: &Call, effect: Effect, when: impl FnOnce(usize) -> When) -> Self {
        Self {
            call: call.name.clone(),
            effect,
            when: when(call.number),
        }
    }

    /// SIGKILL at that call.
    pub fn kill(call: &Call) -> Self {
        Self::new(call, Effect::Signal("SIGKILL"), When::Once)
    }

    pub fn is_kill(&self) -> bool {
        self.effect == Effect::Signal("SIGKILL")
    }
}

/// strace's words.
impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, what) = match self.effect {
            Effect::Error(error) => ("error", error),
            Effect::Signal(signal) => ("signal", signal),
        };
        write!(formatter, "{}:{kind}={what}:when=", self.call)?;
        match self.when {
            When::Once(number) => write!(formatter, "{number}"),
            When::Thrice(number) => write!(formatter, "{number}..{}", number + 2),
            When::Onward(number) => write!(formatter, "{number}+"),
        }
    }
}
