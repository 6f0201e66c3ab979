//! Alertmanager's webhook: a group that fires becomes a proposal, its end a withdrawal.
//!
//! Alertmanager repeats a group until it is resolved; the same alerts, started at the same times,
//! are the same proposal and give the same decision.
//! How a group is read is in `alertmanager/reading.rs`.

mod reading;

use axum::response::Response;
use npo_api::Problem;
use npo_api::alertmanager::{AlertStatus, AlertmanagerNotification, AlertmanagerReceipt};
use npo_core::decide::{Features, NamedProposal, Withdrawn};
use npo_core::state::Closing;
use npo_core::{Command, DecisionId, Event, Rejection};
use npo_engine::{Engine, Receipt, request_key};

use crate::http::call::{Call, in_body, reply_once};
use crate::http::problem::field;
use reading::Reading;

/// The version of the webhook that is understood.
const VERSION: &str = "4";

/// Takes a notification.
pub(super) async fn notify(call: Call) -> Result<Response, Problem> {
    let notification: AlertmanagerNotification = call.json()?;
    if notification.version != VERSION {
        let found: String = notification.version.chars().take(64).collect();
        return Err(field("version", &format!("`{found}`"), "`4`, the webhook's version"));
    }
    let (found, max) = (notification.alerts.len(), call.app.config.limits.alertmanager_alerts);
    if found > max {
        return Err(field("alerts", &format!("{found} alerts"), &format!("at most {max}")));
    }
    if notification.group_key.is_empty() {
        return Err(field("groupKey", "empty", "the key of the group"));
    }
    match notification.status {
        AlertStatus::Firing => propose(&call, &notification).await,
        AlertStatus::Resolved => withdraw(&call, &notification).await,
    }
}

async fn propose(
    call: &Call,
    notification: &AlertmanagerNotification,
) -> Result<Response, Problem> {
    let reading = Reading::new(notification);
    if reading.firing() == 0 {
        return Err(field("alerts", "without a firing alert", "at least one, as the group fires"));
    }
    let engine = &call.app.engine;
    let (entity, site) = (reading.entity(), reading.site());
    let asked = engine.read(|state| {
        let (type_id, type_state) = state.require_type(reading.scenario_type())?;
        let definition = type_state.definition();
        let repeats = state.open().correlated(reading.correlation()).len();
        let features = reading.features(definition, repeats, Engine::now());
        // What a group does not say itself is the type's first action, its mildest.
        let usual = definition.actions.first().map(|action| action.name.clone());
        // An entity stays where it was first seen. Rules differ in their labels, and a notification
        // that is refused is lost; what this one says is among the facts.
        let known = state.scenarios().find(type_id, &entity).and_then(|id| state.scenario(id));
        let moved = known.is_some_and(|scenario| scenario.site != site);
        Ok::<_, Rejection>((features, usual.unwrap_or_default(), moved))
    });
    let (features, usual, moved) = asked.map_err(|rejection| in_body(rejection.into()))?;
    let features = features?;
    let proposal = || NamedProposal {
        scenario_type: reading.scenario_type(),
        entity: &entity,
        site: if moved { "" } else { &site },
        action: reading.action().unwrap_or(&usual),
        features: Features::Named(features.iter().map(|(n, v)| (n.as_str(), *v)).collect()),
        text: reading.text(),
    };
    let receipt = ask(call, reading.identity(), proposal).await?;
    let decisions = ids(&receipt);
    let withdrawn = match (receipt.replayed, decisions.first()) {
        (false, Some(latest)) => supersede(call, reading.correlation(), latest).await?,
        _ => vec![],
    };
    reply_once(200, receipt.replayed, &AlertmanagerReceipt { decisions, withdrawn })
}

/// Proposes once per identity of the group; anew if what was asked before expired unanswered, since
/// the alerts still fire.
async fn ask<'a>(
    call: &Call,
    mut identity: String,
    proposal: impl Fn() -> NamedProposal<'a>,
) -> Result<Receipt, Problem> {
    let (engine, person) = (&call.app.engine, call.caller().person);
    loop {
        let request = request_key(person, call.endpoint.id, &identity, identity.as_bytes());
        let receipt = engine.propose(person, Some(request), proposal()).await.map_err(in_body)?;
        let expired = receipt.replayed.then(|| expired(engine, &receipt)).flatten();
        match expired {
            Some(id) => identity = format!("{identity} after {id}"),
            None => return Ok(receipt),
        }
    }
}

/// The decision of an earlier answer, if nobody answered it in time.
fn expired(engine: &Engine, receipt: &Receipt) -> Option<DecisionId> {
    let made = receipt.events.iter().find_map(|(_, envelope)| match &envelope.event {
        Event::DecisionMade(made) => Some(made),
        _ => None,
    })?;
    let unanswered = engine.read(|state| match state.open().get(made.id) {
        Some(open) => open.answers.is_empty() && open.closing == Closing::Expired,
        // No longer remembered, so long done.
        None => made.asks(),
    });
    unanswered.then_some(made.id)
}

/// A group that changed has one open decision: the latest.
async fn supersede(call: &Call, correlation: &str, latest: &str) -> Result<Vec<String>, Problem> {
    let engine = &call.app.engine;
    let older = engine.read(|state| {
        let older = |id: &&DecisionId| {
            let waits = state.open().get(**id).is_some_and(|open| open.answers.is_empty());
            waits && id.to_string() != latest
        };
        state.open().correlated(correlation).iter().filter(older).copied().collect::<Vec<_>>()
    });
    let mut withdrawn = Vec::new();
    for id in older {
        let reason = format!("the group changed; {latest} is about what it is now");
        let command = Command::Withdraw { what: Withdrawn::Decision(id), reason };
        // It may have been answered or have expired just now; then it is not withdrawn.
        if let Ok(receipt) = engine.order(call.caller().person, None, command).await {
            withdrawn.extend(ids(&receipt));
        }
    }
    Ok(withdrawn)
}

async fn withdraw(
    call: &Call,
    notification: &AlertmanagerNotification,
) -> Result<Response, Problem> {
    let reading = Reading::new(notification);
    let what = Withdrawn::Correlation(reading.correlation().to_owned());
    let command = Command::Withdraw { what, reason: "all alerts of the group are resolved".into() };
    let order = call.app.engine.order(call.caller().person, None, command);
    let receipt = order.await.map_err(in_body)?;
    let withdrawn = ids(&receipt);
    reply_once(200, false, &AlertmanagerReceipt { decisions: vec![], withdrawn })
}

fn ids(receipt: &Receipt) -> Vec<String> {
    let id = |event: &Event| match event {
        Event::DecisionMade(made) => Some(made.id.to_string()),
        Event::DecisionWithdrawn { id, .. } => Some(id.to_string()),
        _ => None,
    };
    receipt.events.iter().filter_map(|(_, envelope)| id(&envelope.event)).collect()
}
