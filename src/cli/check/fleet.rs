//! `check --roots`: many nodes in folders, in one call. They are looked at in batches, so that a thousand take no more memory than a
//! hundred.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::tally::Tally;
use super::{Look, json};
use crate::cli::arguments::{Check, CheckOutput};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::render::{BAD, GOOD, WARNING, count, day, printable, residual};
use crate::cli::standing::Standing;
use crate::node::{FileError, Root, nodes_in};
use crate::parallel;

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
    let places = places(&arguments.roots);
    let mut fleet = Fleet::default();
    for batch in places.chunks(BATCH) {
        let looks = parallel::map(batch, parallel::cores(), |place| place.look(within));
        for (place, look) in batch.iter().zip(&looks) {
            fleet.count(place, look);
            if is_table {
                write_place(&place.path, look, out)?;
            } else {
                json::write_of_several(&place.path, look.as_ref(), out)?;
            }
        }
    }
    if is_table {
        fleet.write(out)?;
    }
    Ok(if fleet.valid == places.len() && !places.is_empty() {
        Exit::Done
    } else {
        Exit::ActionNeeded
    })
}

/// What one line is about.
struct Place {
    path: PathBuf,
    found: Found,
}

enum Found {
    /// What is to be looked at as a node.
    Node,
    /// The operator named it, and no folder is in it that could be one: a backup that is not mounted.
    Nothing,
    /// It cannot be told what is in it.
    Unlisted(FileError),
}

/// The nodes that were named, each once, however often and by whatever path, and what was named in vain.
fn places(roots: &[PathBuf]) -> Vec<Place> {
    let (mut nodes, mut others) = (BTreeSet::new(), BTreeSet::new());
    let mut places = Vec::new();
    for folder in roots {
        let found = match nodes_in(folder) {
            Ok(found) if found.is_empty() => Found::Nothing,
            Err(error) => Found::Unlisted(error),
            Ok(found) => {
                let new = found.into_iter().filter(|node| nodes.insert(node.identity));
                places.extend(new.map(|node| Place {
                    path: node.path,
                    found: Found::Node,
                }));
                continue;
            }
        };
        if others.insert(folder) {
            let path = folder.clone();
            places.push(Place { path, found });
        }
    }
    places
}

impl Place {
    fn look(&self, within: time::Duration) -> Result<Look, Failure> {
        match &self.found {
            Found::Node => {
                let root = Root::open(&self.path);
                let root = root.map_err(|error| Failure::of_file("root", &error))?;
                Look::at(&root, within)
            }
            Found::Nothing => Err(Failure::new(Exit::ActionNeeded, "no node is in it")),
            Found::Unlisted(error) => Err(Failure::of_file("root", error)),
        }
    }
}

/// A line for a node that needs something, and for a place where none could be looked at.
fn write_place(path: &Path, look: &Result<Look, Failure>, out: &mut dyn Write) -> io::Result<()> {
    let name = printable(&path.to_string_lossy());
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
    let style = if tally.expired + tally.faulty > 0 || look.standing.waits_for_a_person() {
        BAD
    } else {
        WARNING
    };
    let numbers = [
        (tally.expired, "expired"),
        (tally.expiring, "expiring"),
        (tally.faulty, "faulty"),
    ];
    let numbers = numbers.iter().filter(|(number, _)| *number > 0);
    let numbers: Vec<String> = numbers
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let mut words = Vec::new();
    if !numbers.is_empty() {
        let numbers = numbers.join(", ");
        words.push(format!("{style}{numbers}{style:#} of {}", tally.all));
    }
    if let Some(standing) = look.standing.in_words() {
        words.push(format!("{style}{standing}{style:#}"));
    }
    let obstacles = look.diagnosis.obstacles.len();
    if obstacles > 0 {
        let files = count(obstacles, "file");
        words.push(format!("{style}{files} not understood{style:#}"));
    }
    let first = tally.first_end.map_or_else(String::new, |end| {
        format!(
            "; first end {} ({})",
            day(end),
            residual(end - look.diagnosis.at)
        )
    });
    writeln!(out, "{name}: {}{first}", words.join(", "))
}

/// How many nodes are in what condition: of several the one that has to be settled first.
#[derive(Default)]
struct Fleet {
    valid: usize,
    expiring: usize,
    broken: usize,
    left_over: usize,
    working: usize,
    unfinished: usize,
    unknown: usize,
    unseen: usize,
    /// Of the folders that were named, those with no node in them.
    empty: usize,
}

impl Fleet {
    fn count(&mut self, place: &Place, look: &Result<Look, Failure>) {
        let number = match look {
            Err(_) if matches!(place.found, Found::Nothing) => &mut self.empty,
            Err(_) => &mut self.unseen,
            Ok(look) if look.is_healthy() => &mut self.valid,
            Ok(look) => {
                let tally = Tally::of(look);
                let is_understood = look.diagnosis.obstacles.is_empty();
                let is_broken = tally.expired + tally.faulty > 0 || !is_understood;
                match &look.standing {
                    Standing::Unknown(_) => &mut self.unknown,
                    Standing::Unfinished(_) => &mut self.unfinished,
                    Standing::Working(_) => &mut self.working,
                    _ if is_broken => &mut self.broken,
                    Standing::LeftOver(_) => &mut self.left_over,
                    Standing::Settled => &mut self.expiring,
                }
            }
        };
        *number += 1;
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let numbers = [
            (self.valid, "valid", GOOD),
            (self.expiring, "expiring", WARNING),
            (self.broken, "expired or broken", BAD),
            (self.left_over, "with a run left over", WARNING),
            (self.working, "with a run under way", WARNING),
            (self.unfinished, "with a run unfinished", BAD),
            (self.unknown, "with a journal in doubt", BAD),
            (self.unseen, "not looked at", BAD),
        ];
        let words: Vec<String> = numbers
            .iter()
            .filter(|(number, _, _)| *number > 0)
            .map(|(number, word, style)| format!("{style}{number} {word}{style:#}"))
            .collect();
        let all = numbers.iter().map(|(number, _, _)| number).sum();
        if self.valid < all || self.empty > 0 {
            writeln!(out)?;
        }
        if all == 0 {
            return writeln!(out, "No node is there.");
        }
        write!(out, "{}: {}.", count(all, "node"), words.join(", "))?;
        if self.empty > 0 {
            write!(
                out,
                " {BAD}{} without a node{BAD:#}.",
                count(self.empty, "folder")
            )?;
        }
        writeln!(out)?;
        if self.expiring + self.broken > 0 {
            writeln!(out, "What would be done on one: rekindle --root DIR plan")?;
        }
        if self.left_over + self.working + self.unfinished + self.unknown > 0 {
            writeln!(out, "What to do about a run: rekindle --root DIR check")?;
        }
        Ok(())
    }
}
