//! Thresholds, levels, holds and intervals in words; the answer first, the evidence after it.

use npo_api::oversight::{Certificate, Estimate, Gauge, Level, RedButton, Threshold};

use super::table::Table;
use super::{Line, Tone, clean, number, percent, wrap};

/// A number with its interval, or a dash.
pub(crate) fn interval(estimate: &Estimate) -> String {
    match estimate.value {
        Some(value) => format!("{value:.3} ({:.3} to {:.3})", estimate.low, estimate.high),
        None => format!("- ({:.3} to {:.3})", estimate.low, estimate.high),
    }
}

/// A sentence as lines of at most `columns`.
pub(crate) fn prose(tone: Tone, text: &str, columns: usize) -> Vec<Line> {
    wrap(&clean(text), columns, 0).into_iter().map(|line| Line::of(tone, line)).collect()
}

/// How a level looks.
pub(crate) fn level_tone(level: Level) -> Tone {
    match level {
        Level::Shadow | Level::Recommend | Level::Approve => Tone::Plain,
        Level::Automatic => Tone::Care,
    }
}

/// A threshold and what it rests on.
pub(crate) fn threshold(of: &Threshold, columns: usize) -> Vec<Line> {
    let value = match of.threshold {
        Some(value) => format!("threshold {value:.3}"),
        None => format!("a threshold drawn from {}", of.arms.len()),
    };
    let head = Line::of(Tone::Strong, clean(&of.scenario_type))
        .and(Tone::Plain, ": ")
        .and(level_tone(of.level), of.level.name())
        .and(Tone::Plain, format!(", {value} ({})", clean(&of.selector)));
    let mut lines = vec![head];
    lines.extend(prose(Tone::Plain, &sentence(&of.reason), columns));
    if of.escalated {
        let text = "Escalated: what is recommended goes to approvers until somebody settles it.";
        lines.extend(prose(Tone::Care, text, columns));
    }
    match &of.certificate {
        Some(certificate) => lines.extend(certified(certificate, columns)),
        None => lines.push(Line::of(Tone::Faint, no_certificate(of))),
    }
    lines
}

fn no_certificate(of: &Threshold) -> String {
    match &of.evidence {
        None => "The profile certifies no thresholds.".to_owned(),
        Some(evidence) => {
            let best = evidence.thresholds.iter().map(|t| t.peak).fold(0.0, f64::max);
            format!(
                "No certificate now: the best e-value is {} of {} needed, from {} answers with {} overrides.",
                number(best),
                number(evidence.level_needed),
                evidence.labels,
                evidence.overrides
            )
        }
    }
}

fn certified(from: &Certificate, columns: usize) -> Vec<Line> {
    let mut lines = prose(Tone::Good, &format!("Certified: {}.", from.claim), columns);
    let evidence = format!(
        "Evidence when it was issued: {} overrides among {} answers, e-value {}.",
        from.overrides,
        from.labels,
        number(from.e_value)
    );
    lines.extend(prose(Tone::Plain, &evidence, columns));
    lines.extend(prose(Tone::Care, &format!("Not covered: {}", from.not_covered), columns));
    lines
}

/// Evidence per threshold, and the drift since.
pub(crate) fn evidence(of: &Threshold) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(evidence) = &of.evidence {
        let mut table = Table::new(&[
            ">THRESHOLD",
            ">ANSWERS",
            ">OVERRIDES",
            ">E-VALUE",
            ">PEAK",
            ">NEEDED",
            "",
        ]);
        for t in &evidence.thresholds {
            let (tone, words) =
                if t.certified { (Tone::Good, "certified") } else { (Tone::Plain, "") };
            table.toned([
                (Tone::Plain, t.threshold.to_string()),
                (Tone::Plain, t.labels.to_string()),
                (Tone::Plain, t.overrides.to_string()),
                (Tone::Plain, number(t.e_value)),
                (Tone::Plain, number(t.peak)),
                (Tone::Plain, number(evidence.level_needed)),
                (tone, words.to_owned()),
            ]);
        }
        lines.extend(table.lines());
    }
    let over: Vec<Gauge> = of.drift.iter().chain(&of.stops).cloned().collect();
    if !over.is_empty() {
        lines.push(Line::empty());
        lines.extend(gauges(&over));
    }
    if of.issued > 0 {
        lines.push(Line::plain(format!("Certificates issued: {}, lost: {}.", of.issued, of.lost)));
    }
    if !of.arms.is_empty() {
        let mut table = Table::new(&[">ARM", ">ALPHA", ">BETA"]);
        for arm in &of.arms {
            let count = |count: Option<f64>| count.map_or_else(|| "-".to_owned(), number);
            table.row([arm.threshold.to_string(), count(arm.alpha), count(arm.beta)]);
        }
        lines.extend(table.lines());
    }
    lines
}

