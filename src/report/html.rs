//! The report as one HTML page: no script, nothing from elsewhere, all that it says also without the drawings.

use maud::{DOCTYPE, Markup, PreEscaped, html as markup};
use time::OffsetDateTime;

use super::change::Standing;
use super::chart::{Bar, LENGTH, Years, timeline_bars, timeline_ticks};
use super::fleet::{self, missing_words};
use super::lede::lede;
use super::life::Life;
use super::model::{MOST_ROWS, NO_PROOF, NodeReport, Run};
use super::outcome::{Outcome, Sign};
use super::timeline::{CLOCK_WENT_BACK, Kind};
use super::trust::{Belief, NOT_COMPARED};
use super::words::{count, day, moment, span};

const STYLE: &str = include_str!("style.css");
/// Nothing is loaded from anywhere, and no script runs, whatever a journal says (Content Security Policy Level 3).
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Writes it. `missing` are runs of which a checkpoint was kept and whose journal is not here; `now` is when the report is made.
pub fn html(nodes: &[NodeReport], missing: &[String], now: OffsetDateTime) -> String {
    let title = match nodes {
        [one] => one.heading(),
        many => format!("Recovery of a fleet: {}", count(many.len(), "run")),
    };
    let page = markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    p.kicker { "Report of what was done" }
                    h1 { bdi { (title) } }
                }
                main #content tabindex="-1" {
                    @if !missing.is_empty() { (missing_journals(missing)) }
                    @if nodes.len() != 1 { (fleet_table(nodes)) }
                    @for (number, node) in nodes.iter().enumerate() {
                        (section(node, number, nodes.len() != 1))
                    }
                }
                footer { p { "Made " (moment(now)) " by Rekindle " (env!("CARGO_PKG_VERSION")) " from what the journals say. All times are UTC." } }
            }
        }
    };
    page.into_string()
}

fn missing_journals(missing: &[String]) -> Markup {
    markup! {
        div.verdict.bad {
            p { strong { "MISSING" } }
            p { (missing_words(missing)) }
        }
    }
}

fn fleet_table(nodes: &[NodeReport]) -> Markup {
    markup! {
        section aria-labelledby="nodes" {
            h2 #nodes { "Nodes" }
            table.stack.fleet {
                caption { "Each node, and what became of it" }
                thead { tr { @for column in fleet::COLUMNS { th scope="col" { (column) } } } }
                tbody {
                    @for (number, node) in nodes.iter().enumerate() {
                        @let [name, told @ .., _] = fleet::row(node);
                        @let [_, columns @ .., last] = fleet::COLUMNS;
                        tr {
                            th scope="row" { a href={ "#node-" (number) } { bdi { (name) } } }
                            @for (column, cell) in columns.iter().zip(&told) {
                                td data-label=(column) { bdi { (cell) } }
                            }
                            td data-label=(last) { (badge(node)) }
                        }
                    }
                }
            }
        }
    }
}

fn class(belief: Belief) -> &'static str {
    match belief {
        Belief::Good => "good",
        Belief::Unfinished => "warn",
        Belief::Bad => "bad",
    }
}

fn badge(node: &NodeReport) -> Markup {
    markup! { span class={ "badge " (class(node.verdict.belief)) } { (node.verdict.word) } }
}

/// A heading of that level below the page's own.
fn heading(level: usize, id: &str, text: &str) -> Markup {
    markup! {
        @match level {
            2 => h2 id=(id) { bdi { (text) } },
            _ => h3 id=(id) { bdi { (text) } },
        }
    }
}

fn section(node: &NodeReport, number: usize, of_several: bool) -> Markup {
    let level = if of_several { 3 } else { 2 };
    let id = |part: &str| format!("{part}-{number}");
    markup! {
        div.node id={ "node-" (number) } {
            @if of_several { h2 { bdi { (node.heading()) } } }
            (verdict(node))
            @if let Some(run) = &node.run {
                (summary(node, run))
                @if node.renewed().next().is_some() {
                    div {
                        (heading(level, &id("lives"), if run.reverses.is_some() { "What was taken back" } else { "What was wrong, and each certificate’s life" }))
                        (lives(node, run))
                    }
                }
            }
            @if !node.timeline.spans.is_empty() {
                div {
                    (heading(level, &id("timeline"), "Timeline"))
                    (timeline(node))
                }
            }
            div {
                (heading(level, &id("proof"), "Proof"))
                (proof(node))
            }
            @if !node.remarks.is_empty() || !node.files.is_empty() {
                div {
                    (heading(level, &id("besides"), "What was done besides"))
                    (besides(node))
                }
            }
            div {
                (heading(level, &id("journal"), "The journal"))
                (journal(node))
            }
        }
    }
}

