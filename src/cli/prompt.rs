//! Asks before something is changed.

use std::io::{self, BufRead, IsTerminal, Write};

use super::failure::Failure;
use crate::node::Undisturbed;

/// What the operator said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Explain,
}

/// Fails where there is nobody who could answer.
pub(super) fn demand_terminal() -> Result<(), Failure> {
    if io::stdin().is_terminal() {
        return Ok(());
    }
    let message = "there is no terminal to ask on";
    Err(Failure::usage(message).hint("in a script, say --yes"))
}

/// Asks on the terminal, and explains when asked to.
pub(super) fn confirm(
    question: &str,
    out: &mut dyn Write,
    explain: impl Fn(&mut dyn Write) -> io::Result<()>,
) -> io::Result<bool> {
    writeln!(out)?;
    loop {
        match ask(question, &mut Terminal, out)? {
            Answer::Yes => return Ok(true),
            Answer::No => return Ok(false),
            Answer::Explain => explain(out)?,
        }
    }
}

/// Asks for just these words; anything else is a no.
pub(super) fn confirm_phrase(phrase: &str, out: &mut dyn Write) -> io::Result<bool> {
    writeln!(out)?;
    write!(out, "To go on, type {phrase}: ")?;
    out.flush()?;
    let line = Terminal.line(out)?;
    Ok(line.trim() == phrase)
}

/// Where answers come from.
trait Input {
    /// The next line; an empty one is the end.
    fn line(&mut self, out: &mut dyn Write) -> io::Result<String>;
}

/// Standard input, on which somebody may press Ctrl-C instead.
#[derive(Debug)]
struct Terminal;

impl Input for Terminal {
    fn line(&mut self, out: &mut dyn Write) -> io::Result<String> {
        let mut signals = Undisturbed::begin();
        if signals.wait_for_input().is_some() {
            writeln!(out, "\nNothing was changed.")?;
            out.flush()?;
            signals.end_by_signal();
            return Ok(String::new());
        }
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok(line)
    }
}

/// Asks until the answer is one; the end of the input is a no.
fn ask(question: &str, input: &mut dyn Input, out: &mut dyn Write) -> io::Result<Answer> {
    loop {
        write!(out, "{question} [y]es / [n]o / [e]xplain: ")?;
        out.flush()?;
        let line = input.line(out)?;
        if line.is_empty() {
            writeln!(out)?;
            return Ok(Answer::No);
        }
        match line.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => return Ok(Answer::Yes),
            "n" | "no" => return Ok(Answer::No),
            "e" | "explain" => return Ok(Answer::Explain),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Input for &[u8] {
        fn line(&mut self, _: &mut dyn Write) -> io::Result<String> {
            let mut line = String::new();
            self.read_line(&mut line)?;
            Ok(line)
        }
    }

    fn answer_to(input: &str) -> Answer {
        ask("?", &mut input.as_bytes(), &mut Vec::new()).unwrap()
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        assert_eq!(answer_to("y\n"), Answer::Yes);
        assert_eq!(answer_to("maybe\n\n YES \n"), Answer::Yes);
        assert_eq!(answer_to("explain\n"), Answer::Explain);
        assert_eq!(answer_to("n\n"), Answer::No);
        assert_eq!(answer_to(""), Answer::No);
    }
}
