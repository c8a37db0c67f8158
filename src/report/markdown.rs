//! The report as Markdown (`CommonMark` with GitHub's tables), for the ticket.

use std::fmt::Write as _;

use time::OffsetDateTime;

use super::fleet::{self, missing_words};
use super::lede::lede;
use super::model::{MOST_ROWS, NO_PROOF, NodeReport, Run};
use super::outcome::Outcome;
use super::timeline::CLOCK_WENT_BACK;
use super::trust::NOT_COMPARED;
use super::words::{count, moment, span};

/// Writes it. `missing` are runs of which a checkpoint was kept and whose journal is not here; `now` is when the report is made.
pub fn markdown(nodes: &[NodeReport], missing: &[String], now: OffsetDateTime) -> String {
    let mut out = String::new();
    let several = nodes.len() != 1;
    if several {
        line(
            &mut out,
            &format!("# Recovery of a fleet: {}\n", count(nodes.len(), "run")),
        );
        table(&mut out, &fleet::COLUMNS);
        for node in nodes {
            row(&mut out, &fleet::row(node));
        }
        line(&mut out, "");
    }
    if !missing.is_empty() {
        let words = missing_words(missing);
        line(&mut out, &format!("**MISSING.** {}\n", escaped(&words)));
    }
    for node in nodes {
        write_node(node, if several { "##" } else { "#" }, &mut out);
    }
    line(
        &mut out,
        &format!(
            "Report made {} by Rekindle {}.",
            moment(now),
            env!("CARGO_PKG_VERSION")
        ),
    );
    out
}

fn write_node(node: &NodeReport, heading: &str, out: &mut String) {
    line(out, &format!("{heading} {}\n", escaped(&node.heading())));
    line(
        out,
        &format!(
            "**Journal: {}.** {}\n",
            node.verdict.word,
            escaped(&node.verdict.meaning)
        ),
    );
    if !node.compared {
        line(out, &format!("{NOT_COMPARED}\n"));
    }
    let outcome = Outcome::of(node);
    line(
        out,
        &format!("**Run: {}.** {}\n", outcome.word, escaped(&outcome.meaning)),
    );
    if let Some(run) = &node.run {
        line(out, &format!("{}\n", escaped(&lede(node, run))));
        line(out, &format!("- Run: {}", escaped(&run.id)));
        line(out, &format!("- Command: {}", code(&run.verb)));
        let mut fact =
            |name: &str, value: &str| line(out, &format!("- {name}: {}", escaped(value)));
        fact("Begun", &moment(run.begun));
        fact("Last record", &moment(run.last));
        fact("Run ended", node.ending().words());
        fact("Proof", &node.proven());
        fact("Operator", &run.operator);
        fact("Folder", &run.root);
        fact("Rekindle", &run.tool);
        if run.attempts > 1 {
            fact("Attempts", &run.attempts.to_string());
        }
        for (name, value) in [
            ("Reason", &run.reason),
            ("Ticket", &run.ticket),
            ("Takes back", &run.reverses),
        ] {
            if let Some(value) = value {
                fact(name, value);
            }
        }
        line(out, "");
        write_lives(node, run, heading, out);
    }
    write_course(node, heading, out);
    line(out, &format!("{heading}# Journal\n"));
    for (key, certified) in node.keys.iter().take(MOST_ROWS) {
        let doubt = if *certified {
            ""
        } else {
            ", which no CA certified: compare it with the one that the run printed"
        };
        line(out, &format!("- signed by sha256:{key}{doubt}"));
    }
    if let Some(checkpoint) = &node.checkpoint {
        line(out, "\nThe last checkpoint:\n");
        for text in checkpoint.lines() {
            line(out, format!("    {text}").trim_end());
        }
    }
    line(
        out,
        &format!(
            "\nTo judge the journal again:\n\n    {}\n",
            node.verify_command()
        ),
    );
}

/// Each certificate that the run was about.
fn write_lives(node: &NodeReport, run: &Run, heading: &str, out: &mut String) {
    if node.renewed().next().is_none() {
        return;
    }
    line(out, &format!("{heading}# Certificates\n"));
    let columns = [
        "Certificate",
        "File",
        "When the run began",
        "Until, before",
        "Until, after it",
    ];
    table(out, &columns);
    for life in node.renewed().take(MOST_ROWS) {
        let cells = [
            life.name.clone(),
            life.places(),
            life.ailment(run.begun),
            life.until_before(),
            life.until_now(),
        ];
        row(out, &cells);
    }
    more(out, node.renewed().count().saturating_sub(MOST_ROWS));
    line(out, "");
}

