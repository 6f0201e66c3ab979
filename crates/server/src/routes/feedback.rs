//! Answers of people and outcomes from the world.

use axum::response::Response;
use npo_api::Problem;
use npo_api::feedback as api;
use npo_core::decide::AnswerOrder;
use npo_core::event::{Channel, Provenance};
use npo_core::{Command, DecisionId, Event};

use super::decisions::nothing_happened;
use crate::convert::{feedback, people};
use crate::http::call::{Call, in_path, reply_once};
use crate::http::problem::field;

/// Answers a decision.
pub(super) async fn give(call: Call) -> Result<Response, Problem> {
    let decision: DecisionId = call.id("unknown-decision")?;
    let answer: api::FeedbackRequest = call.json()?;
    let by = call.caller().person;
    let order = AnswerOrder {
        decision,
        by,
        signal: feedback::signal_given(answer.signal),
        provenance: Provenance {
            channel: answer.channel.as_deref().map_or(Ok(Channel::Api), channel)?,
            open_ms: 0,
            viewed_ms: answer.viewed_ms,
            explanation: answer.explanation_version,
            reason: answer.reason.filter(|reason| !reason.trim().is_empty()),
            confidence: answer.confidence,
            consent: answer.consent,
        },
    };
    let command = Command::Answer(order);
    let receipt = call.app.engine.order(by, call.request(), command).await.map_err(in_path)?;
    let (position, envelope) = receipt.events.first().ok_or_else(nothing_happened)?;
    let Event::FeedbackGiven(given) = &envelope.event else { return Err(nothing_happened()) };
    let handle = call.app.engine.read(|state| people::handle(state, given.by));
    let mut recorded = feedback::feedback(*position, envelope.at, given, handle);
    recorded.replayed = receipt.replayed;
    reply_once(201, receipt.replayed, &recorded)
}

fn channel(name: &str) -> Result<Channel, Problem> {
    Channel::from_name(name).ok_or_else(|| {
        let found: String = name.chars().take(64).collect();
        let known: Vec<_> = Channel::ALL.iter().map(|channel| channel.name()).collect();
        field("channel", &format!("`{found}`"), &format!("one of {}", known.join(", ")))
    })
}

/// Records what the world did after the action.
pub(super) async fn outcome(call: Call) -> Result<Response, Problem> {
    let id: DecisionId = call.id("unknown-decision")?;
    let outcome = feedback::outcome_reported(call.json()?);
    let command = Command::Observe { id, outcome };
    let order = call.app.engine.order(call.caller().person, call.request(), command);
    let receipt = order.await.map_err(in_path)?;
    let (position, _) = receipt.events.first().ok_or_else(nothing_happened)?;
    reply_once(201, receipt.replayed, &api::Recorded { position: *position })
}
