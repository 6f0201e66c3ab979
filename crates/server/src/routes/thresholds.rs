//! Thresholds, certificates, and what people grant: autonomy levels and settled escalations.

use axum::response::Response;
use npo_api::Problem;
use npo_api::oversight as api;
use npo_core::{Command, Rejection, State, TypeId};

use crate::convert::oversight::{NOT_COVERED, level_granted, threshold};
use crate::http::call::{Call, in_path, reply, reply_once};

/// Shows thresholds, certificates and the evidence for them.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    let list = call.app.engine.read(|state| api::ThresholdList {
        profile: state.profile().name.clone(),
        items: state.types().iter().map(|t| threshold(state.profile(), t)).collect(),
        not_covered: NOT_COVERED.to_owned(),
    });
    reply(200, &list)
}

/// Grants a scenario type autonomy up to a level.
pub(super) async fn grant(call: Call) -> Result<Response, Problem> {
    let type_id = type_in_path(&call)?;
    let api::AutonomyGrant { level, reason } = call.json()?;
    let command = Command::GrantAutonomy { type_id, ceiling: level_granted(level), reason };
    carry_out(call, type_id, command).await
}

/// Settles an escalation.
pub(super) async fn settle(call: Call) -> Result<Response, Problem> {
    let type_id = type_in_path(&call)?;
    let api::Reason { reason } = call.json()?;
    carry_out(call, type_id, Command::SettleEscalation { type_id, reason }).await
}

/// The scenario type that the path names first.
pub(super) fn type_in_path(call: &Call) -> Result<TypeId, Problem> {
    let found = |state: &State| state.require_type(&call.parameter).map(|(id, _)| id);
    call.app.engine.read(found).map_err(|rejection: Rejection| in_path(rejection.into()))
}

async fn carry_out(call: Call, type_id: TypeId, command: Command) -> Result<Response, Problem> {
    let order = call.app.engine.order(call.caller().person, call.request(), command);
    let receipt = order.await.map_err(in_path)?;
    let now = call.app.engine.read(|state| {
        let type_state = state.type_state(type_id)?;
        Some(threshold(state.profile(), type_state))
    });
    let now = now.ok_or_else(super::decisions::nothing_happened)?;
    reply_once(200, receipt.replayed, &now)
}
