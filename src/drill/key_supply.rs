//! Generates keys on every processor, while certificates are signed with those that are there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::DrillError;
use crate::pki::{GeneratedKey, KeyAlgorithm, KeyError, generate};

/// A number of new keys of one kind, some of them still in the making.
pub(super) struct KeySupply(Receiver<Result<GeneratedKey, KeyError>>);

impl KeySupply {
    /// Begins to generate `count` keys.
    pub(super) fn start(algorithm: KeyAlgorithm, count: usize) -> Result<Self, DrillError> {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let begun = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = channel();
        for _ in 0..processors.min(count) {
            let (begun, sender) = (Arc::clone(&begun), sender.clone());
            let work = move || {
                while begun.fetch_add(1, Ordering::Relaxed) < count {
                    if sender.send(generate(algorithm)).is_err() {
                        // Nobody waits for keys any more.
                        break;
                    }
                }
            };
            thread::Builder::new()
                .spawn(work)
                .map_err(|source| DrillError::Thread { source })?;
        }
        Ok(Self(receiver))
    }

    /// The next key; waits for it.
    pub(super) fn take(&self) -> Result<GeneratedKey, DrillError> {
        self.0
            .recv()
            .map_err(|_| DrillError::KeysMissing)?
            .map_err(|source| DrillError::Key { source })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn it_holds_as_many_keys_as_were_asked_for_and_no_two_alike() {
        let supply = KeySupply::start(KeyAlgorithm::EcdsaP256, 7).unwrap();
        let keys: HashSet<Vec<u8>> = (0..7)
            .map(|_| supply.take().unwrap().private_key.public_key_der().to_vec())
            .collect();
        assert_eq!(keys.len(), 7);
        assert!(matches!(supply.take(), Err(DrillError::KeysMissing)));
    }
}
