//! A decision with its explanation, laid out in the order in which a person asks:
//! what is it, what if yes, what if no, why, how sure, what would flip it, what do the rules say,
//! what is known, what changes, what was seen, what was answered.

use npo_api::decision::{Decision, DecisionDetail, Disposition, FactValue, Status, WhatIf};
use npo_api::explanation::{Contribution, Explanation, PolicyReason, StatedFact};
use npo_api::feedback::{Feedback, Outcome, OutcomeResult, Signal};
use npo_api::oversight::Hold;

use super::{Line, Tone, bar, clean, number, width, wrap};

/// Columns on each side of a contribution's bar.
const BAR_HALF: usize = 6;

/// Everything about a decision, wrapped at `columns`.
pub(crate) fn full(detail: &DecisionDetail, columns: usize) -> Vec<Line> {
    let DecisionDetail { decision, explanation, feedback, outcome, withdrawn, held_now } = detail;
    let mut page = Page::new(columns);
    let is_open = decision.status == Status::Open;
    if let Some(hold) = held_now.as_ref().filter(|_| is_open) {
        page.flush(Tone::Bad, &held_words(hold));
    }
    if let Some(became) = became(detail) {
        page.flush(Tone::Care, &became);
    }
    page.head(decision, explanation);
    if let Some(hold) = held_now.as_ref().filter(|_| !is_open) {
        page.flush(Tone::Bad, &held_words(hold));
    }
    // What an answer would do is not said where nobody is to give one.
    if is_open {
        page.section("If you say yes", |page| page.prose(Tone::Plain, &explanation.if_yes));
        page.section("If you say no", |page| page.prose(Tone::Plain, &explanation.if_no));
    }
    page.section("Why", |page| {
        explanation.because.iter().for_each(|reason| page.point(reason));
        page.contributions(&explanation.contributions);
    });
    page.section("How sure", |page| page.prose(Tone::Plain, &explanation.confidence.sentence));
    page.section("Threshold", |page| {
        page.prose(Tone::Plain, &explanation.threshold.sentence);
        page.prose(Tone::Plain, &explanation.threshold.flip);
    });
    page.section("Policy", |page| page.policy(&explanation.policy));
    if !explanation.facts.is_empty() {
        page.section("Facts", |page| page.facts(&explanation.facts));
    }
    if !explanation.what_if.is_empty() {
        page.section("Before and after", |page| page.what_if(&explanation.what_if));
    }
    if !explanation.network.is_empty() {
        page.section("In the network", |page| {
            explanation.network.iter().for_each(|line| page.point(line))
        });
    }
    if !explanation.evidence.is_empty() {
        page.section("Evidence", |page| {
            explanation.evidence.iter().for_each(|line| page.point(line))
        });
    }
    page.section("Answers", |page| {
        if feedback.is_empty() {
            page.prose(Tone::Faint, unanswered(decision.status));
        }
        feedback.iter().for_each(|answer| page.answer(answer));
        if let Some(reason) = withdrawn {
            page.prose(Tone::Care, &format!("Withdrawn: {reason}"));
        }
        if let Some(outcome) = outcome {
            page.prose(Tone::Plain, &outcome_words(outcome));
        }
    });
    page.versions(explanation);
    page.lines
}

/// What the red button or the monitor holds now.
fn held_words(hold: &Hold) -> String {
    let Hold { scope, since, by, reason, .. } = hold;
    let scope = scope.words();
    format!(
        "Held now: the red button is on {scope}, pressed by {by} at {since} ({reason}). Nothing is to be carried out there until it is released."
    )
}

/// What became of a decision that is not open any more.
fn became(detail: &DecisionDetail) -> Option<String> {
    let DecisionDetail { decision, feedback, withdrawn, .. } = detail;
    let words = match decision.status {
        Status::Open => return None,
        Status::Withdrawn => match withdrawn {
            Some(reason) => return Some(format!("Withdrawn: {reason}")),
            None => "Withdrawn".to_owned(),
        },
        Status::Answered => {
            let given = feedback.iter().map(|answer| {
                format!("{} by {} at {}", signal_name(answer.signal), answer.by, answer.at)
            });
            let given = given.collect::<Vec<_>>().join(", ");
            let until = &decision.expires_at;
            format!("Answered: {given}; others can add their answers until {until}")
        }
        Status::Expired => {
            format!("Expired at {}: nobody answered in time", decision.expires_at)
        }
        Status::Closed if decision.disposition == Disposition::Automatic => {
            "Carried out without asking; nobody has to answer".to_owned()
        }
        Status::Closed => "Nobody was asked".to_owned(),
    };
    let stops = if decision.disposition == Disposition::Automatic {
        ". As long as it is remembered, an override stops what goes on"
    } else {
        ""
    };
    Some(format!("{words}{stops}."))
}

