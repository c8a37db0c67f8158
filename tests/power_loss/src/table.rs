//! What came out, for people.

use crate::trial::Trial;

/// Prints a line for each trial, and below what was found wrong in each.
pub fn print(trials: &[Trial<'_>], seed: u64) {
    println!("seed {seed}");
    println!(
        "{:<32} {:<16} {:>6} {:>7} {:>9} {:>5}  {:<7} {:<9}",
        "program", "ext4", "writes", "crashes", "ways out", "bad", "judged", "expected"
    );
    for trial in trials {
        let verdict = |is_good| if is_good { "good" } else { "bad" };
        println!(
            "{:<32} {:<16} {:>6} {:>7} {:>9} {:>5}  {:<7} {:<9} {}",
            trial.program.name,
            trial.care.option(),
            trial.writes,
            trial.crashes,
            trial.ways_out,
            trial.bad(),
            verdict(trial.faults.is_empty()),
            verdict(trial.program.expected(trial.care).is_empty()),
            if trial.is_as_expected() {
                "PASS"
            } else {
                "FAIL"
            }
        );
    }
    println!();
    for trial in trials {
        for (kind, (times, first)) in &trial.faults {
            let first: String = first.chars().take(600).collect();
            println!(
                "{}, {}: {times} x {kind}; first {first}",
                trial.program.name,
                trial.care.option()
            );
        }
    }
}
