//! Refitted models: frozen datasets, fits, promotion, rollback.

use super::oversee::lose_certificate;
use super::{Out, check_text};
use crate::event::{DatasetFrozen, Event, ModelFitted, ModelPromoted, PromotionCause};
use crate::ids::{ScenarioId, TypeId};
use crate::learning::refit::{EFFECTS_MAX, Parameters};
use crate::proposal::LINE_MAX;
use crate::rejection::Rejection;
use crate::state::State;

/// A refitted model to be recorded and, if it passed its gate, put in force.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOrder {
    /// The model and its evaluation.
    pub fitted: ModelFitted,
    /// Generation of the model that the labels were given to.
    pub generation: u32,
}

/// A model to be put in force.
#[derive(Debug, Clone, PartialEq)]
pub struct PromoteOrder {
    /// Of which scenario type.
    pub type_id: TypeId,
    /// Which model; 0 for what was learned online before any refit.
    pub model: u32,
    /// Why.
    pub cause: PromotionCause,
    /// Its numbers.
    pub parameters: Parameters,
    /// Log position of the last label that they know; `None` where later labels are given up, as a
    /// rollback does.
    pub until: Option<u64>,
}

pub(super) fn freeze(
    state: &State,
    dataset: DatasetFrozen,
    out: &mut Out,
) -> Result<(), Rejection> {
    state.known_type(dataset.type_id)?;
    let span = dataset.after..=dataset.until;
    if dataset.id != state.datasets() + 1 || span.is_empty() || dataset.until > state.position() {
        return Err(Rejection::RefitConflict);
    }
    out.push(Event::DatasetFrozen(dataset));
    Ok(())
}

pub(super) fn record(state: &State, order: FitOrder, out: &mut Out) -> Result<(), Rejection> {
    let FitOrder { fitted, generation } = order;
    let type_state = state.known_type(fitted.type_id)?;
    if fitted.id != state.models() + 1 {
        return Err(Rejection::RefitConflict);
    }
    check(state, fitted.type_id, fitted.id, &fitted.parameters)?;
    if type_state.generation != generation {
        let reason = "what it was fitted to was thrown away meanwhile".into();
        return Err(Rejection::ModelConflict { model: fitted.id, reason });
    }
    out.push(Event::ModelFitted(Box::new(fitted)));
    Ok(())
}

/// Refuses numbers that the scorer could not go on from.
fn check(
    state: &State,
    type_id: TypeId,
    model: u32,
    parameters: &Parameters,
) -> Result<(), Rejection> {
    let Parameters { mean, covariance, effects } = parameters;
    let refused = |reason: String| Err(Rejection::ModelConflict { model, reason });
    let dim = state.known_type(type_id)?.posterior.as_ref().map_or(0, |p| p.dim());
    if dim == 0 || mean.len() != dim || covariance.len() != dim * dim {
        let (weights, entries) = (mean.len(), covariance.len());
        return refused(format!(
            "it has {weights} weights and {entries} covariances, the scenario type has {dim} inputs"
        ));
    }
    if !mean.iter().all(|weight| weight.is_finite()) || !is_covariance(covariance, dim) {
        return refused("its weights have no finite mean or no positive covariance".into());
    }
    if effects.len() > EFFECTS_MAX {
        let found = effects.len();
        return refused(format!("it has {found} effects, expected at most {EFFECTS_MAX}"));
    }
    let sound = |(id, mean, variance): &(ScenarioId, f64, f64)| {
        let here = state.scenario(*id).is_some_and(|scenario| scenario.type_id == type_id);
        here && mean.is_finite() && variance.is_finite() && *variance >= 0.0
    };
    match effects.iter().find(|effect| !sound(effect)) {
        Some((id, mean, variance)) => refused(format!(
            "its effect of scenario `{id}` is {mean} with variance {variance}, expected finite numbers for a scenario of the same type"
        )),
        None => Ok(()),
    }
}

/// Whether a row-major matrix is symmetric and, but for rounding, positive definite (Cholesky).
fn is_covariance(matrix: &[f64], dim: usize) -> bool {
    if !matrix.iter().all(|entry| entry.is_finite()) {
        return false;
    }
    let largest = (0..dim).map(|i| matrix[i * dim + i]).fold(0.0, f64::max);
    let slack = 1e-9 * largest;
    let mut factor = vec![0.0; dim * dim];
    for i in 0..dim {
        if matrix[i * dim + i] <= 0.0 {
            return false;
        }
        for j in 0..=i {
            let (entry, mirrored) = (matrix[i * dim + j], matrix[j * dim + i]);
            let known: f64 = (0..j).map(|k| factor[i * dim + k] * factor[j * dim + k]).sum();
            let rest = entry - known;
            if (entry - mirrored).abs() > slack {
                return false;
            }
            if i == j {
                if rest < -slack {
                    return false;
                }
                factor[i * dim + i] = (rest + slack).max(slack).sqrt();
            } else {
                factor[i * dim + j] = rest / factor[j * dim + j];
            }
        }
    }
    true
}

pub(super) fn promote(state: &State, order: PromoteOrder, out: &mut Out) -> Result<(), Rejection> {
    let PromoteOrder { type_id, model, cause, parameters, until } = order;
    let type_state = state.known_type(type_id)?;
    if let PromotionCause::Person(reason) | PromotionCause::Rollback(reason) = &cause {
        check_text("reason", reason, LINE_MAX, false)?;
    }
    match type_state.models.iter().find(|known| known.id == model) {
        Some(known) if known.generation != type_state.generation => {
            let reason = "what it was fitted to was thrown away".into();
            return Err(Rejection::ModelConflict { model, reason });
        }
        None if model != 0 => return Err(Rejection::UnknownModel(model)),
        _ => {}
    }
    if type_state.model == model {
        let reason = "it is in force already".into();
        return Err(Rejection::ModelConflict { model, reason });
    }
    check(state, type_id, model, &parameters)?;
    if until.is_some_and(|until| until < type_state.last_label) {
        let reason = "labels came since that it has not seen".into();
        return Err(Rejection::ModelConflict { model, reason });
    }
    let before = state.parameters(type_id).unwrap_or_default();
    out.push(Event::ModelPromoted(Box::new(ModelPromoted {
        type_id,
        model,
        cause,
        parameters,
        replaced: type_state.model,
        before,
    })));
    lose_certificate(type_id, type_state, "another model came into force", out);
    Ok(())
}
