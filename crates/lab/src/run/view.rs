//! What a loop would say about a scenario right now, without asking it: read from its state.

use npo_core::learning::math::{dot, predictive, sigmoid};
use npo_core::learning::utility::optimistic;
use npo_core::profile::{Scorer, Selector};
use npo_core::state::TypeState;
use npo_core::{ScenarioId, State, TypeId};

/// Score, and what would be compared with the threshold, for a scenario at given features.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    pub(super) score: f64,
    pub(super) compared: f64,
}

/// Reads the views of one state.
pub(super) struct Viewer<'a> {
    state: &'a State,
    type_state: &'a TypeState,
    x: Vec<f64>,
}

impl<'a> Viewer<'a> {
    pub(super) fn new(state: &'a State, type_id: TypeId) -> Option<Self> {
        let type_state = state.type_state(type_id)?;
        Some(Self { state, type_state, x: vec![1.0] })
    }

    pub(super) fn view(&mut self, known: Option<ScenarioId>, features: &[f64]) -> View {
        let effect = known.and_then(|id| self.state.scenarios().effect(id));
        let profile = self.state.profile();
        if let (Scorer::MovingAverage { .. }, Some(effect)) = (&profile.scorer, effect) {
            return View { score: effect.score, compared: effect.score };
        }
        self.x.truncate(1);
        self.x.extend_from_slice(features);
        match (&profile.scorer, &self.type_state.posterior) {
            (Scorer::Hierarchical(settings), Some(posterior)) => {
                let (mean, variance) = effect.map_or((0.0, settings.effect_variance), |effect| {
                    let (drift, cap) = (settings.effect_drift, settings.effect_variance);
                    (effect.mean, effect.variance_at(self.type_state.decisions, drift, cap))
                });
                let logit = posterior.logit(&self.x, mean, variance);
                let score = predictive(logit.mean, logit.variance);
                let compared = match profile.selector {
                    Selector::Utility { optimism } => optimistic(logit, optimism),
                    _ => score,
                };
                View { score, compared }
            }
            _ => {
                let score = sigmoid(dot(&self.type_state.definition().prior(), &self.x));
                View { score, compared: score }
            }
        }
    }
}
