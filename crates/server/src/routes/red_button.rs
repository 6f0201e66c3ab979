//! The red button on a scope: whoever sees something go wrong presses, people with authority release.

use axum::response::Response;
use npo_api::Problem;
use npo_api::oversight as api;
use npo_core::Command;
use npo_core::oversight::Scope;

use crate::convert::oversight::{ScopeError, red_button, scope_ordered};
use crate::http::call::{Call, in_body, reply, reply_once};

/// Lists what is held.
pub(super) async fn list(call: Call) -> Result<Response, Problem> {
    reply(200, &call.app.engine.read(red_button))
}

/// Presses the red button.
pub(super) async fn press(call: Call) -> Result<Response, Problem> {
    let (scope, reason) = ordered(&call)?;
    carry_out(call, 201, Command::PressRedButton { scope, reason }).await
}

/// Releases what is held.
pub(super) async fn release(call: Call) -> Result<Response, Problem> {
    let (scope, reason) = ordered(&call)?;
    carry_out(call, 200, Command::ReleaseRedButton { scope, reason }).await
}

fn ordered(call: &Call) -> Result<(Scope, String), Problem> {
    let api::RedButtonOrder { scope, reason } = call.json()?;
    match call.app.engine.read(|state| scope_ordered(state, scope)) {
        Ok(scope) => Ok((scope, reason)),
        Err(ScopeError::Rejected(rejection)) => Err(in_body(rejection.into())),
        Err(ScopeError::Malformed(problem)) => Err(problem),
    }
}

async fn carry_out(call: Call, status: u16, command: Command) -> Result<Response, Problem> {
    let order = call.app.engine.order(call.caller().person, call.request(), command);
    let receipt = order.await.map_err(in_body)?;
    reply_once(status, receipt.replayed, &call.app.engine.read(red_button))
}
