//! The terminal: one file for each verb, and the only module that prints.

mod aftermath;
mod alike;
mod arguments;
mod auth;
mod auth_json;
mod backups;
mod ca;
mod check;
mod clock;
mod cluster_authority;
mod conditions;
mod copies;
mod credential;
mod csr;
mod drill;
mod ended;
mod events;
mod execution;
mod exit;
mod expire;
mod failure;
mod fold;
mod hand_out;
mod interrupted;
mod journal;
mod margin;
mod node;
mod observed;
mod out_folder;
mod paragraph;
mod plan;
mod plan_json;
mod progress;
mod prompt;
mod proof;
mod recover;
mod render;
mod report;
mod restart;
mod resume;
mod rollback;
mod runbook;
mod screen;
mod several;
mod standard_input;
mod standing;
mod table;
mod take_up;
mod tokens;
mod turn;
mod verify;
mod version;
mod voice;
mod vouching;
mod ways;
mod whoami;
mod wishes;

use std::io::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory};

use arguments::{
    Arguments, BackupsVerb, CaVerb, Color, CredentialVerb, CsrVerb, JournalVerb, NodeVerb, Reader,
    TokensVerb, Verb,
};
use exit::Exit;
use failure::Failure;
use margin::{Margin, error_columns};
use table::terminal_columns;

/// The command line as clap has it, for manual pages and completions (scripts/manual.rs).
pub fn command() -> Command {
    Arguments::command()
}

/// Parses the command line, carries the verb out, and says with which code the process ends.
pub fn run() -> ExitCode {
    crate::node::harden();
    // Before the rest is understood: help and errors of the command line have colours, too.
    Color::of_command_line(std::env::args_os()).write_global();
    let (arguments, reader) = match Arguments::read(std::env::args_os()) {
        Ok(read) => read,
        Err(error) => {
            if error.use_stderr() && check::asks_for_plugin(std::env::args_os()) {
                let _ = check::write_misuse(&error, &mut std::io::stdout());
                return Exit::PluginUnknown.into();
            }
            // A closed pipe is no reason to fail: help was asked for, and not read.
            let _ = error.print();
            // Of the two forms only the long one has several lines.
            if error.kind() == ErrorKind::DisplayVersion && error.to_string().lines().count() > 1 {
                let _ = version::print_digest(&mut std::io::stdout());
            }
            let code = u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code());
            return ExitCode::from(code);
        }
    };
    arguments.color.write_global();
    let columns = match reader {
        Reader::Person => terminal_columns(),
        Reader::Program => None,
    };
    // Not locked: whoever tells of a run's progress writes there too.
    let mut out = Margin::new(anstream::stdout(), columns);
    let ended = dispatch(&arguments, &mut out);
    let _ = out.flush();
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => {
            let failure = failure.of_verb(arguments.verb.words());
            let mut out = Margin::new(anstream::stderr().lock(), error_columns());
            failure.print(&mut out);
            let _ = out.flush();
            failure.exit.into()
        }
    }
}

fn dispatch(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    let root = || arguments.root();
    match &arguments.verb {
        Verb::Check(verb) => check::check(arguments, verb, out),
        Verb::Plan(verb) => plan::plan(root(), verb, out),
        Verb::Recover(verb) => {
            let voice = verb.telling.demand(verb.yes)?;
            voice.tell(out, |out| recover::recover(&root()?, verb, out))
        }
        Verb::Ca(CaVerb::Reissue(verb)) => {
            let voice = verb.recover.telling.demand(verb.recover.yes)?;
            voice.tell(out, |out| ca::reissue(&root()?, verb, out))
        }
        Verb::Csr(CsrVerb::Export(verb)) => csr::export(&root()?, verb, out),
        Verb::Csr(CsrVerb::Sign(verb)) => csr::sign(&root()?, verb, out),
        Verb::Csr(CsrVerb::Import(verb)) => {
            let voice = verb.recover.telling.demand(verb.recover.yes)?;
            voice.tell(out, |out| csr::import(&root()?, verb, out))
        }
        Verb::Resume(verb) => {
            let voice = verb.way.telling.demand(verb.way.yes)?;
            voice.tell(out, |out| resume::resume(&root()?, verb, out))
        }
        Verb::Rollback(verb) => {
            let voice = verb.way.telling.demand(verb.way.yes)?;
            voice.tell(out, |out| rollback::rollback(&root()?, verb, out))
        }
        Verb::Verify(verb) => verify::verify(root()?, verb, out),
        Verb::Journal(JournalVerb::List) => journal::list(&root()?, out),
        Verb::Journal(JournalVerb::Export(verb)) => journal::export(&root()?, verb, out),
        Verb::Report(verb) => report::report(&root()?, verb, out),
        Verb::Backups(BackupsVerb::List) => backups::list(&root()?, out),
        Verb::Backups(BackupsVerb::Prune(verb)) => backups::prune(&root()?, verb, out),
        Verb::Journal(JournalVerb::Verify(verb)) => journal::verify(&root()?, verb, out),
        Verb::Journal(JournalVerb::Show(verb)) => journal::show(&root()?, verb, out),
        Verb::Node(NodeVerb::Issue(verb)) => node::issue(&root()?, verb, out),
        Verb::Node(NodeVerb::Install(verb)) => node::install(&root()?, verb, out),
        Verb::Whoami(verb) => whoami::whoami(&root()?, verb, out),
        Verb::Auth(verb) => auth::auth(&root()?, verb, out),
        Verb::Credential(CredentialVerb::Issue(verb)) => credential::issue(&root()?, verb, out),
        Verb::Credential(CredentialVerb::List(verb)) => credential::list(&root()?, verb, out),
        Verb::Tokens(TokensVerb::Audit(verb)) => tokens::audit(root()?, verb, out),
        Verb::Runbook(verb) => runbook::runbook(verb, out),
        Verb::Drill(verb) => {
            arguments.refuse_root("drill makes its own node: --keep DIR says where")?;
            drill::drill(verb, out)
        }
        Verb::Expire => expire::expire(&root()?, out),
    }
}
