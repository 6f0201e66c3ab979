//! The report in sentences: the answer first, then what to keep in mind.

use super::question::Target;
use super::report::{Estimates, Evaluation, Interval, Report, Side};
use super::sums::{ADDED_LABELS_MIN, Unknown};
use super::verdicts::VerdictChanges;

/// Labels of equal weight below which intervals are called rough.
const EFFECTIVE_FEW: f64 = 50.0;
/// Share of the labels that their weights leave, from which on weights are not mentioned.
const LOST_SHARE: f64 = 0.95;
/// Scenarios of equal weight below which intervals are called rough.
const SCENARIOS_FEW: f64 = 20.0;

/// The target in a few words.
pub(super) fn target(target: &Target<'_>) -> String {
    match target {
        Target::Threshold(theta) => format!("threshold {theta}"),
        Target::OverrideCost(cost) => format!("override cost {}", number(*cost)),
        Target::Profile(profile) => format!("profile `{}`", profile.name),
        Target::Policy(spe) => {
            // Bundles of one name and version are told apart by their digests, as in `npo policy`.
            let digest: String =
                spe.digest().0.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            let manifest = spe.manifest();
            format!("policy `{} {}` ({digest}…)", manifest.name, manifest.version)
        }
    }
}

/// Why the log lacks support, in words.
pub(super) fn unsupported(share: f64, unknown: &Unknown) -> String {
    let Unknown { blocked, never_asked, hardly_asked, never_answered, hardly_labelled, labels } =
        *unknown;
    let few = format!(
        "would be surfaced anew, and only {labels} of their answers are known, expected at least \
         {ADDED_LABELS_MIN} of like weight"
    );
    let parts = [
        (blocked, "were blocked by policy, so that nobody was asked"),
        (never_asked, "were never put to anybody and could not have been audited"),
        (hardly_asked, "had next to no chance of being put to anybody"),
        (never_answered, "are of a kind that was asked and never answered"),
        (hardly_labelled, &few),
    ];
    let reasons: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0.0)
        .map(|(count, why)| format!("{} {why}", whole(*count)))
        .collect();
    format!(
        "the log says nothing about {} of what would have been surfaced: {}; audits, or answers, \
         are needed there",
        percent(share),
        reasons.join("; ")
    )
}

/// The answer.
pub(super) fn summary(report: &Report, target: &Target<'_>) -> Vec<String> {
    if report.log.decisions == 0 {
        return vec!["Cannot be told from this log, because it has no decisions there.".into()];
    }
    let mut sentences = vec![coverage(report, target)];
    match &report.target.evaluation {
        Evaluation::Refused { reason } => sentences.push(format!(
            "How people would have answered cannot be told from this log, because {reason}."
        )),
        Evaluation::NothingSurfaced => sentences.push(nothing(report, target)),
        Evaluation::Told { .. } => sentences.extend(told(report, target)),
    }
    sentences.extend(report.verdicts.as_ref().map(changes));
    sentences
}

/// Nothing surfaced is worth nothing, which may be more than it was.
fn nothing(report: &Report, target: &Target<'_>) -> String {
    let nothing = "Nothing would have been surfaced, so that there is nothing to override";
    let Some((old, ..)) = leading(&report.logged.evaluation) else {
        return format!("{nothing} and no utility.");
    };
    let Interval { value, low, high } = old.utility;
    let change = Interval { value: value.map(|value| 0.0 - value), low: -high, high: -low };
    format!(
        "{nothing}: a utility per 1,000 {} of 0 likes instead of {}, a change of {}.",
        counted(target),
        triple(&old.utility, |x| format!("{x:.1}")),
        triple(&change, |x| format!("{x:+.1}"))
    )
}

