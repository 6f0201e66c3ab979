//! Refitted models: frozen datasets, fits, promotion, rollback.

use super::{Out, check_text};
use crate::event::{
    DatasetFrozen, Event, ModelFitted, ModelPromoted, PromotionCause,
};
use crate::ids::TypeId;
use crate::learning::refit::Parameters;
use crate::proposal::LINE_MAX;
use crate::rejection::Rejection;
use crate::state::{State, TypeState};

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

fn known(state: &State, type_id: TypeId) -> Result<&TypeState, Rejection> {
    let unknown =
        || Rejection::UnknownScenarioType { name: type_id.to_string(), known: String::new() };
    state.type_state(type_id).ok_or_else(unknown)
}

pub(super) fn freeze(
    state: &State,
    dataset: DatasetFrozen,
    out: &mut Out,
) -> Result<(), Rejection> {
    known(state, dataset.type_id)?;
    if dataset.id != state.datasets() + 1 || dataset.until > state.position() {
        return Err(Rejection::RefitConflict);
    }
    out.push(Event::DatasetFrozen(dataset));
    Ok(())
}

pub(super) fn record(state: &State, order: FitOrder, out: &mut Out) -> Result<(), Rejection> {
    let FitOrder { fitted, generation } = order;
    let type_state = known(state, fitted.type_id)?;
    if fitted.id != state.models() + 1 {
        return Err(Rejection::RefitConflict);
    }
    check(type_state, fitted.id, &fitted.parameters)?;
    if type_state.generation != generation {
        let reason = "what it was fitted to was thrown away meanwhile".into();
        return Err(Rejection::ModelConflict { model: fitted.id, reason });
    }
    out.push(Event::ModelFitted(Box::new(fitted)));
    Ok(())
}

fn check(type_state: &TypeState, model: u32, parameters: &Parameters) -> Result<(), Rejection> {
    let dim = type_state.posterior.as_ref().map_or(0, |p| p.dim());
    let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
    let Parameters { mean, covariance, effects } = parameters;
    let sound = finite(mean)
        && finite(covariance)
        && effects.iter().all(|(_, mean, variance)| mean.is_finite() && *variance >= 0.0);
    if dim == 0 || mean.len() != dim || covariance.len() != dim * dim || !sound {
        let reason =
            format!("it has {} weights, the scenario type has {dim} inputs", mean.len());
        return Err(Rejection::ModelConflict { model, reason });
    }
    Ok(())
}

pub(super) fn promote(state: &State, order: PromoteOrder, out: &mut Out) -> Result<(), Rejection> {
    let PromoteOrder { type_id, model, cause, parameters, until } = order;
    let type_state = known(state, type_id)?;
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
    check(type_state, model, &parameters)?;
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
    Ok(())
}
