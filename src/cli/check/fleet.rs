//! `check --roots`: many nodes in folders, in one call. They are looked at in batches, so that a thousand take no more memory than a
//! hundred.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::tally::Tally;
use super::{Look, json};
use crate::cli::arguments::{Check, CheckOutput};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::{BAD, GOOD, WARNING, count, day, printable, residual};
use crate::node::{Root, nodes_in};
use crate::parallel;
use crate::shell::quote;

/// How many nodes are held in memory at a time.
const BATCH: usize = 128;

/// Prints what needs something, node by node, and a summary.
pub(super) fn check(
    arguments: &Check,
    within: time::Duration,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let is_table = match arguments.output {
        CheckOutput::Table => true,
        CheckOutput::Json => false,
        CheckOutput::Prometheus | CheckOutput::Nagios => {
            return Err(Failure::usage("this form of output is of one node")
                .hint("with --roots there are -o table and -o json"));
        }
    };
    let mut nodes: Vec<PathBuf> = Vec::new();
    for folder in &arguments.roots {
        match nodes_in(folder) {
            Ok(found) => nodes.extend(found),
            // It gets its line as any that cannot be looked at.
            Err(_) => nodes.push(folder.clone()),
        }
    }
    let mut fleet = Fleet::default();
    for batch in nodes.chunks(BATCH) {
        let looks = parallel::map(batch, parallel::cores(), |node| look(node, within));
        for (node, look) in batch.iter().zip(&looks) {
            fleet.count(look);
            if is_table {
                write_node(node, look, out)?;
            } else {
                json::write_of_several(node, look.as_ref(), out)?;
            }
        }
    }
    if is_table {
        fleet.write(nodes.len(), out)?;
    }
    Ok(if fleet.valid == nodes.len() && !nodes.is_empty() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

fn look(node: &Path, within: time::Duration) -> Result<Look, Failure> {
    let root = Root::open(node).map_err(|error| Failure::of_file("root", &error))?;
    Look::at(&root, within)
}

/// A line for a node that needs something.
fn write_node(node: &Path, look: &Result<Look, Failure>, out: &mut dyn Write) -> io::Result<()> {
    let name = printable(&node.to_string_lossy());
    let look = match look {
        Ok(look) if look.is_healthy() => return Ok(()),
        Ok(look) => look,
        Err(failure) => {
            return writeln!(
                out,
                "{name}: {BAD}not looked at{BAD:#}: {}",
                printable(&failure.text())
            );
        }
    };
    let tally = Tally::of(look);
    let style = if tally.expired + tally.faulty > 0 || tally.is_unfinished {
        BAD
    } else {
        WARNING
    };
    let numbers = [
        (tally.expired, "expired"),
        (tally.expiring, "expiring"),
        (tally.faulty, "faulty"),
    ];
    let mut words: Vec<String> = numbers
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    if tally.is_unfinished {
        words.push("a run unfinished".to_owned());
    } else if !look.standing.is_settled() {
        words.push("a run to be looked at".to_owned());
    }
    let obstacles = look.diagnosis.obstacles.len();
    if obstacles > 0 {
        words.push(format!("{} not understood", count(obstacles, "file")));
    }
    let first = tally.first_end.map_or_else(String::new, |end| {
        format!(
            "; first end {} ({})",
            day(end),
            residual(end - look.diagnosis.at)
        )
    });
    writeln!(
        out,
        "{name}: {style}{}{style:#} of {}{first}",
        words.join(", "),
        tally.all
    )
}

/// How many nodes are in what condition.
#[derive(Default)]
struct Fleet {
    valid: usize,
    expiring: usize,
    broken: usize,
    unfinished: usize,
    unseen: usize,
}

impl Fleet {
    fn count(&mut self, look: &Result<Look, Failure>) {
        let number = match look {
            Err(_) => &mut self.unseen,
            Ok(look) if look.is_healthy() => &mut self.valid,
            Ok(look) => {
                let tally = Tally::of(look);
                if tally.is_unfinished {
                    &mut self.unfinished
                } else if tally.expired + tally.faulty == 0 && tally.needy() > 0 {
                    &mut self.expiring
                } else {
                    &mut self.broken
                }
            }
        };
        *number += 1;
    }

    fn write(&self, all: usize, out: &mut dyn Write) -> io::Result<()> {
        let numbers = [
            (self.valid, "valid", GOOD),
            (self.expiring, "expiring", WARNING),
            (self.broken, "expired or broken", BAD),
            (self.unfinished, "with a run unfinished", BAD),
            (self.unseen, "not looked at", BAD),
        ];
        let words: Vec<String> = numbers
            .iter()
            .filter(|(number, _, _)| *number > 0)
            .map(|(number, word, style)| format!("{style}{number} {word}{style:#}"))
            .collect();
        if all == 0 {
            return writeln!(out, "No node is there.");
        }
        if self.valid < all {
            writeln!(out)?;
        }
        writeln!(out, "{}: {}.", count(all, "node"), words.join(", "))?;
        if self.expiring + self.broken > 0 {
            writeln!(
                out,
                "What would be done on one: rekindle --root {} plan",
                quote("DIR")
            )?;
        }
        Ok(())
    }
}
