//! Refitted models: list, refit, promote, roll back.
//!
//! A refit reads the log and ends in several orders, so that no single event could answer a repeated
//! request; an idempotency key is refused rather than ignored.
//! Nothing is lost by it: two refits run one after the other, and what is in force already is not
//! promoted again.

use axum::response::Response;
use npo_api::Problem;
use npo_api::model as api;
use npo_core::{State, TypeId};
use npo_engine::RefitError;

use super::decisions::{event, nothing_happened};
use super::thresholds::type_in_path;
use crate::app::App;
use crate::convert::model;
use crate::http::call::{Call, in_body, in_path, reply};
use crate::http::problem::internal;

/// Models shown per scenario type at most.
const MODELS_MAX: usize = 50;

/// Lists refitted models with their evaluations.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let list = call
        .blocking(|app| {
            let types = app.engine.read(|state| state.types().len());
            let types = (0u32..).map(TypeId).take(types);
            let items = types.map(|type_id| of_type(app, type_id)).collect::<Result<_, _>>()?;
            Ok(api::ModelList { items })
        })
        .await?;
    reply(200, &list)
}

/// Refits a model now.
pub(super) async fn refit(call: Call) -> Result<Response, Problem> {
    no_key(&call)?;
    let api::RefitRequest { scenario_type } = call.json()?;
    let found = |state: &State| state.require_type(&scenario_type).map(|(id, _)| id);
    let type_id = call.app.engine.read(found).map_err(|rejection| in_body(rejection.into()))?;
    let by = call.caller().person;
    let fitted = call
        .blocking(move |app| {
            let summary = app.engine.refit_blocking(by, type_id).map_err(refused)?;
            let wanted = model::id(summary.model);
            let found = of_type(app, type_id)?.models.into_iter().find(|model| model.id == wanted);
            found.ok_or_else(nothing_happened)
        })
        .await?;
    reply(201, &fitted)
}

/// Puts a refitted model in force.
pub(super) async fn promote(call: Call) -> Result<Response, Problem> {
    no_key(&call)?;
    let number = model::number(&call.parameter).ok_or_else(|| {
        let found: String = call.parameter.chars().take(64).collect();
        let detail = format!("`{found}` is not the id of a model, expected `m` and digits");
        Problem::new(404, "unknown-model", detail)
    })?;
    let npo_api::oversight::Reason { reason } = call.json()?;
    let by = call.caller().person;
    let now = call
        .blocking(move |app| {
            app.engine.promote_blocking(by, number, reason).map_err(refused)?;
            let type_id = app.engine.read(|state| {
                let has = |t: &npo_core::state::TypeState| t.models.iter().any(|m| m.id == number);
                (0u32..).map(TypeId).zip(state.types()).find(|(_, t)| has(t)).map(|(id, _)| id)
            });
            of_type(app, type_id.ok_or_else(nothing_happened)?)
        })
        .await?;
    reply(200, &now)
}

/// Puts the model before the present one back in force.
pub(super) async fn roll_back(call: Call) -> Result<Response, Problem> {
    no_key(&call)?;
    let type_id = type_in_path(&call)?;
    let npo_api::oversight::Reason { reason } = call.json()?;
    let by = call.caller().person;
    let now = call
        .blocking(move |app| {
            app.engine.roll_back_blocking(by, type_id, reason).map_err(refused)?;
            of_type(app, type_id)
        })
        .await?;
    reply(200, &now)
}

fn no_key(call: &Call) -> Result<(), Problem> {
    match &call.key {
        None => Ok(()),
        Some(_) => {
            let detail = "`Idempotency-Key` is given, expected none: models are refitted, promoted and rolled back by several orders, which no key can repeat; list the models to see what became of an earlier request";
            Err(Problem::new(400, "invalid-idempotency-key", detail))
        }
    }
}

/// Models of a scenario type, newest first. Blocks.
fn of_type(app: &App, type_id: TypeId) -> Result<api::TypeModels, Problem> {
    let known = app.engine.read(|state| {
        let of = state.type_state(type_id)?;
        Some(of.models.iter().rev().take(MODELS_MAX).copied().collect::<Vec<_>>())
    });
    let known = known.ok_or_else(nothing_happened)?;
    let fitted = known.iter().map(|known| event(app, known.fitted_at));
    let fitted = fitted.collect::<Result<Vec<_>, _>>()?;
    let models = app.engine.read(|state| {
        let of = state.type_state(type_id)?;
        let models = known.iter().zip(&fitted);
        let models = models.filter_map(|(known, envelope)| model::model(of, known, envelope));
        Some(model::of_type(of, models.collect()))
    });
    models.ok_or_else(nothing_happened)
}

fn refused(error: RefitError) -> Problem {
    let detail = error.to_string();
    match error {
        RefitError::Unknown(_) => Problem::new(404, "unknown-model", detail),
        RefitError::Busy | RefitError::Outrun(_) => Problem::new(409, "refit-conflict", detail),
        RefitError::Scorer(_) | RefitError::NothingBefore(_) => {
            Problem::new(409, "model-conflict", detail)
        }
        RefitError::TooFew(_) => Problem::new(409, "too-few-labels", detail),
        RefitError::Closing => Problem::new(503, "log-unavailable", detail),
        RefitError::Read(error) => internal("the log could not be read", &error),
        RefitError::Refused(refusal) => in_path(refusal),
    }
}
