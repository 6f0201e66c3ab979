//! What would have changed the decision.
//!
//! For a linear scorer the answer is arithmetic: the logit that meets the threshold, and the raw
//! value of one feature that leads there, everything else and the logit's variance held as they
//! were. The variance would move a little with the feature, hence "about".

use std::f64::consts::PI;

use super::{Contribution, autonomy, fmt};
use crate::event::{DecisionMade, Disposition, Threshold};
use crate::learning::math::logit;
use crate::scenario_type::{Feature, STANDARDISED_MAX, ScenarioType};

pub(super) fn flip(
    made: &DecisionMade,
    definition: &ScenarioType,
    contributions: &[Contribution],
) -> String {
    if made.disposition == Disposition::Blocked {
        return policy(made);
    }
    if let Some(scope) = &made.held {
        let place = autonomy::place(scope);
        return otherwise(made, &format!("Had the red button not been pressed on {place}"));
    }
    if let (Disposition::Automatic, Some(theta)) = (made.disposition, made.certified) {
        let theta = fmt::probability(theta);
        return format!(
            "People would have been asked with a score below {theta}, or without a certificate."
        );
    }
    let above = made.compared >= made.threshold.theta();
    let instead = if above { "held back" } else { "recommended" };
    let Some(mean) = made.logit.map(|logit| logit.mean) else {
        return format!(
            "It would have been {instead} if the moving average {}{}.",
            distance(made, above),
            arm(made, above)
        );
    };
    let Some(meeting) = meeting_mean(made) else {
        return format!(
            "No score would: the threshold is {}.",
            fmt::number(made.threshold.theta())
        );
    };
    let change = meeting - mean;
    let direction = if above { "lower" } else { "higher" };
    let by_one = match single_feature(definition, contributions, change) {
        Some((feature, raw, now)) => format!(
            "{} alone would do that at about {} instead of {}",
            fmt::inline(&feature.title),
            fmt::quantity(raw, &feature.unit),
            fmt::quantity(now, &feature.unit)
        ),
        None => "no single feature that counted would do that within its range".into(),
    };
    format!(
        "It would have been {instead} with a logit about {} {direction}{}; {by_one}.",
        fmt::number(change.abs()),
        arm(made, above)
    )
}

fn policy(made: &DecisionMade) -> String {
    let names: Vec<String> =
        made.verdict.rules.iter().map(|hit| format!("`{}`", hit.rule)).collect();
    let condition = match (&made.verdict.error, names.as_slice()) {
        (Some(_), _) => "If the policy had been able to judge and allowed it".into(),
        (None, []) => "If a rule had allowed it".into(),
        (None, names) => format!("Without {}", fmt::list(names)),
    };
    format!("{} No score changes what policy forbids.", otherwise(made, &condition))
}

/// What the score alone would have led to.
fn otherwise(made: &DecisionMade, condition: &str) -> String {
    let (compared, threshold) = fmt::pair(made.compared, made.threshold.theta());
    let then = if made.compared >= made.threshold.theta() {
        "recommended"
    } else {
        "held back all the same"
    };
    format!(
        "{condition}, it would have been {then}: {compared} against a threshold of {threshold}."
    )
}

fn distance(made: &DecisionMade, above: bool) -> String {
    let distance = fmt::number((made.compared - made.threshold.theta()).abs());
    match (above, distance.as_str()) {
        (true, "0") => "had been any lower".into(),
        (true, distance) => format!("had been more than {distance} lower"),
        (false, distance) => format!("had been {distance} higher"),
    }
}

/// Where the threshold is drawn, another draw changes the decision too.
fn arm(made: &DecisionMade, above: bool) -> String {
    let relation = if above { "above" } else { "of at most" };
    match made.threshold {
        Threshold::Random { .. } | Threshold::Thompson { .. } => {
            format!(", or with a threshold {relation} {}", fmt::probability(made.compared))
        }
        Threshold::Fixed { .. } | Threshold::Utility { .. } => String::new(),
    }
}

/// The mean of the logit at which the compared value meets the threshold, the variance as it is;
/// `None` for a threshold of 0 or 1, which no logit meets.
fn meeting_mean(made: &DecisionMade) -> Option<f64> {
    let theta = made.threshold.theta();
    let variance = made.logit?.variance.max(0.0);
    let meeting = match made.threshold {
        Threshold::Utility { optimism, .. } => logit(theta) - optimism * variance.sqrt(),
        Threshold::Fixed { .. } | Threshold::Random { .. } | Threshold::Thompson { .. } => {
            logit(theta) * (1.0 + PI * variance / 8.0).sqrt()
        }
    };
    meeting.is_finite().then_some(meeting)
}