/// How the run went: its times, the proof, and what was done besides.
fn write_course(node: &NodeReport, heading: &str, out: &mut String) {
    if !node.timeline.spans.is_empty() {
        line(out, &format!("{heading}# Timeline\n"));
        table(out, &["What", "Kind", "Took"]);
        for one in &node.timeline.spans {
            row(
                out,
                &[one.text(), one.kind.word().to_owned(), span(one.length)],
            );
        }
        let counted = if node.timeline.has_pause() {
            "; interruptions are not counted"
        } else {
            ""
        };
        let all = span(node.timeline.at_work());
        let waited = node.timeline.waited_in_words();
        more(out, node.timeline.left_off);
        line(out, &format!("\n{all} in all, {waited}{counted}.\n"));
        if node.timeline.clock_went_back {
            line(out, &format!("{CLOCK_WENT_BACK}\n"));
        }
    }
    line(out, &format!("{heading}# Proof\n"));
    if node.proofs.is_empty() {
        line(out, &format!("{NO_PROOF}\n"));
    } else {
        table(out, &["Component", "Condition", "Result", "Seen"]);
        for proof in node.proofs.iter().take(MOST_ROWS) {
            row(
                out,
                &[
                    proof.component.clone(),
                    proof.condition.clone(),
                    proof.result(node.belief()).to_owned(),
                    proof.evidence.clone(),
                ],
            );
        }
        more(out, node.proofs.len().saturating_sub(MOST_ROWS));
        line(out, "");
    }
    if !node.remarks.is_empty() || !node.files.is_empty() {
        line(out, &format!("{heading}# Besides\n"));
        for remark in node.remarks.iter().take(MOST_ROWS) {
            let text = escaped(&remark.text);
            line(out, &format!("- {}: {text}", remark.kind.words()));
        }
        for (name, path, standing) in node.files.iter().take(MOST_ROWS) {
            let file = escaped(&format!("{name}: {path}"));
            line(out, &format!("- {}: {file}", standing.words()));
        }
        let over = |rows: usize| rows.saturating_sub(MOST_ROWS);
        more(out, over(node.remarks.len()) + over(node.files.len()));
        line(out, "");
    }
}

/// That rows were left off.
fn more(out: &mut String, number: usize) {
    if number > 0 {
        line(
            out,
            &format!("\nAnd {number} more, which the journal itself has."),
        );
    }
}

fn line(out: &mut String, text: &str) {
    // A `String` takes everything.
    let _ = writeln!(out, "{text}");
}

fn table(out: &mut String, columns: &[&str]) {
    line(out, &format!("| {} |", columns.join(" | ")));
    line(out, &format!("|{}", " --- |".repeat(columns.len())));
}

fn row(out: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
    line(out, &format!("| {} |", cells.join(" | ")));
}

/// As it is, between more backticks than it has in a row (`CommonMark` 0.31, section 6.1).
fn code(text: &str) -> String {
    let rows = text.split(|letter| letter != '`').map(str::len);
    let fence = "`".repeat(rows.max().unwrap_or(0) + 1);
    let is_edged = text.starts_with('`') || text.ends_with('`');
    let gap = if is_edged { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}

/// Without a letter that Markdown or HTML takes for more than itself (`CommonMark` 0.31, section 2.4).
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '|' | '~' | '@' | '$' => {
                out.push('\\');
                out.push(letter);
            }
            _ => out.push(letter),
        }
    }
    // GitHub makes a link of every address.
    out.replace("://", ":&#47;&#47;")
        .replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_stays_a_command() {
        assert_eq!(code("a --b=https://c"), "`a --b=https://c`");
        assert_eq!(code("a `b` ``c"), "```a `b` ``c```");
        assert_eq!(code("`"), "`` ` ``");
    }

    #[test]
    fn a_name_stays_a_name() {
        assert_eq!(
            escaped("<b>|`x`[a](https://b)"),
            "&lt;b&gt;\\|\\`x\\`\\[a\\](https:&#47;&#47;b)"
        );
    }
}