/// What an operator needs first: the headline, what it would do, and the evidence.
pub(crate) fn evidence(detail: &DecisionDetail, columns: usize) -> Vec<Line> {
    let explanation = &detail.explanation;
    let mut page = Page::new(columns);
    page.head(&detail.decision, explanation);
    page.section("If you say yes", |page| page.prose(Tone::Plain, &explanation.if_yes));
    page.section("Evidence", |page| {
        if explanation.evidence.is_empty() {
            page.prose(Tone::Faint, "The source sent none.");
        }
        explanation.evidence.iter().for_each(|line| page.point(line));
    });
    page.section("Why", |page| explanation.because.iter().for_each(|reason| page.point(reason)));
    if !explanation.what_if.is_empty() {
        page.section("Before and after", |page| page.what_if(&explanation.what_if));
    }
    if !explanation.network.is_empty() {
        page.section("In the network", |page| {
            explanation.network.iter().for_each(|line| page.point(line))
        });
    }
    if !explanation.facts.is_empty() {
        page.section("Facts", |page| page.facts(&explanation.facts));
    }
    page.lines
}

/// One answer and what was learned from it.
pub(crate) fn lesson(answer: &Feedback, columns: usize) -> Vec<Line> {
    let mut page = Page::new(columns);
    let tone = if answer.score_after > answer.score_before { Tone::Good } else { Tone::Bad };
    let tone = if answer.score_after == answer.score_before { Tone::Plain } else { tone };
    let line =
        Line::of(Tone::Strong, format!("{} on {}", signal_name(answer.signal), answer.decision))
            .and(Tone::Plain, ": score ")
            .and(tone, format!("{:.3} → {:.3}", answer.score_before, answer.score_after));
    page.lines.push(line);
    page.prose(Tone::Plain, &answer.lesson);
    page.lines
}

/// The word for a signal.
pub(crate) fn signal_name(signal: Signal) -> &'static str {
    match signal {
        Signal::Like => "like",
        Signal::Neutral => "neutral",
        Signal::Skipped => "skipped",
        Signal::Override => "override",
    }
}

/// The word for a disposition.
pub(crate) fn disposition_name(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Surfaced => "surfaced",
        Disposition::Abstained => "abstained",
        Disposition::Blocked => "blocked",
        Disposition::Audit => "audit",
        Disposition::Escalated => "escalated",
        Disposition::Automatic => "automatic",
    }
}

/// How a disposition looks.
pub(crate) fn disposition_tone(disposition: Disposition) -> Tone {
    match disposition {
        Disposition::Surfaced | Disposition::Automatic => Tone::Good,
        Disposition::Abstained => Tone::Faint,
        Disposition::Blocked => Tone::Bad,
        Disposition::Audit | Disposition::Escalated => Tone::Care,
    }
}

/// The word for a status.
pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Answered => "answered",
        Status::Expired => "expired",
        Status::Withdrawn => "withdrawn",
        Status::Closed => "closed",
    }
}

/// How a risk class looks.
pub(crate) fn risk_tone(risk: &str) -> Tone {
    match risk {
        "critical" | "high" => Tone::Bad,
        "medium" => Tone::Care,
        _ => Tone::Plain,
    }
}

/// A fact's value as text.
pub(crate) fn fact_value(value: &FactValue) -> String {
    match value {
        FactValue::Flag(true) => "yes".to_owned(),
        FactValue::Flag(false) => "no".to_owned(),
        FactValue::Number(value) => number(*value),
        FactValue::Text(text) => text.clone(),
    }
}

fn unanswered(status: Status) -> &'static str {
    match status {
        Status::Open => "None yet; the decision waits for one.",
        Status::Expired => "None; it expired.",
        Status::Answered | Status::Withdrawn => "None.",
        Status::Closed => "None; nobody was asked.",
    }
}

