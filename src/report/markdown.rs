//! The report as Markdown (`CommonMark` with GitHub's tables), for the ticket.

use std::fmt::Write as _;

use time::OffsetDateTime;

use super::fleet;
use super::model::{MOST_ROWS, NodeReport};
use super::timeline::Kind;
use super::words::{day, moment, span};

/// Writes it. `now` is when the report is made.
pub fn markdown(nodes: &[NodeReport], now: OffsetDateTime) -> String {
    let mut out = String::new();
    let several = nodes.len() != 1;
    if several {
        line(&mut out, &format!("# Recovery of {} nodes\n", nodes.len()));
        table(&mut out, &fleet::COLUMNS);
        for node in nodes {
            row(&mut out, &fleet::row(node));
        }
        line(&mut out, "");
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
    line(
        out,
        &format!("{heading} Recovery of {}\n", escaped(node.title())),
    );
    line(
        out,
        &format!(
            "**Journal: {}.** {}\n",
            node.verdict.word,
            escaped(&node.verdict.meaning)
        ),
    );
    if let Some(run) = &node.run {
        let mut fact =
            |name: &str, value: &str| line(out, &format!("- {name}: {}", escaped(value)));
        fact("Run", &run.id);
        fact("Command", &run.verb);
        fact("Begun", &moment(run.begun));
        fact("Last record", &moment(run.last));
        fact("Run ended", node.ended());
        fact("Proof", &node.proven());
        fact("Operator", &run.operator);
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
        if node.renewed().next().is_some() {
            line(out, &format!("{heading}# Certificates\n"));
            table(
                out,
                &[
                    "Certificate",
                    "When the run began",
                    "Ended before",
                    "Ends now",
                    "File",
                ],
            );
            for life in node.renewed().take(MOST_ROWS) {
                let until = |validity: Option<super::life::Validity>| {
                    validity.map_or_else(|| "–".to_owned(), |one| day(one.until))
                };
                row(
                    out,
                    &[
                        life.name.clone(),
                        life.ailment(run.begun),
                        until(life.before),
                        until(life.after),
                        life.standing.words().to_owned(),
                    ],
                );
            }
            line(out, "");
        }
    }
    write_course(node, heading, out);
    line(out, &format!("{heading}# Journal\n"));
    for key in node.keys.iter().take(MOST_ROWS) {
        line(out, &format!("- signed by sha256:{key}"));
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
        line(
            out,
            &format!(
                "\n{} in all, {} of it waiting{}.\n",
                span(node.timeline.at_work()),
                span(node.timeline.waited()),
                if node
                    .timeline
                    .spans
                    .iter()
                    .any(|one| one.kind == Kind::Pause)
                {
                    ", interruptions not counted"
                } else {
                    ""
                }
            ),
        );
    }
    if !node.proofs.is_empty() {
        line(out, &format!("{heading}# Proof\n"));
        table(out, &["Component", "Condition", "Result", "Seen"]);
        for proof in node.proofs.iter().take(MOST_ROWS) {
            let result = if proof.proven { "proven" } else { "not proven" };
            row(
                out,
                &[
                    proof.component.clone(),
                    proof.condition.clone(),
                    result.to_owned(),
                    proof.evidence.clone(),
                ],
            );
        }
        line(out, "");
    }
    if !node.remarks.is_empty() {
        line(out, &format!("{heading}# Besides\n"));
        for (what, text) in node.remarks.iter().take(MOST_ROWS) {
            line(out, &format!("- {what}: {}", escaped(text)));
        }
        line(out, "");
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
    fn a_name_stays_a_name() {
        assert_eq!(
            escaped("<b>|`x`[a](https://b)"),
            "&lt;b&gt;\\|\\`x\\`\\[a\\](https:&#47;&#47;b)"
        );
    }
}
