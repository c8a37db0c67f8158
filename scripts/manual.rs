//! Writes the manual pages and the completions of bash, zsh and fish, from the definition of the command line that also makes
//! `--help`. Packages have them. The program itself does not: they would make it larger for every node, and are of use where
//! somebody works every day.
//!
//! Usage: `cargo run --example manual -- FOLDER DATE` (FOLDER: new or empty; DATE: what the pages are dated with, 2026-11-29)
//! Writes FOLDER/man/rekindle.8, a page for each verb beside it, and FOLDER/completions/{rekindle,_rekindle,rekindle.fish}.
#![allow(
    clippy::disallowed_methods,
    reason = "run when packages are built, and writes where it is told"
)]

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// Of the manual: administration.
const SECTION: &str = "8";

/// What the program keeps, and reads: hier(7) of kubeadm's own is too long to be repeated here.
const FILES: [(&str, &str); 6] = [
    (
        "/etc/kubernetes",
        "Certificates, keys, kubeconfigs and manifests of the control plane.",
    ),
    (
        "/var/lib/kubelet",
        "The kubelet's configuration and credentials.",
    ),
    (
        "/var/lib/rekindle/journal",
        "A signed journal of each run. Nothing ever removes one.",
    ),
    (
        "/var/lib/rekindle/backups",
        "Every file that a run replaced, until backups prune is asked to remove it.",
    ),
    (
        "/var/lib/rekindle/etcd",
        "Copies of the data of etcd that a run made while etcd was stopped.",
    ),
    (
        "/var/lib/rekindle/ca",
        "What is to be done outside the node after ca reissue.",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, date] = arguments.as_slice() else {
        return Err("usage: manual FOLDER DATE".into());
    };
    let pages = Path::new(folder).join("man");
    let completions = Path::new(folder).join("completions");
    fs::create_dir_all(&pages)?;
    fs::create_dir_all(&completions)?;

    // The commit belongs to the program, not to its manual.
    let mut command = rekindle::cli::command()
        .long_version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true);
    command.build();
    write_page(&command, None, &pages, date)?;
    let mut command = rekindle::cli::command();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let path = clap_complete::generate_to(shell, &mut command, "rekindle", &completions)?;
        if shell == Shell::Bash {
            // By the name of the command: so bash-completion finds it when it is first typed.
            fs::rename(path, completions.join("rekindle"))?;
        }
    }
    Ok(())
}

/// Writes the page of `command`, and of each verb below it.
fn write_page(
    command: &Command,
    parent: Option<&Command>,
    folder: &Path,
    date: &str,
) -> Result<(), Box<dyn Error>> {
    let command = &command.clone().subcommand_value_name("verb");
    let man = Man::new(command.clone().version(env!("CARGO_PKG_VERSION")))
        .section(SECTION)
        .title(page_name(command).to_uppercase())
        .date(date)
        .source(concat!("Rekindle ", env!("CARGO_PKG_VERSION")))
        .manual("System Administration");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    match parent {
        None => write_common_sections(command, &mut page)?,
        Some(parent) => write_pointers(command, parent, &mut page)?,
    }
    // What `mandoc -Tlint` and groff would warn of: a break beside a paragraph, blanks at the end of a line.
    let page = String::from_utf8(page)?.replace(".br\n\n.br\n", ".sp\n");
    let mut file = File::create(folder.join(format!("{}.{SECTION}", page_name(command))))?;
    for line in page.lines() {
        writeln!(file, "{}", line.trim_end())?;
    }
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        write_page(verb, Some(command), folder, date)?;
    }
    Ok(())
}

fn page_name(command: &Command) -> &str {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
}

/// What is true of every verb, on the first page.
fn write_common_sections(command: &Command, page: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
    let mut roff = Roff::new();
    let help = command
        .get_after_help()
        .ok_or("the help has no exit codes")?
        .to_string();
    roff.control("SH", ["EXIT STATUS"]);
    write_exit_codes(&help, &mut roff)?;
    roff.control("SH", ["ENVIRONMENT"]);
    roff.control("TP", []);
    roff.text([bold("NO_COLOR")]);
    roff.text([roman(
        "Set to anything: no colour, unless --color asks for it.",
    )]);
    roff.control("SH", ["FILES"]);
    for (path, what) in FILES {
        roff.control("TP", []);
        roff.text([bold(path)]);
        roff.text([roman(what)]);
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text([
        bold("rekindle runbook"),
        roman(" prints what to do in each situation, offline; "),
        bold("rekindle-drill"),
        roman("(8) shows all of it on a node that it makes."),
    ]);
    roff.to_writer(page)?;
    Ok(())
}

/// The codes below the first line of what a help ends with.
fn write_exit_codes(help: &str, roff: &mut Roff) -> Result<(), Box<dyn Error>> {
    for line in help.lines().skip(1) {
        let (code, meaning) = line
            .trim()
            .split_once("  ")
            .ok_or_else(|| format!("this is no exit code: {line}"))?;
        roff.control("TP", []);
        roff.text([bold(code)]);
        roff.text([roman(meaning)]);
    }
    Ok(())
}

/// Where that is, on each other page, and what the verb has besides.
fn write_pointers(
    command: &Command,
    parent: &Command,
    page: &mut Vec<u8>,
) -> Result<(), Box<dyn Error>> {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    roff.text([
        roman("The same for every verb: see "),
        bold("rekindle"),
        roman("(8)."),
    ]);
    if let Some(help) = command.get_after_help() {
        let help = help.to_string();
        roff.control("PP", []);
        roff.text([roman(help.lines().next().unwrap_or_default())]);
        write_exit_codes(&help, &mut roff)?;
    }
    roff.control("SH", ["SEE ALSO"]);
    let mut line = vec![bold("rekindle"), roman(format!("({SECTION})"))];
    let beside = parent
        .get_subcommands()
        .filter(|verb| parent.get_name() != "rekindle" && page_name(verb) != page_name(command));
    for verb in beside {
        line.extend([
            roman(", "),
            bold(page_name(verb)),
            roman(format!("({SECTION})")),
        ]);
    }
    roff.text(line);
    roff.to_writer(page)?;
    Ok(())
}