fn outcome_words(outcome: &Outcome) -> String {
    let Outcome { result, time_to_recover_ms, note } = outcome;
    let result = match result {
        OutcomeResult::Recovered => "Afterwards: recovered",
        OutcomeResult::Unchanged => "Afterwards: unchanged",
        OutcomeResult::Worsened => "Afterwards: worsened",
        OutcomeResult::NotCarriedOut => "Afterwards: not carried out",
    };
    let time = time_to_recover_ms
        .map(|ms| format!(" after {}", super::when::length(i64::try_from(ms).unwrap_or(i64::MAX))));
    let note = note.as_ref().map(|note| format!("; {note}"));
    format!("{result}{}{}.", time.unwrap_or_default(), note.unwrap_or_default())
}

/// Lines being put together.
struct Page {
    lines: Vec<Line>,
    columns: usize,
}

impl Page {
    fn new(columns: usize) -> Self {
        Self { lines: Vec::new(), columns: columns.max(20) }
    }

    fn head(&mut self, decision: &Decision, explanation: &Explanation) {
        for line in wrap(&clean(&explanation.headline), self.columns, 0) {
            self.lines.push(Line::of(Tone::Strong, line));
        }
        let disposition = decision.disposition;
        let line = Line::of(Tone::Faint, format!("{} · ", decision.id))
            .and(disposition_tone(disposition), disposition_name(disposition))
            .and(Tone::Faint, format!(" · {} · risk ", status_name(decision.status)))
            .and(risk_tone(&decision.risk), clean(&decision.risk));
        self.lines.push(line);
    }

    /// A sentence at the left edge, as the headline is.
    fn flush(&mut self, tone: Tone, text: &str) {
        let lines = wrap(&clean(text), self.columns, 0);
        self.lines.extend(lines.into_iter().map(|line| Line::of(tone, line)));
    }

    fn section(&mut self, title: &str, fill: impl FnOnce(&mut Self)) {
        self.lines.push(Line::empty());
        self.lines.push(Line::of(Tone::Strong, title));
        fill(self);
    }

    fn prose(&mut self, tone: Tone, text: &str) {
        let lines = wrap(&clean(text), self.columns - 2, 0);
        self.lines.extend(lines.into_iter().map(|line| Line::plain("  ").and(tone, line)));
    }

    fn point(&mut self, text: &str) {
        let lines = wrap(&format!("- {}", clean(text)), self.columns - 2, 2);
        self.lines.extend(lines.into_iter().map(|line| Line::plain(format!("  {line}"))));
    }

    fn contributions(&mut self, contributions: &[Contribution]) {
        let full = contributions.iter().map(|c| c.logit.abs()).fold(0.0, f64::max);
        let room = self.columns.saturating_sub(2 * BAR_HALF + 1 + 2 + 8).max(12);
        for contribution in contributions {
            let Contribution { title, raw, unit, logit, .. } = contribution;
            let line = Line::plain("  ").and(Tone::Plain, format!("{logit:+.2} "));
            let raw =
                raw.map(|raw| format!(" {}", with_unit(&number(raw), unit))).unwrap_or_default();
            let name = super::shorten(&clean(title), room.saturating_sub(width(&raw)));
            self.lines.push(
                bar::signed(line, *logit, full, BAR_HALF)
                    .and(Tone::Plain, format!(" {name}"))
                    .and(Tone::Faint, clean(&raw)),
            );
        }
    }

    fn policy(&mut self, policy: &PolicyReason) {
        let PolicyReason { allowed, bundle, rules, error, sentence } = policy;
        self.prose(if *allowed { Tone::Good } else { Tone::Bad }, sentence);
        // What the sentence has named needs no line unless it has something to add.
        for rule in
            rules.iter().filter(|rule| !rule.message.is_empty() || !sentence.contains(&rule.rule))
        {
            let words =
                if rule.message.is_empty() { String::new() } else { format!(": {}", rule.message) };
            self.point(&format!("{}{words}", rule.rule));
        }
        if let Some(error) = error {
            self.prose(Tone::Bad, &format!("While judging: {error}"));
        }
        let short = bundle.get(..12).unwrap_or(bundle);
        self.prose(Tone::Faint, &format!("bundle {short}"));
    }

    fn facts(&mut self, facts: &[StatedFact]) {
        for fact in facts {
            let StatedFact { title, value, unit, source, .. } = fact;
            let source = if source.is_empty() { String::new() } else { format!(" ({source})") };
            self.point(&format!("{title}: {}{source}", with_unit(&fact_value(value), unit)));
        }
    }

    fn what_if(&mut self, rows: &[WhatIf]) {
        for WhatIf { name, unit, before, after } in rows {
            self.point(&format!(
                "{name}: {} → {}",
                number(*before),
                with_unit(&number(*after), unit)
            ));
        }
    }

