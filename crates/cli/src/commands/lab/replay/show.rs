//! The report for people: the answer in words, the numbers of every method, what to keep in mind.

use npo_lab::counterfactual::{Evaluation, Interval, Method, Report, Side};

use crate::output::columns;
use crate::text::table::Table;
use crate::text::{Line, Tone, clean, percent, wrap};

pub(super) fn lines(report: &Report) -> Vec<Line> {
    let mut lines = Vec::new();
    for (ix, sentence) in report.summary.iter().enumerate() {
        let tone = match (ix, report.told()) {
            (0, _) => Tone::Strong,
            (_, true) => Tone::Plain,
            (_, false) => Tone::Care,
        };
        lines.extend(wrapped(tone, sentence));
    }
    if report.log.decisions == 0 {
        return lines;
    }
    let table = table(report);
    if !table.is_empty() {
        lines.push(Line::empty());
        lines.extend(table);
    }
    lines.push(Line::empty());
    lines.extend(wrapped(Tone::Faint, &found(report)));
    for caveat in &report.caveats {
        lines.extend(wrapped(Tone::Care, &format!("- {caveat}")));
    }
    lines
}

fn wrapped(tone: Tone, text: &str) -> impl Iterator<Item = Line> {
    wrap(&clean(text), columns(), 2).into_iter().map(move |line| Line::of(tone, line))
}

fn found(report: &Report) -> String {
    let log = &report.log;
    format!(
        "The log has {} decisions about {} scenarios there: {} surfaced, {} audited, {} automatic, \
         {} abstained, {} blocked, {} held; answered with {} likes, {} neutral, {} skipped, {} \
         overrides.",
        log.decisions,
        log.scenarios,
        log.surfaced,
        log.audits,
        log.automatic,
        log.abstained,
        log.blocked,
        log.held,
        log.likes,
        log.neutral,
        log.skipped,
        log.overrides
    )
}

/// Every method's numbers, of what can be told.
fn table(report: &Report) -> Vec<Line> {
    let mut table =
        Table::new(&["", "METHOD", "OVERRIDES", "LOSS", "UTILITY/1000", ">LABELS", ">EFFECTIVE"]);
    let mut any = false;
    for (name, side) in [("log", &report.logged), ("target", &report.target)] {
        any |= rows(&mut table, name, side);
    }
    for difference in &report.differences {
        table.row([
            "change".into(),
            short(difference.method).into(),
            String::new(),
            String::new(),
            interval(&difference.utility, |x| format!("{x:+.1}")),
            String::new(),
            String::new(),
        ]);
    }
    if any { table.lines() } else { Vec::new() }
}

fn rows(table: &mut Table, name: &str, side: &Side) -> bool {
    let Evaluation::Told { labels, effective_labels, estimates, .. } = &side.evaluation else {
        return false;
    };
    for of in estimates {
        table.row([
            name.to_owned(),
            short(of.method).to_owned(),
            interval(&of.estimates.override_rate, percent),
            interval(&of.estimates.alignment_loss, |x| format!("{x:.3}")),
            interval(&of.estimates.utility, |x| format!("{x:.1}")),
            labels.to_string(),
            format!("{effective_labels:.0}"),
        ]);
    }
    true
}

fn short(method: Method) -> &'static str {
    match method {
        Method::DoublyRobust => "doubly robust",
        Method::SelfNormalised => "ips, normalised",
        Method::HorvitzThompson => "ips, plain",
    }
}

fn interval(interval: &Interval, show: impl Fn(f64) -> String) -> String {
    let (low, high) = (show(interval.low), show(interval.high));
    match interval.value {
        Some(value) => format!("{} ({low} to {high})", show(value)),
        None => format!("{low} to {high}"),
    }
}
