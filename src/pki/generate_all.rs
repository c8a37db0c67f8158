//! Many new keys at once: finding RSA primes is most of the time of a recovery with new keys, and takes every core there is.

use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::zeroize_stack;

use super::{GeneratedKey, KeyAlgorithm, KeyError, generate};
use crate::parallel;

/// Generates a key for each algorithm, in this order. On as many threads as there are cores if RSA is among them; ECDSA
/// alone is not worth a thread.
///
/// The error is that of the first key that could not be made; no further key is begun then, and those that were made are
/// wiped.
pub fn generate_all(algorithms: &[KeyAlgorithm]) -> Result<Vec<GeneratedKey>, KeyError> {
    let has_failed = AtomicBool::new(false);
    let keys = parallel::map(algorithms, threads(algorithms), |algorithm| {
        if has_failed.load(Ordering::Relaxed) {
            return None;
        }
        let key = generate(*algorithm);
        has_failed.fetch_or(key.is_err(), Ordering::Relaxed);
        // The stack of a thread that has ended is kept for the next one as it is.
        zeroize_stack::<STACK_OF_GENERATION>();
        Some(key)
    });
    keys.into_iter().flatten().collect()
}

/// As much of the stack as finding primes may have used, in bytes, with room to spare.
const STACK_OF_GENERATION: usize = 64 * 1024;

fn threads(algorithms: &[KeyAlgorithm]) -> usize {
    let slow = algorithms
        .iter()
        .filter(|algorithm| match algorithm {
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 | KeyAlgorithm::Rsa4096 => true,
            KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 => false,
        })
        .count();
    slow.min(parallel::cores()).max(1)
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
        let cores = parallel::cores();
        assert_eq!(threads(&[KeyAlgorithm::Rsa2048; 1000]), cores);
    }
}
