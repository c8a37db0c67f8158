//! A command line for a monitoring system that cannot be understood: UNKNOWN. The 2 that every verb else ends with would be CRITICAL
//! to it.

use std::ffi::OsString;
use std::io::{self, Write};

use super::plugin;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

/// Whether the words ask for `-o nagios`. The parser, which has given up, does not say.
pub fn asks_for_plugin(words: impl IntoIterator<Item = OsString>) -> bool {
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        let form = match &*word {
            "--" => return false,
            "-o" | "--output" => words.next(),
            _ => {
                let attached = word.strip_prefix("--output=").or_else(|| {
                    let attached = word.strip_prefix("-o")?;
                    Some(attached.strip_prefix('=').unwrap_or(attached))
                });
                attached.map(OsString::from)
            }
        };
        if form.is_some_and(|form| form == "nagios") {
            return true;
        }
    }
    false
}

/// Writes its line, without the usage that follows for people.
pub fn write_misuse(error: &clap::Error, out: &mut dyn Write) -> io::Result<Exit> {
    let text = error.to_string();
    let words: Vec<&str> = text
        .lines()
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let words = words.join(" ");
    let words = words.strip_prefix("error: ").unwrap_or(&words);
    plugin::write_failure(&Failure::usage(words), out)
}
