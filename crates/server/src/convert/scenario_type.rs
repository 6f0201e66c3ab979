//! Scenario types and their models on the wire, and definitions back.

use npo_api::Problem;
use npo_api::scenario as api;
use npo_core::scenario_type::{Action, Feature, Risk, ScenarioType};
use npo_core::state::TypeState;

use crate::http::problem::field;

/// A scenario type with what was learned.
pub(crate) fn detail(state: &TypeState) -> api::ScenarioTypeDetail {
    api::ScenarioTypeDetail {
        definition: definition(state.definition()),
        versions: state.versions().iter().map(|version| version.version).collect(),
        decisions: state.decisions,
        model_generation: state.generation,
        model_updates: state.updates(),
        weights: weights(state),
    }
}

fn weights(state: &TypeState) -> Vec<api::Weight> {
    let Some(posterior) = &state.posterior else { return Vec::new() };
    let definition = state.definition();
    let names = std::iter::once("intercept".to_owned())
        .chain(definition.features.iter().map(|feature| feature.name.clone()))
        .chain(definition.actions.iter().skip(1).map(|action| format!("action:{}", action.name)));
    let variances = posterior.covariance().iter().step_by(posterior.dim() + 1);
    names
        .zip(definition.prior())
        .zip(posterior.mean.iter().zip(variances))
        .map(|((name, prior), (mean, variance))| api::Weight {
            name,
            prior,
            mean: *mean,
            deviation: variance.max(0.0).sqrt(),
        })
        .collect()
}

fn definition(from: &ScenarioType) -> api::ScenarioType {
    let ScenarioType {
        name,
        version,
        title,
        description,
        risk,
        expires_after_s,
        override_cost,
        prior_intercept,
        features,
        actions,
    } = from.clone();
    let feature = |from: Feature| {
        let Feature { name, title, unit, description, min, max, center, scale, prior } = from;
        api::Feature { name, title, unit, description, min, max, center, scale, prior }
    };
    let action = |from: Action| {
        let Action { name, title, description, prior, reversible } = from;
        api::ActionType { name, title, description, prior, reversible }
    };
    api::ScenarioType {
        name,
        version,
        title,
        description,
        risk: risk.name().to_owned(),
        expires_after_s,
        override_cost,
        prior_intercept,
        features: features.into_iter().map(feature).collect(),
        actions: actions.into_iter().map(action).collect(),
    }
}

/// A definition that was sent; its rules are checked by the core.
pub(crate) fn sent(from: api::ScenarioType) -> Result<ScenarioType, Problem> {
    let api::ScenarioType {
        name,
        version,
        title,
        description,
        risk,
        expires_after_s,
        override_cost,
        prior_intercept,
        features,
        actions,
    } = from;
    let known = [Risk::Low, Risk::Medium, Risk::High, Risk::Critical];
    let risk = known.into_iter().find(|known| known.name() == risk).ok_or_else(|| {
        let found: String = risk.chars().take(64).collect();
        field("risk", &format!("`{found}`"), "low, medium, high or critical")
    })?;
    let feature = |from: api::Feature| {
        let api::Feature { name, title, unit, description, min, max, center, scale, prior } = from;
        Feature { name, title, unit, description, min, max, center, scale, prior }
    };
    let action = |from: api::ActionType| {
        let api::ActionType { name, title, description, prior, reversible } = from;
        Action { name, title, description, prior, reversible }
    };
    Ok(ScenarioType {
        name,
        version,
        title,
        description,
        risk,
        expires_after_s,
        override_cost,
        prior_intercept,
        features: features.into_iter().map(feature).collect(),
        actions: actions.into_iter().map(action).collect(),
    })
}