/// What 1,000 are counted of: the same decisions for both ways to decide.
fn counted(target: &Target<'_>) -> &'static str {
    match target {
        Target::Threshold(_) | Target::OverrideCost(_) => "eligible decisions",
        Target::Profile(_) | Target::Policy(_) => "decisions that the log or this lets through",
    }
}

/// What another bundle changes.
fn changes(verdicts: &VerdictChanges) -> String {
    if verdicts.newly_blocked == 0 && verdicts.newly_allowed == 0 {
        return "It judges every decision as the log's policy did.".into();
    }
    let asked = match (&verdicts.newly_blocked_override_rate, verdicts.newly_blocked_asked) {
        (_, 0) => String::new(),
        (Some(rate), asked) => format!(
            ", {asked} of which had been put to people with an observed override rate of {}",
            share(rate)
        ),
        (None, asked) => {
            format!(", {asked} of which had been put to people without a directed answer")
        }
    };
    let allowed = match verdicts.newly_allowed {
        0 => "none that was blocked".to_owned(),
        allowed => format!(
            "{allowed} that were blocked, about {} of which would have been surfaced; about those \
             nobody was ever asked",
            whole(verdicts.newly_allowed_surfaced)
        ),
    };
    let denied = match verdicts.newly_blocked {
        0 => "none that was allowed".to_owned(),
        denied => format!("{denied} decisions that were allowed{asked}"),
    };
    format!("It denies {denied}; it allows {allowed}.")
}

fn coverage(report: &Report, target: &Target<'_>) -> String {
    let Side { surfaced_per_1000: new, asked_per_1000: asked, .. } = report.target;
    let Side { surfaced_per_1000: old, asked_per_1000: asked_before, .. } = report.logged;
    let with = match target {
        Target::Threshold(theta) => {
            format!("threshold {theta} instead of {}", range(report.log.threshold))
        }
        Target::OverrideCost(cost) => format!(
            "override cost {} instead of {} (threshold {} instead of {})",
            number(*cost),
            range(report.log.override_cost),
            number(cost / (1.0 + cost)),
            range(report.log.threshold)
        ),
        Target::Profile(_) | Target::Policy(_) => report.question.clone(),
    };
    format!(
        "With {with}, {} of 1,000 {} would have been surfaced instead of {}, and people asked \
         about {} instead of {}.",
        whole(new),
        counted(target),
        whole(old),
        whole(asked),
        whole(asked_before)
    )
}

fn told(report: &Report, target: &Target<'_>) -> Vec<String> {
    let Some((new, labels, effective)) = leading(&report.target.evaluation) else {
        return Vec::new();
    };
    let old = leading(&report.logged.evaluation).map(|(estimates, ..)| estimates);
    let instead =
        |old: Option<String>| old.map_or(String::new(), |old| format!(" instead of {old}"));
    let loss = |i: &Interval| triple(i, |x| format!("{x:.3}"));
    let mut sentences = vec![format!(
        "Of directed answers {} would have been overrides{}; alignment loss {}{}.",
        share(&new.override_rate),
        instead(old.map(|old| share(&old.override_rate))),
        loss(&new.alignment_loss),
        instead(old.map(|old| loss(&old.alignment_loss)))
    )];
    let mut worth =
        |at: String, new: &Interval, old: Option<&Interval>, change: Option<&Interval>| {
            let change = change.map_or(String::new(), |change| {
                format!(", a change of {}", triple(change, |x| format!("{x:+.1}")))
            });
            sentences.push(format!(
                "Utility per 1,000 {} at override cost {at}: {} likes{}{change}.",
                counted(target),
                triple(new, |x| format!("{x:.1}")),
                instead(old.map(|old| triple(old, |x| format!("{x:.1}"))))
            ));
        };
    let change = report.differences.first();
    worth(
        range(report.log.override_cost),
        &new.utility,
        old.map(|old| &old.utility),
        change.map(|change| &change.utility),
    );
    let other = match target {
        Target::OverrideCost(cost) if !is_only(report.log.override_cost, *cost) => Some(cost),
        _ => None,
    };
    if let Some(cost) = other {
        worth(
            number(*cost),
            &new.utility_at_other_cost,
            old.map(|old| &old.utility_at_other_cost),
            change.map(|change| &change.utility_at_other_cost),
        );
    }
    let weigh = if weigh_alike(labels, effective) {
        String::new()
    } else {
        format!(" that weigh as much as {} equal ones", whole(effective))
    };
    sentences.push(format!(
        "Based on {labels} labels{weigh}; in brackets {} intervals.",
        percent(report.confidence)
    ));
    sentences
}

/// Whether the labels' weights are so alike that nothing is lost by them.
fn weigh_alike(labels: u64, effective: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a count of labels")]
    let labels = labels as f64;
    effective >= LOST_SHARE * labels
}

/// Whether a number is the only one of the range.
fn is_only(range: Option<(f64, f64, f64)>, value: f64) -> bool {
    range.is_some_and(|(low, _, high)| low == value && high == value)
}

/// The leading estimates with their evidence.
fn leading(evaluation: &Evaluation) -> Option<(&Estimates, u64, f64)> {
    match evaluation {
        Evaluation::Told { labels, effective_labels, estimates, .. } => {
            estimates.first().map(|first| (&first.estimates, *labels, *effective_labels))
        }
        Evaluation::NothingSurfaced | Evaluation::Refused { .. } => None,
    }
}

/// What to keep in mind.
pub(super) fn caveats(report: &Report, target: &Target<'_>) -> Vec<String> {
    let mut caveats = Vec::new();
    if let Evaluation::Told {
        unsupported_share,
        scenarios,
        effective_scenarios,
        labels,
        effective_labels,
        ..
    } = report.target.evaluation
    {
        if unsupported_share > 0.0 {
            caveats.push(format!(
                "The log says nothing about {} of what would have been surfaced; the limits count \
                 it at its worst and best case.",
                percent(unsupported_share)
            ));
        }
        if effective_labels < EFFECTIVE_FEW {
            caveats.push(if weigh_alike(labels, effective_labels) {
                format!("There are only {labels} labels; the intervals are rough.")
            } else {
                format!(
                    "The {labels} labels weigh as much as {} equal ones only, because a few stand \
                     for many decisions; the intervals are rough.",
                    whole(effective_labels)
                )
            });
        }
        if effective_scenarios < SCENARIOS_FEW {
            caveats.push(format!(
                "The labels come from {scenarios} scenarios that weigh as much as {} equal ones, \
                 which are what is resampled: the intervals are rough.",
                whole(effective_scenarios)
            ));
        }
    }
    if let (Evaluation::Refused { reason }, true) = (&report.logged.evaluation, report.told()) {
        caveats.push(format!("How people answered as it was cannot be told, because {reason}."));
    }
    answering(report, &mut caveats);
    caveats.push(match target {
        Target::Threshold(_) | Target::OverrideCost(_) => {
            "Scores are those of the log: what other answers would have taught the model is not \
             imagined."
                .into()
        }
        Target::Policy(_) => {
            "Scores, thresholds and actions in flight are those of the log: what the other bundle \
             would have changed there is not imagined."
                .into()
        }
        Target::Profile(_) => "The profile learned from the answers that the log has; where it \
             asks and nobody was asked then, it learned nothing; in service it would have."
            .into(),
    });
    if let Some(shadow) = &report.shadow {
        caveats.push(format!(
            "It heard {} of the log's answers and not {} others that it would not have asked for; \
             {} decisions that it would have asked about have no label.",
            shadow.heard, shadow.unheard, shadow.silent
        ));
    }
    if report.verdicts.as_ref().is_some_and(|verdicts| verdicts.errors > 0) {
        let errors = report.verdicts.as_ref().map_or(0, |verdicts| verdicts.errors);
        caveats.push(format!("The bundle could not judge {errors} decisions, which denies."));
    }
    caveats.push(
        "Rates are over likes and overrides; neutral and skipped answers count 0 in utilities. \
         Intervals take the shares of answered decisions as given."
            .into(),
    );
    caveats
}

fn answering(report: &Report, caveats: &mut Vec<String>) {
    let answering = &report.answering;
    if answering.open > 0 {
        caveats.push(format!(
            "{} of {} decisions that were put to people are still open, with time left when the log \
             ends; the estimates leave them out, and count as many fewer of those made as lately \
             that nobody was asked about.",
            answering.open, answering.asked
        ));
    }
    let closed = answering.asked - answering.open;
    if answering.answered == closed {
        return;
    }
    let missing = closed - answering.answered;
    let scores = |value: Option<f64>| value.map_or("unknown".into(), |value| format!("{value:.2}"));
    let seen = if answering.depends_on_score() {
        format!(
            "answered and expired decisions do differ in score (mean {} against {}), which the \
             weights correct; if they differ in more than that, these numbers are off",
            scores(answering.answered_score),
            scores(answering.expired_score)
        )
    } else if answering.distance.is_some() {
        format!(
            "answered and expired decisions do not visibly differ in score (mean {} against {})",
            scores(answering.answered_score),
            scores(answering.expired_score)
        )
    } else {
        "there is nothing to check that against".to_owned()
    };
    caveats.push(format!(
        "{missing} of {closed} decisions that were put to people and are not open have no answer; \
         given kind and score, that is taken to be chance; {seen}."
    ));
}

fn triple(interval: &Interval, show: impl Fn(f64) -> String) -> String {
    let (low, high) = (show(interval.low), show(interval.high));
    match interval.value {
        Some(value) => format!("{} ({low} to {high})", show(value)),
        None => format!("between {low} and {high}"),
    }
}

fn share(interval: &Interval) -> String {
    triple(interval, percent)
}

fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// One number, or the range and mean of several.
fn range(range: Option<(f64, f64, f64)>) -> String {
    match range {
        None => "none".into(),
        Some((low, _, high)) if high - low < 1e-9 => number(low),
        Some((low, mean, high)) => {
            format!("{} to {} (mean {})", number(low), number(high), number(mean))
        }
    }
}

fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count with separators between thousands.
fn whole(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(whole(1_234_567.4), "1,234,567");
        assert_eq!(whole(999.0), "999");
        assert_eq!((number(0.75), number(9.0)), ("0.75".into(), "9".into()));
        assert_eq!((percent(0.95), percent(0.0213)), ("95 %".into(), "2.1 %".into()));
        assert_eq!(range(Some((0.5, 0.7, 0.9))), "0.5 to 0.9 (mean 0.7)");
        let limits = Interval { value: None, low: 0.02, high: 0.05 };
        assert_eq!(share(&limits), "between 2 % and 5 %");
    }
}