    fn answer(&mut self, answer: &Feedback) {
        let moved = format!("score {:.3} → {:.3}", answer.score_before, answer.score_after);
        self.point(&format!(
            "{} by {} at {}, {moved}: {}",
            signal_name(answer.signal),
            answer.by,
            answer.at,
            answer.lesson
        ));
        if let Some(reason) = &answer.reason {
            self.prose(Tone::Plain, &format!("  “{reason}”"));
        }
    }

    fn versions(&mut self, explanation: &Explanation) {
        let versions = &explanation.versions;
        self.lines.push(Line::empty());
        let text = format!(
            "type version {}, model generation {} after {} updates, profile revision {}, explanation form {}",
            versions.scenario_type,
            versions.model_generation,
            versions.model_updates,
            versions.profile_revision,
            explanation.version
        );
        self.lines.extend(
            wrap(&text, self.columns, 0).into_iter().map(|line| Line::of(Tone::Faint, line)),
        );
    }
}

fn with_unit(value: &str, unit: &str) -> String {
    match unit {
        "" | "1" => value.to_owned(),
        unit => format!("{value} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use npo_api::oversight::{Scope, ScopeKind};

    use super::*;
    use crate::sample;

    fn text(lines: &[Line]) -> String {
        lines.iter().map(|line| format!("{}\n", line.text().trim_end())).collect()
    }

    #[test]
    fn the_order_is_that_of_the_questions() {
        let text = text(&full(&sample::detail("d42"), 80));
        let mut from = 0;
        for heading in [
            "Remove",
            "If you say yes",
            "If you say no",
            "Why",
            "How sure",
            "Threshold",
            "Policy",
            "Facts",
            "Before and after",
            "Evidence",
            "Answers",
            "type version",
        ] {
            let at = text[from..]
                .find(&format!("\n{heading}"))
                .or_else(|| text[from..].starts_with(heading).then_some(0));
            from +=
                at.unwrap_or_else(|| panic!("`{heading}` is missing after byte {from} of\n{text}"));
        }
    }

    #[test]
    fn what_became_of_it_comes_first_where_nobody_is_to_answer() {
        let mut detail = sample::detail("d42");
        detail.held_now = Some(Hold {
            scope: Scope { kind: ScopeKind::Site, name: Some("lab".into()) },
            since: "t".into(),
            by: "olga".into(),
            reason: "smoke".into(),
            warning: None,
        });
        let asks = |text: &str| text.contains("If you say");
        let open = text(&full(&detail, 200));
        let held = "Held now: the red button is on site lab, pressed by olga at t (smoke).";
        assert!(open.starts_with(held) && asks(&open), "{open}");
        let mut check = |status: Status, disposition: Disposition, first: &str| {
            detail.decision.status = status;
            detail.decision.disposition = disposition;
            detail.withdrawn = (status == Status::Withdrawn).then(|| "it is over".to_owned());
            let shown = text(&full(&detail, 200));
            assert_eq!(shown.lines().next(), Some(first));
            assert!(!asks(&shown) && shown.contains(held), "{shown}");
        };
        check(Status::Withdrawn, Disposition::Surfaced, "Withdrawn: it is over");
        check(
            Status::Expired,
            Disposition::Surfaced,
            "Expired at 2026-03-01T10:30:00Z: nobody answered in time.",
        );
        check(Status::Closed, Disposition::Abstained, "Nobody was asked.");
        check(
            Status::Closed,
            Disposition::Automatic,
            "Carried out without asking; nobody has to answer. As long as it is remembered, an override stops what goes on.",
        );
        detail.feedback = vec![sample::feedback("d42", Signal::Like)];
        detail.decision.status = Status::Answered;
        let answered = text(&full(&detail, 200));
        assert!(answered.starts_with("Answered: ") && !asks(&answered), "{answered}");
    }

    #[test]
    fn nothing_is_wider_than_asked() {
        for columns in [40, 80, 100] {
            for lines in
                [full(&sample::detail("d42"), columns), evidence(&sample::detail("d42"), columns)]
            {
                for line in lines {
                    assert!(width(&line.text()) <= columns, "{columns}: {}", line.text());
                }
            }
        }
    }

    #[test]
    fn what_comes_from_outside_cannot_steer_the_terminal() {
        let mut detail = sample::detail("d42");
        detail.explanation.evidence = vec!["\u{1b}]0;owned\u{7}".into()];
        detail.explanation.headline = "\u{1b}[2J".into();
        assert!(!text(&full(&detail, 80)).contains('\u{1b}'));
    }
}
