//! What every input contributes to the logit, by name and in words.
//!
//! The contributions add up to the logit's mean, so nothing that counted is left out.

use super::{Contribution, fmt};
use crate::event::DecisionMade;
use crate::scenario_type::{Feature, STANDARDISED_MAX, ScenarioType};

/// Contributions, largest first; empty for a scorer that has none.
pub(super) fn contributions(
    made: &DecisionMade,
    definition: &ScenarioType,
    entity: &str,
) -> Vec<Contribution> {
    // Adding 0 takes the sign off a negative zero.
    let mut inputs = made.x.iter().zip(&made.contributions).map(|(x, c)| (x + 0.0, c + 0.0));
    let Some((input, logit)) = inputs.next() else { return Vec::new() };
    let mut all =
        vec![named("intercept", "Starting point of this kind of situation".into(), input, logit)];
    for ((feature, raw), (input, logit)) in
        definition.features.iter().zip(&made.raw).zip(&mut inputs)
    {
        all.push(of_feature(feature, *raw, input, logit));
    }
    for (action, (input, logit)) in definition.actions.iter().skip(1).zip(inputs) {
        // The indicators of the other actions are 0 and contribute nothing.
        if input != 0.0 {
            all.push(named(
                &format!("action:{}", action.name),
                format!("Action {}", fmt::inline(&action.title)),
                input,
                logit,
            ));
        }
    }
    all.push(named("scenario", format!("What was learned about {entity}"), 1.0, made.effect));
    all.sort_by(|a, b| b.logit.abs().total_cmp(&a.logit.abs()));
    all
}

/// An input without a raw value.
fn named(name: &str, title: String, input: f64, logit: f64) -> Contribution {
    let sentence = format!("{title}: {}.", direction(logit));
    Contribution { name: name.into(), title, raw: None, unit: "1".into(), input, logit, sentence }
}

fn of_feature(feature: &Feature, raw: f64, input: f64, logit: f64) -> Contribution {
    Contribution {
        name: feature.name.clone(),
        title: feature.title.clone(),
        raw: Some(raw),
        unit: feature.unit.clone(),
        input,
        logit,
        sentence: format!("{}: {}.", measured(feature, raw, input), direction(logit)),
    }
}

/// The input in words, without what it contributes.
pub(super) fn phrase(contribution: &Contribution, definition: &ScenarioType) -> String {
    let feature = definition.features.iter().find(|f| f.name == contribution.name);
    match (contribution.raw, feature) {
        (Some(raw), Some(feature)) => measured(feature, raw, contribution.input),
        _ => contribution.title.clone(),
    }
}

fn measured(feature: &Feature, raw: f64, input: f64) -> String {
    format!(
        "{} at {}, {}",
        feature.title,
        fmt::quantity(raw, &feature.unit),
        against_usual(feature, input)
    )
}

/// Where a standardised value stands, in words.
fn against_usual(feature: &Feature, input: f64) -> String {
    let place = match input {
        z if z >= STANDARDISED_MAX => "very far above",
        z if z >= 3.0 => "far above",
        z if z >= 1.0 => "above",
        z if z >= 0.1 => "a little above",
        z if z > -0.1 => "about",
        z if z > -1.0 => "a little below",
        z if z > -3.0 => "below",
        z if z > -STANDARDISED_MAX => "far below",
        _ => "very far below",
    };
    format!("{place} the usual {}", fmt::quantity(feature.center, &feature.unit))
}

fn direction(logit: f64) -> String {
    match fmt::signed(logit).as_str() {
        "0" => "makes no difference".into(),
        shown if logit > 0.0 => format!("{shown} for it"),
        shown => format!("{shown} against it"),
    }
}