fn verdict(node: &NodeReport) -> Markup {
    let outcome = Outcome::of(node);
    let sign = match outcome.sign {
        Sign::Good => "good",
        Sign::Open => "warn",
        Sign::Plain => "plain",
    };
    markup! {
        div.verdicts {
            div class={ "verdict " (class(node.verdict.belief)) } {
                p { span.label { "The journal is " } strong { (node.verdict.word) } }
                p { bdi { (node.verdict.meaning) } }
                @if !node.compared {
                    p.small { (NOT_COMPARED) }
                }
            }
            div class={ "verdict " (sign) } {
                p { span.label { "The run: " } strong { (outcome.word) } }
                p { bdi { (outcome.meaning) } }
            }
        }
    }
}

fn summary(node: &NodeReport, run: &Run) -> Markup {
    let facts = [
        ("Node", format!("{} ({})", run.host, run.root)),
        ("Run", run.id.clone()),
        ("Command", run.verb.clone()),
        ("Begun", moment(run.begun)),
        ("Last record", moment(run.last)),
        ("Run ended", node.ending().words().to_owned()),
        ("Proof", node.proven()),
        ("Operator", run.operator.clone()),
        ("Rekindle", run.tool.clone()),
    ];
    markup! {
        p.lede { bdi { (lede(node, run)) } }
        dl.facts {
            @for (name, value) in &facts { div { dt { (name) } dd { bdi { (value) } } } }
            @if let Some(reason) = &run.reason { div { dt { "Reason" } dd { bdi { (reason) } } } }
            @if let Some(ticket) = &run.ticket { div { dt { "Ticket" } dd { bdi { (ticket) } } } }
            @if run.attempts > 1 { div { dt { "Attempts" } dd { (run.attempts) } } }
        }
    }
}

fn rect(bar: Bar, class: &str, y: u32, height: u32) -> Markup {
    markup! { rect class=(class) x={ (format!("{:.2}", bar.x)) } y=(y) width={ (format!("{:.2}", bar.width)) } height=(height) {} }
}

fn lives(node: &NodeReport, run: &Run) -> Markup {
    let years = Years::of(node.lives.iter(), run.begun);
    let at = years.place(run.begun);
    let [from, until] = years.ticks();
    let left_off = node.lives.len().saturating_sub(MOST_ROWS);
    markup! {
        p.legend {
            span.key.old {} " before the run " span.key.new {} " after it "
            span.key.undone {} " made, and not in place " span.key.line {} " the run, " (day(run.begun))
        }
        table.chart.stack {
            caption { "Each certificate’s validity, to scale from " (from) " to " (until) }
            thead { tr {
                th scope="col" { "Certificate" }
                th scope="col" { "When the run began" }
                th.wide scope="col" { "Validity" span.axis aria-hidden="true" { span { (from) } span { (until) } } }
                th scope="col" { "Until, before" }
                th scope="col" { "Until, after it" }
            } }
            tbody {
                @for life in node.lives.iter().take(MOST_ROWS) {
                    tr {
                        th scope="row" { bdi { (life.name) } span.path { bdi { (life.places()) } } }
                        td data-label="When the run began" class=(if life.dead_for(run.begun).is_some() || life.before.is_none() { "dead" } else { "" }) { (life.ailment(run.begun)) }
                        td.wide data-label="Validity" { (life_bar(life, &years, at)) }
                        td.date data-label="Until, before" { (life.until_before()) }
                        td.date data-label="Until, after it" { (life.until_now()) }
                    }
                }
            }
        }
        @if left_off > 0 { p { "And " (left_off) " more, which the journal itself names." } }
    }
}

fn life_bar(life: &Life, years: &Years, at: f64) -> Markup {
    let new = if life.standing == Standing::Replaced {
        "new"
    } else {
        "undone"
    };
    let words = match (life.before, life.after) {
        (Some(before), Some(after)) => format!(
            "Before: {} to {}. After: {} to {}, {}.",
            day(before.from),
            day(before.until),
            day(after.from),
            day(after.until),
            life.standing.words()
        ),
        (None, Some(after)) => format!(
            "Nothing before. After: {} to {}, {}.",
            day(after.from),
            day(after.until),
            life.standing.words()
        ),
        (Some(before), None) => format!("{} to {}.", day(before.from), day(before.until)),
        (None, None) => String::new(),
    };
    markup! {
        svg viewBox={ "0 0 " (LENGTH) " 24" } preserveAspectRatio="none" role="img" {
            title { (life.name) }
            desc { (words) }
            rect.track x="0" y="0" width=(LENGTH) height="24" {}
            @if let Some(before) = life.before { (rect(years.bar(before), "old", 3, 8)) }
            @if let Some(after) = life.after { (rect(years.bar(after), new, 13, 8)) }
            line.run x1={ (format!("{at:.2}")) } x2={ (format!("{at:.2}")) } y1="0" y2="24" {}
        }
    }
}

