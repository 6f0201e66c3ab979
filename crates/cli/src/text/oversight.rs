//! Thresholds, levels, holds and intervals in words; the answer first, the evidence after it.

use npo_api::oversight::{
    Certificate, Estimate, Evidence, Gauge, Level, RedButton, Threshold, ThresholdEvidence,
};

use super::table::Table;
use super::{Line, Tone, clean, count, number, percent, wrap};

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
    let Some(evidence) = &of.evidence else {
        return "The profile certifies no thresholds.".to_owned();
    };
    let needed = number(evidence.level_needed);
    match nearest_to_certified(evidence) {
        None => {
            let why = match evidence.labels {
                0 => "nobody has answered yet".to_owned(),
                labels => format!("of {} none speaks for a threshold", count(labels, "answer")),
            };
            format!("No certificate now: {why}, and an e-value of {needed} is needed.")
        }
        Some(best) => format!(
            "No certificate now: the highest e-value so far is {} of {needed} needed, for threshold {}; it is {} now, from {} with {} at or above it.",
            number(best.peak),
            best.threshold,
            number(best.e_value),
            count(best.labels, "answer"),
            count(best.overrides, "override")
        ),
    }
}

/// The threshold whose e-value has been the highest: that is what certifies.
pub(crate) fn nearest_to_certified(evidence: &Evidence) -> Option<&ThresholdEvidence> {
    let seen = evidence.thresholds.iter().filter(|of| of.labels > 0);
    seen.max_by(|a, b| a.peak.total_cmp(&b.peak))
}

/// The score from which on answers count as evidence: below it, nobody is asked about everything.
fn counted_from(of: &Threshold) -> f64 {
    if of.level == Level::Shadow {
        return 0.0;
    }
    let arms = of.arms.iter().map(|arm| arm.threshold).fold(0.0, f64::max);
    of.threshold.unwrap_or(arms)
}

fn certified(from: &Certificate, columns: usize) -> Vec<Line> {
    let mut lines = prose(Tone::Good, &format!("Certified: {}.", from.claim), columns);
    let evidence = format!(
        "Evidence when it was issued: {} among {}, e-value {}.",
        count(from.overrides, "override"),
        count(from.labels, "answer"),
        number(from.e_value)
    );
    lines.extend(prose(Tone::Plain, &evidence, columns));
    lines.extend(prose(Tone::Care, &format!("Not covered: {}", from.not_covered), columns));
    lines
}

/// Evidence per threshold, and the drift since.
pub(crate) fn evidence(of: &Threshold, columns: usize) -> Vec<Line> {
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
        let from = counted_from(of);
        for t in &evidence.thresholds {
            if t.labels == 0 && t.threshold < from {
                let mut row: [(Tone, String); 7] =
                    std::array::from_fn(|_| (Tone::Faint, String::new()));
                row[0] = (Tone::Faint, t.threshold.to_string());
                row[6] =
                    (Tone::Faint, format!("not counted: below {from:.3} not all are asked about"));
                table.toned(row);
                continue;
            }
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
        let legend = "E-VALUE is the evidence now, PEAK the most that it has been: a peak that reaches what is needed certifies.";
        lines.push(Line::of(Tone::Faint, legend));
        let rows = "Rows go by the plain score; people are asked by what is compared, which may be more or less.";
        let most = evidence.thresholds.iter().map(|t| t.labels).max().unwrap_or(0);
        let rows = match evidence.labels.saturating_sub(most) {
            0 => rows.to_owned(),
            1 => format!("{rows} 1 answer lies below all rows that count."),
            below => format!("{rows} {below} answers lie below all rows that count."),
        };
        lines.extend(prose(Tone::Faint, &rows, columns));
    }
    if let Some(held_up) = of.evidence.as_ref().map(|e| e.held_up).filter(|n| *n > 0) {
        let text = format!(
            "Not counted yet: {}, until all that was asked before is answered or expires.",
            count(held_up, "answer")
        );
        lines.extend(prose(Tone::Faint, &text, columns));
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
        let hold = Hold {
            scope,
            since: "t".into(),
            by: "olga".into(),
            reason: "smoke".into(),
            warning: None,
        };
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
        let of = |threshold: f64, labels: u64, e_value: f64, peak: f64| ThresholdEvidence {
            threshold,
            labels,
            overrides: labels / 4,
            e_value,
            peak,
            certified: false,
        };
        let thresholds =
            vec![of(0.9, 8, 0.097, 0.522), of(0.75, 40, 0.1, 0.2), of(0.5, 0, 1.0, 0.0)];
        let evidence = Evidence {
            alpha: 0.05,
            delta: 0.05,
            level_needed: 280.0,
            labels: 48,
            overrides: 12,
            held_up: 0,
            thresholds,
        };
        let shown = Threshold { evidence: Some(evidence), level: Level::Recommend, ..without };
        // The peak and what it is now are of one threshold, and said to be so.
        let words = text(threshold(&shown, 80)).join(" ");
        assert!(words.contains("0.522 of 280 needed, for threshold 0.9; it is 0.097 now, from 8 answers with 2 overrides"), "{words}");
        let rows = text(super::evidence(&shown, 200));
        assert!(rows[3].ends_with("not counted: below 0.750 not all are asked about"), "{rows:?}");
        assert!(rows.iter().any(|row| row.ends_with("8 answers lie below all rows that count.")));
        // Answers to what scores less than every threshold count for none, and are not denied.
        let mut low = shown;
        let evidence = low.evidence.as_mut().expect("is there");
        evidence.labels = 1;
        evidence.thresholds.iter_mut().for_each(|t| t.labels = 0);
        let words = text(threshold(&low, 80)).join(" ");
        assert!(words.contains("of 1 answer none speaks for a threshold, and"), "{words}");
    }
}
