//! Scenario types and their models.

use axum::response::Response;
use npo_api::Problem;
use npo_api::scenario as api;
use npo_core::Command;

use super::decisions::nothing_happened;
use crate::convert::scenario_type::{detail, sent};
use crate::http::call::{Call, in_body, in_path, reply, reply_once};

/// Lists scenario types.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let items = call.app.engine.read(|state| state.types().iter().map(detail).collect());
    reply(200, &api::ScenarioTypeList { items })
}

/// Shows a scenario type and what was learned.
pub(super) async fn show(call: Call) -> Result<Response, Problem> {
    let name = &call.parameter;
    let found = call.app.engine.read(|state| state.require_type(name).map(|(_, t)| detail(t)));
    reply(200, &found.map_err(|rejection| in_path(rejection.into()))?)
}

/// Puts a version of a scenario type in force.
pub(super) async fn activate(call: Call) -> Result<Response, Problem> {
    let definition = sent(call.json()?)?;
    let name = definition.name.clone();
    let command = Command::ActivateScenarioType(Box::new(definition));
    let order = call.app.engine.order(call.caller().person, call.request(), command);
    let receipt = order.await.map_err(in_body)?;
    let found = call.app.engine.read(|state| state.type_named(&name).map(|(_, t)| detail(t)));
    reply_once(201, receipt.replayed, &found.ok_or_else(nothing_happened)?)
}