/// The most influential feature that alone changes the logit by `change` within its declared range,
/// with the raw value at which it does and the one that it has.
fn single_feature<'a>(
    definition: &'a ScenarioType,
    contributions: &[Contribution],
    change: f64,
) -> Option<(&'a Feature, f64, f64)> {
    contributions.iter().find_map(|contribution| {
        let now = contribution.raw?;
        let feature = definition.features.iter().find(|f| f.name == contribution.name)?;
        // The weight is not in the event; a feature at its centre does not show it.
        let weight = contribution.logit / contribution.input;
        let input = contribution.input + change / weight;
        let raw = feature.center + feature.scale * input;
        let fits = input.abs() <= STANDARDISED_MAX && raw >= feature.min && raw <= feature.max;
        fits.then_some((feature, raw, now))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::event::Verdict;
    use crate::learning::math::predictive;
    use crate::learning::posterior::Logit;
    use crate::learning::utility::optimistic;
    use crate::profile::Selector;
    use crate::proposal::{Proposal, ScenarioRef};
    use crate::{Command, Draws, Event, Inputs, Millis, PersonId, Profile, State, TypeId, decide};

    fn check(weight: f64, input: f64, change: f64, expected: Option<f64>) {
        let definition =
            ScenarioType::from_toml(include_str!("../../tests/explain/link-errors.toml"))
                .expect("a valid scenario type");
        let feature = &definition.features[0];
        let contribution = Contribution {
            name: feature.name.clone(),
            title: feature.title.clone(),
            raw: Some(feature.center + feature.scale * input),
            unit: feature.unit.clone(),
            input,
            logit: weight * input,
            sentence: String::new(),
        };
        let found = single_feature(&definition, &[contribution], change).map(|(_, raw, _)| raw);
        match (found, expected) {
            (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-12, "{found}"),
            (found, expected) => assert_eq!(found, expected),
        }
    }

    /// The event of a first proposal, under the default profile with `selector`.
    fn first_decision(selector: Selector, raw: [f64; 3]) -> DecisionMade {
        let definition =
            ScenarioType::from_toml(include_str!("../../tests/explain/link-errors.toml"))
                .expect("a valid scenario type");
        let mut state = State::new(Profile { selector, ..Profile::calibrated() });
        let verdict = Verdict { allow: true, bundle: [0; 32], rules: vec![], error: None };
        let inputs = Inputs {
            at: Millis(0),
            actor: PersonId(0),
            request: None,
            draws: Draws { audit: 1.0, seed: 1, arm: None },
            verdict: Some(Arc::new(verdict)),
        };
        let proposal = Proposal {
            type_id: TypeId(0),
            scenario: ScenarioRef::Named { entity: "leaf1".into(), site: String::new() },
            action: 0,
            raw: raw.as_slice().into(),
            text: None,
        };
        let mut made = None;
        for command in
            [Command::ActivateScenarioType(Box::new(definition)), Command::Propose(proposal)]
        {
            for envelope in decide(&state, &command, &inputs).expect("is accepted") {
                state.apply(&envelope);
                if let Event::DecisionMade(decision) = envelope.event {
                    made = Some(*decision);
                }
            }
        }
        made.expect("a proposal is decided")
    }

    #[test]
    fn the_threshold_is_met_where_it_is_said_to_be() {
        for raw in [[0.01, 2.0, 5.0], [2.0, 0.0, 90.0], [0.0, 9.0, 0.0]] {
            let made = first_decision(Selector::Utility { optimism: 0.25 }, raw);
            let (mean, variance) =
                (meeting_mean(&made).expect("meets"), made.logit.expect("a logit").variance);
            assert!((optimistic(Logit { mean, variance }, 0.25) - 0.75).abs() < 1e-12);
            let made = first_decision(Selector::Fixed { theta: 0.6 }, raw);
            let mean = meeting_mean(&made).expect("meets");
            assert!((predictive(mean, variance) - 0.6).abs() < 1e-12);
            for theta in [0.0, 1.0] {
                assert_eq!(meeting_mean(&first_decision(Selector::Fixed { theta }, raw)), None);
            }
        }
    }

    #[test]
    fn one_feature_is_solved_for_within_its_range() {
        // Centre 0.01 %, scale 0.2 %, range 0 to 100 %.
        check(0.7, 2.0, -0.7, Some(0.01 + 0.2 * 1.0));
        check(-0.7, 2.0, 0.7, Some(0.01 + 0.2 * 1.0));
        check(0.7, 2.0, -7.0, None); // Below the smallest value.
        check(0.7, 2.0, 70.0, None); // Beyond what the score looks at.
        check(0.7, 0.0, 0.7, None); // The weight does not show.
        check(0.0, 2.0, 0.7, None); // It has none.
    }
}