fn timeline(node: &NodeReport) -> Markup {
    let (bars, all) = timeline_bars(&node.timeline);
    let widened = bars.iter().flatten().any(|bar| bar.widened);
    let [zero, half, end] = timeline_ticks(all);
    markup! {
        p { (span(all)) " in all, " (node.timeline.waited_in_words()) "." }
        p.legend { span.key.work {} " step " span.key.wait {} " wait " span.key.failure {} " failure" }
        table.chart.stack {
            caption { "Steps and waits, to scale" }
            thead { tr {
                th scope="col" { "What" }
                th.wide scope="col" { "When" span.axis aria-hidden="true" { span { (zero) } span { (half) } span { (end) } } }
                th scope="col" { "Kind" }
                th.number scope="col" { "Took" }
            } }
            tbody {
                @for (one, bar) in node.timeline.spans.iter().zip(&bars) {
                    tr class=(if one.kind == Kind::Pause { "pause" } else { "" }) {
                        th scope="row" { bdi { (one.text()) } }
                        td.wide data-label="When" {
                            @if let Some(bar) = bar {
                                svg viewBox={ "0 0 " (LENGTH) " 16" } preserveAspectRatio="none" role="img" {
                                    title { (one.text()) }
                                    desc { "A " (one.kind.word()) " of " (span(one.length)) ", begun " (moment(one.start)) "." }
                                    rect.track x="0" y="0" width=(LENGTH) height="16" {}
                                    (rect(*bar, match one.kind { Kind::Wait => "wait", Kind::Failure => "failure", _ => "work" }, 3, 10))
                                }
                            } @else { "not to scale" }
                        }
                        td data-label="Kind" { (one.kind.word()) }
                        td.number data-label="Took" { (span(one.length)) }
                    }
                }
            }
        }
        @if widened { p.small { "The thinnest marks are wider than the time that they stand for, so that they can be seen." } }
        @if node.timeline.clock_went_back { p.dead { (CLOCK_WENT_BACK) } }
        @if node.timeline.left_off > 0 { p { "And " (node.timeline.left_off) " more, which the journal itself has." } }
    }
}

fn proof(node: &NodeReport) -> Markup {
    if node.proofs.is_empty() {
        return markup! { p { (NO_PROOF) } };
    }
    markup! {
        p { "What was proven of what runs: " (node.proven()) "." }
        table.stack {
            caption { "What was watched, and what was seen in the end" }
            thead { tr { @for column in ["Component", "Condition", "Result", "Seen"] { th scope="col" { (column) } } } }
            tbody {
                @for proof in node.proofs.iter().take(MOST_ROWS) {
                    tr {
                        th scope="row" { bdi { (proof.component) } }
                        td data-label="Condition" { bdi { (proof.condition) } }
                        td data-label="Result" {
                            @match (node.belief(), proof.proven) {
                                (Belief::Bad, _) => (proof.result(node.belief())),
                                (_, true) => span.badge.good { (proof.result(node.belief())) },
                                (_, false) => span.badge.bad { (proof.result(node.belief())) },
                            }
                        }
                        td data-label="Seen" { bdi { (proof.evidence) } }
                    }
                }
            }
        }
    }
}

fn besides(node: &NodeReport) -> Markup {
    let over = |rows: usize| rows.saturating_sub(MOST_ROWS);
    let left_off = over(node.remarks.len()) + over(node.files.len());
    markup! {
        dl.log {
            @for remark in node.remarks.iter().take(MOST_ROWS) { div { dt { (remark.kind.words()) } dd { bdi { (remark.text) } } } }
            @for (name, path, standing) in node.files.iter().take(MOST_ROWS) { div { dt { (standing.words()) } dd { bdi { (name) } ": " bdi { (path) } } } }
        }
        @if left_off > 0 { p { "And " (left_off) " more, which the journal itself has." } }
    }
}

fn journal(node: &NodeReport) -> Markup {
    markup! {
        p { (count(node.records, "record")) " were read; the verdict is " (badge(node)) "." }
        dl.facts {
            @for (key, certified) in node.keys.iter().take(MOST_ROWS) {
                div.full { dt { "Signed by" } dd {
                    code { "sha256:" (key) }
                    @if !certified { " which no CA certified: compare it with the one that the run printed" }
                } }
            }
        }
        @if let Some(checkpoint) = &node.checkpoint {
            p { "The last checkpoint in it. It is worth what the place is worth where a copy was kept, the ticket for instance:" }
            pre tabindex="0" role="group" aria-label="Checkpoint" { (checkpoint) }
        } @else { p { "It has no checkpoint that could be shown." } }
        p { "To judge the journal again, with the cluster’s CA certificate and the checkpoint from the ticket, both from a place that you trust:" }
        pre tabindex="0" role="group" aria-label="Command" { (node.verify_command()) }
    }
}
