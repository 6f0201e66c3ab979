//! Decisions taken back by their source.

use axum::response::Response;
use npo_api::Problem;
use npo_api::decision as api;
use npo_core::decide::Withdrawn;
use npo_core::event::RequestKey;
use npo_core::{Command, DecisionId, Event};
use npo_engine::Receipt;

use crate::app::App;
use crate::http::call::{Call, in_path, reply_once};
use crate::http::problem::{field, internal};

/// Takes one decision back.
pub(super) async fn decision(call: Call) -> Result<Response, Problem> {
    let id: DecisionId = call.id("unknown-decision")?;
    let withdrawal: api::Withdrawal = call.json()?;
    if withdrawal.correlation.is_some() {
        return Err(field("correlation", "given", "absent, since the path names the decision"));
    }
    withdraw(call, Withdrawn::Decision(id), withdrawal.reason).await
}

/// Takes all open decisions about a condition back.
pub(super) async fn condition(call: Call) -> Result<Response, Problem> {
    let api::Withdrawal { correlation, reason } = call.json()?;
    let correlation =
        correlation.filter(|correlation| !correlation.is_empty()).ok_or_else(|| {
            field("correlation", "missing", "what the proposals gave as `correlation`")
        })?;
    withdraw(call, Withdrawn::Correlation(correlation), reason).await
}

async fn withdraw(call: Call, what: Withdrawn, reason: String) -> Result<Response, Problem> {
    let request = call.request();
    let order = Command::Withdraw { what, reason };
    let receipt =
        call.app.engine.order(call.caller().person, request, order).await.map_err(in_path)?;
    let replayed = receipt.replayed;
    let withdrawn = call.blocking(move |app| withdrawn(app, &receipt, request)).await?;
    reply_once(200, replayed, &api::Withdrawn { withdrawn })
}

/// Ids of the decisions that an order took back. An earlier order is read from the log again, as
/// its receipt has only the first event.
fn withdrawn(
    app: &App,
    receipt: &Receipt,
    request: Option<RequestKey>,
) -> Result<Vec<String>, Problem> {
    let id = |event: &Event| match event {
        Event::DecisionWithdrawn { id, .. } => Some(id.to_string()),
        _ => None,
    };
    let mut ids: Vec<_> = receipt.events.iter().filter_map(|(_, e)| id(&e.event)).collect();
    let Some((first, _)) = receipt.events.first().filter(|_| receipt.replayed) else {
        return Ok(ids);
    };
    for position in first + 1.. {
        let found = app.engine.event(position);
        let found = found.map_err(|error| internal("an event could not be read", &error))?;
        match found {
            Some((envelope, _)) if envelope.request == request => ids.extend(id(&envelope.event)),
            _ => break,
        }
    }
    Ok(ids)
}
