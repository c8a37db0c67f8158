//! The same work for many things, on every core.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How many threads can run at once here.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// What `work` makes of each of `items`, in their order, on at most `threads` threads with this one. Whoever is idle takes the next
/// item: how long one takes need not be known. Where no further thread is to be had, those that are there do all of it.
pub fn map<T: Sync, R: Send>(items: &[T], threads: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(position) else {
                return done;
            };
            done.push((position, work(item)));
        }
    };
    let mut all = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads.min(items.len()))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, take).ok())
            .collect();
        let mut all = take();
        for helper in helpers {
            all.extend(
                helper
                    .join()
                    .unwrap_or_else(|payload| resume_unwind(payload)),
            );
        }
        all
    });
    all.sort_by_key(|(position, _)| *position);
    all.into_iter().map(|(_, made)| made).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_done_once_and_comes_in_order() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [0, 1, 2, 7, 2000] {
            let doubled = map(&items, threads, |item| item * 2);
            let expected: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(doubled, expected, "{threads}");
        }
        assert!(map(&[] as &[u8], 4, |item| *item).is_empty());
    }
}
