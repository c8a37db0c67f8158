//! Has files read by another process, and ends it when one takes too long.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::reader::{LIST, PREFIX, known, read_all};

/// For one file and one parser, in a debug build, on a machine with other work. Not a statement about speed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of some files.
#[derive(Default)]
pub struct Report {
    files: usize,
    accepted: BTreeMap<String, usize>,
    peak: usize,
    /// File, parser, and what went wrong.
    failures: Vec<String>,
}

/// Has the files read by a copy of this test, `test`, which calls [`crate::reader::read_all`] when it finds the list.
///
/// A process that ends at one file is followed by another for the rest.
pub fn read_within_limits(test: &str, parsers: &[&str], files: &[PathBuf]) -> Report {
    read_within(PATIENCE, test, parsers, files)
}

fn read_within(patience: Duration, test: &str, parsers: &[&str], files: &[PathBuf]) -> Report {
    let mut report = Report::default();
    for parser in parsers {
        assert!(known().any(|(name, _)| name == *parser), "{parser}");
        report.accepted.insert((*parser).to_owned(), 0);
    }
    let mut rest = files;
    while !rest.is_empty() {
        let read = report.files;
        Watched::start(test, parsers, rest).follow(rest, patience, &mut report);
        let read = report.files - read;
        assert!(read > 0, "the reader does not start: {:?}", report.failures);
        rest = &rest[read..];
    }
    report
}

/// One process, until it ends or is ended.
struct Watched {
    child: Child,
    lines: Receiver<String>,
    _list: tempfile::NamedTempFile,
}

impl Watched {
    fn start(test: &str, parsers: &[&str], files: &[PathBuf]) -> Self {
        let list = tempfile::NamedTempFile::new().unwrap();
        let paths: Vec<_> = files.iter().map(|path| path.to_str().unwrap()).collect();
        let lines = format!("{}\n{}\n", parsers.join(","), paths.join("\n"));
        fs::write(list.path(), lines).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture", "--test-threads=1"])
            .env(LIST, list.path())
            // The C library would reserve 64 MiB for each further thread.
            .env("MALLOC_ARENA_MAX", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            let said = output.lines().map_while(Result::ok);
            for line in said.filter_map(|line| line.strip_prefix(PREFIX).map(str::to_owned)) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            lines,
            _list: list,
        }
    }

    /// Listens until the end, and counts the file at which it came.
    fn follow(mut self, files: &[PathBuf], patience: Duration, report: &mut Report) {
        let mut file = "no file".to_owned();
        let mut parser = "no parser".to_owned();
        let mut number = 0;
        let end = loop {
            match self.lines.recv_timeout(patience) {
                Ok(line) => match line.split_once(' ').unwrap_or((&line, "")) {
                    ("file", _) => {
                        file = files[number].display().to_string();
                        number += 1;
                        report.files += 1;
                    }
                    ("try", name) => name.clone_into(&mut parser),
                    ("accepted", _) => *report.accepted.entry(parser.clone()).or_default() += 1,
                    ("panic", message) => {
                        report.failures.push(format!("{file}: {parser}: {message}"));
                    }
                    ("peak", kibibytes) => {
                        report.peak = report.peak.max(kibibytes.parse().unwrap());
                    }
                    _ => {}
                },
                Err(RecvTimeoutError::Disconnected) => break None,
                Err(RecvTimeoutError::Timeout) => break Some("takes too long"),
            }
        };
        if end.is_some() {
            self.child.kill().unwrap();
        }
        let status = self.child.wait().unwrap();
        if let Some(signal) = status.signal() {
            let end = end.map_or_else(|| format!("signal {signal}"), str::to_owned);
            report.failures.push(format!("{file}: {parser}: {end}"));
        } else if !status.success() || number < files.len() {
            report.failures.push(format!("{file}: {parser}: {status}"));
        }
    }
}

impl Report {
    /// Prints the counts under `name`, and fails the test if anything went wrong.
    #[track_caller]
    pub fn conclude(&self, name: &str) {
        let mut row = format!("{name}: {} files", self.files);
        for (parser, accepted) in &self.accepted {
            write!(row, ", {accepted} {parser}").unwrap();
        }
        println!("{row}; at most {} MiB", self.peak.div_ceil(1024));
        assert!(self.failures.is_empty(), "{:#?}", self.failures);
    }

    /// How many files a parser accepted.
    pub fn accepted(&self, parser: &str) -> usize {
        self.accepted[parser]
    }
}

#[test]
fn a_parser_that_breaks_a_limit_is_caught_and_the_next_file_is_read() {
    if let Ok(list) = std::env::var(LIST) {
        return read_all(&list);
    }
    let test = "watchdog::a_parser_that_breaks_a_limit_is_caught_and_the_next_file_is_read";
    let files = [file!(), "Cargo.toml"].map(PathBuf::from);
    for (parser, expected) in [
        ("panics", "bytes"),
        ("hangs", "takes too long"),
        ("grows", "signal 6"),
    ] {
        let patience = Duration::from_secs(if parser == "hangs" { 2 } else { 20 });
        let report = read_within(patience, test, &[parser], &files);
        assert_eq!((report.files, report.failures.len()), (2, 2), "{parser}");
        for (file, failure) in files.iter().zip(&report.failures) {
            let begin = format!("{}: {parser}: ", file.display());
            assert!(
                failure.starts_with(&begin) && failure.contains(expected),
                "{failure}"
            );
        }
    }
}
