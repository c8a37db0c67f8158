//! Many cases, two at a time, in an order that does not matter.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::tally::Tally;
use crate::template::Workplace;

/// What a machine of two cores can do at once.
const WORKERS: usize = 2;

/// Whether everything is to be tried, and not a slice of it: with a release build, for it takes hours without.
pub fn is_full() -> bool {
    ["REKINDLE_FULL", "REKINDLE_BINARY"]
        .iter()
        .all(|name| std::env::var_os(name).is_some())
}

/// Everything, or as many as `slice` of it, evenly spread; or the one case that `REKINDLE_FAULT` names.
pub fn chosen<T>(cases: Vec<T>, slice: usize, name: impl Fn(&T) -> String) -> Vec<T> {
    if let Some(wanted) = std::env::var_os("REKINDLE_FAULT") {
        return cases
            .into_iter()
            .filter(|case| name(case).as_str() == wanted)
            .collect();
    }
    if is_full() || cases.len() <= slice {
        return cases;
    }
    // From the middle of each part: the first and the last case are seldom those that matter.
    let wanted: Vec<usize> = (0..slice)
        .map(|part| (2 * part + 1) * cases.len() / (2 * slice))
        .collect();
    let numbered = cases.into_iter().enumerate();
    numbered
        .filter(|(number, _)| wanted.contains(number))
        .map(|(_, case)| case)
        .collect()
}

/// Whether one case alone was asked for: then an empty row is no failure.
pub fn is_repeated() -> bool {
    std::env::var_os("REKINDLE_FAULT").is_some()
}

/// Runs `run` for each case, and adds up what came out. A panic is a failure of that case alone.
pub fn each<T: Sync>(
    cases: &[T],
    name: impl Fn(&T) -> String + Sync,
    run: impl Fn(usize, &T, &Workplace, &mut Tally) + Sync,
) -> Tally {
    let next = AtomicUsize::new(0);
    let total = Mutex::new(Tally::default());
    let work = || {
        let workplace = Workplace::new();
        let mut tally = Tally::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(number) else {
                break;
            };
            tally.runs += 1;
            let one = AssertUnwindSafe(|| run(number, case, &workplace, &mut tally));
            if let Err(panic) = catch_unwind(one) {
                let words = panic
                    .downcast_ref::<String>()
                    .map_or("a panic", String::as_str);
                tally.fail(&name(case), words);
            }
        }
        total.lock().unwrap().add(tally);
    };
    let workers = if is_full() { WORKERS } else { 1 };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    total.into_inner().unwrap()
}