/// Detectors, with how near each is to calling.
pub(crate) fn gauges(gauges: &[Gauge]) -> Vec<Line> {
    let mut table =
        Table::new(&["WATCHED", "SITE", ">VALUE", ">CALLS AT", ">SEEN", ">HITS", ">FINE"])
            .sparing(&["FINE"]);
    for gauge in gauges {
        let share = gauge.value / gauge.run_length;
        let tone = if share >= 0.1 { Tone::Care } else { Tone::Plain };
        table.toned([
            (Tone::Plain, gauge.watched.clone()),
            (Tone::Plain, gauge.site.clone().unwrap_or_default()),
            (tone, number(gauge.value)),
            (Tone::Plain, number(gauge.run_length)),
            (Tone::Plain, gauge.seen.to_string()),
            (Tone::Plain, gauge.hits.to_string()),
            (Tone::Plain, format!("{:.1}", gauge.expected)),
        ]);
    }
    table.lines()
}

/// What is held.
pub(crate) fn held(button: &RedButton) -> Vec<Line> {
    let count = button.held.len();
    if count == 0 {
        return vec![Line::of(Tone::Good, "Nothing is held.")];
    }
    let what = if count == 1 { "scope is" } else { "scopes are" };
    let words = format!("{count} {what} held: nothing is recommended or carried out there.");
    let mut table = Table::new(&["SCOPE", "SINCE", "BY", "REASON"]);
    for hold in &button.held {
        table.toned([
            (Tone::Bad, hold.scope.words()),
            (Tone::Plain, hold.since.clone()),
            (Tone::Plain, hold.by.clone()),
            (Tone::Plain, hold.reason.clone()),
        ]);
    }
    std::iter::once(Line::of(Tone::Bad, words)).chain(table.lines()).collect()
}

/// A text that begins with a capital and ends with a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let stop = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// A rate with its interval in percent.
pub(crate) fn rate(estimate: &Estimate) -> String {
    let value = estimate.value.map_or_else(|| "-".to_owned(), percent);
    format!("{value} ({} to {})", percent(estimate.low), percent(estimate.high))
}

#[cfg(test)]
mod tests {
    use npo_api::oversight::{Hold, Scope, ScopeKind};

    use super::*;

    fn text(lines: Vec<Line>) -> Vec<String> {
        lines.iter().map(|line| line.text().trim_end().to_owned()).collect()
    }

    #[test]
    fn what_is_held_is_said_first() {
        assert_eq!(text(held(&RedButton { held: vec![] })), ["Nothing is held."]);
        let scope = Scope { kind: ScopeKind::Site, name: Some("fra1".into()) };
        let hold = Hold { scope, since: "t".into(), by: "olga".into(), reason: "smoke".into() };
        let lines = text(held(&RedButton { held: vec![hold] }));
        assert_eq!(lines[0], "1 scope is held: nothing is recommended or carried out there.");
        assert_eq!(
            lines[2].split_whitespace().collect::<Vec<_>>(),
            ["site", "fra1", "t", "olga", "smoke"]
        );
    }

    #[test]
    fn a_certificate_is_never_shown_without_what_it_does_not_cover() {
        let certificate = Certificate {
            threshold: 0.9,
            alpha: 0.05,
            delta: 0.05,
            labels: 300,
            overrides: 2,
            e_value: 281.0,
            claim: "people override at most 5 %".into(),
            not_covered: "an abrupt shift".into(),
        };
        let of = Threshold {
            scenario_type: "alert".into(),
            selector: "utility".into(),
            threshold: Some(0.75),
            arms: vec![],
            ceiling: Level::Automatic,
            level: Level::Automatic,
            reason: "because".into(),
            escalated: false,
            certificate: Some(certificate),
            issued: 1,
            lost: 0,
            evidence: None,
            drift: None,
            stops: None,
        };
        let lines = text(threshold(&of, 80));
        assert_eq!(lines[0], "alert: automatic, threshold 0.750 (utility)");
        assert!(lines.iter().any(|line| line == "Not covered: an abrupt shift"), "{lines:?}");
        let without = Threshold { certificate: None, ..of };
        assert!(
            text(threshold(&without, 80)).contains(&"The profile certifies no thresholds.".into())
        );
    }
}
