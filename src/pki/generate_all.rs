//! Many new keys at once: finding RSA primes is most of the time of a recovery with new keys, and takes every core there is.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use zeroize::zeroize_stack;

use super::{GeneratedKey, KeyAlgorithm, KeyError, generate};

/// Generates a key for each algorithm, in this order. On as many threads as there are cores if RSA is among them; ECDSA
/// alone is not worth a thread.
///
/// The error is that of the first key that could not be made; no further key is begun then, and those that were made are
/// wiped.
pub fn generate_all(algorithms: &[KeyAlgorithm]) -> Result<Vec<GeneratedKey>, KeyError> {
    let queue = Queue {
        algorithms,
        next: AtomicUsize::new(0),
    };
    let mut keys = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads(algorithms))
            // Where no further thread is to be had, those that are there make all keys.
            .map_while(|_| {
                thread::Builder::new()
                    .name("keys".to_owned())
                    .spawn_scoped(scope, || queue.work())
                    .ok()
            })
            .collect();
        let mut keys = queue.work();
        for helper in helpers {
            keys.extend(
                helper
                    .join()
                    .unwrap_or_else(|payload| resume_unwind(payload)),
            );
        }
        keys
    });
    keys.sort_by_key(|(position, _)| *position);
    keys.into_iter().map(|(_, key)| key).collect()
}

fn threads(algorithms: &[KeyAlgorithm]) -> usize {
    let slow = algorithms
        .iter()
        .filter(|algorithm| match algorithm {
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => true,
            KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 => false,
        })
        .count();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    slow.min(cores).max(1)
}

/// What is still to be made: how long a prime is searched for is chance, so keys are not dealt out beforehand.
struct Queue<'a> {
    algorithms: &'a [KeyAlgorithm],
    next: AtomicUsize,
}

/// As much of the stack as finding primes may have used, in bytes, with room to spare.
const STACK_OF_GENERATION: usize = 64 * 1024;

impl Queue<'_> {
    /// Makes keys until none is left or one fails; each with its position.
    fn work(&self) -> Vec<(usize, Result<GeneratedKey, KeyError>)> {
        let mut keys = Vec::new();
        loop {
            let position = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(algorithm) = self.algorithms.get(position) else {
                break;
            };
            let key = generate(*algorithm);
            let has_failed = key.is_err();
            keys.push((position, key));
            if has_failed {
                self.next.store(self.algorithms.len(), Ordering::Relaxed);
                break;
            }
        }
        // The stack of a thread that has ended is kept for the next one as it is.
        zeroize_stack::<STACK_OF_GENERATION>();
        keys
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_come_in_the_order_asked_for_and_each_is_another() {
        let asked = [
            KeyAlgorithm::Rsa2048,
            KeyAlgorithm::EcdsaP256,
            KeyAlgorithm::Rsa2048,
            KeyAlgorithm::EcdsaP384,
            KeyAlgorithm::Rsa2048,
            KeyAlgorithm::EcdsaP256,
        ];
        let keys = generate_all(&asked).unwrap();
        let made: Vec<KeyAlgorithm> = keys
            .iter()
            .filter_map(|key| key.private_key.algorithm().parse().ok())
            .collect();
        assert_eq!(made, asked);
        let different: BTreeSet<&[u8]> = keys
            .iter()
            .map(|key| key.private_key.public_key_der())
            .collect();
        assert_eq!(different.len(), asked.len());
        assert!(generate_all(&[]).unwrap().is_empty());
    }

    #[test]
    fn only_rsa_is_worth_a_thread() {
        assert_eq!(threads(&[]), 1);
        assert_eq!(threads(&[KeyAlgorithm::EcdsaP256; 11]), 1);
        assert_eq!(threads(&[KeyAlgorithm::Rsa4096]), 1);
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        assert_eq!(threads(&[KeyAlgorithm::Rsa2048; 1000]), cores);
    }
}
