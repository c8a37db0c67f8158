//! The one effect that may be under way: announced, and not yet come to its outcome. Pure.

use super::act::Act;
use super::order::OrderError;

/// What changes the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// A change is made.
    Change(usize),
    /// A change is undone.
    Undo(usize),
    /// The time of a file is set.
    Touch(String),
    /// Something is done besides changing files.
    Act(Act),
}

/// Room for one effect at a time.
#[derive(Default)]
pub(super) struct UnderWay(Option<Effect>);

impl UnderWay {
    /// Whether an effect may begin, or the run end.
    pub(super) fn demand_none(&self) -> Result<(), OrderError> {
        match self.0 {
            Some(_) => Err(OrderError::EffectUnderWay),
            None => Ok(()),
        }
    }

    /// Whether just this effect may end.
    pub(super) fn demand(&self, effect: &Effect) -> Result<(), OrderError> {
        match &self.0 {
            Some(open) if open == effect => Ok(()),
            _ => Err(OrderError::NoIntent),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// What is done besides changing files, if that is it.
    pub(super) fn act(&self) -> Option<&Act> {
        match &self.0 {
            Some(Effect::Act(act)) => Some(act),
            _ => None,
        }
    }

    pub(super) fn begin(&mut self, effect: Effect) {
        self.0 = Some(effect);
    }

    /// It came to its outcome, failed, or nobody knows: the attempt that had begun it broke off.
    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_that_is_not_the_one_under_way_ends_nothing() {
        let mut under_way = UnderWay::default();
        let effect = Effect::Change(3);
        assert_eq!(under_way.demand(&effect), Err(OrderError::NoIntent));
        under_way.begin(effect.clone());
        for other in [
            Effect::Change(4),
            Effect::Undo(3),
            Effect::Touch(String::new()),
        ] {
            assert_eq!(under_way.demand(&other), Err(OrderError::NoIntent));
        }
        assert_eq!(under_way.demand(&effect), Ok(()));
        assert_eq!(under_way.demand_none(), Err(OrderError::EffectUnderWay));
    }
}
