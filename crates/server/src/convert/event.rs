//! Events on the wire, for auditors and for streams.

use npo_api::decision::Decision;
use npo_api::event as api;
use npo_core::ids::hex;
use npo_core::{Envelope, Event};
use npo_engine::Engine;
use serde::Serialize;
use serde_json::{Map, Value};

use super::decision::{Standing, Subject, decision};
use super::people::handle;
use super::time;

/// An event for auditors; `actor` is a handle.
pub(crate) fn event(
    actor: String,
    position: u64,
    envelope: &Envelope,
    hash: &[u8; 32],
) -> api::Event {
    api::Event {
        position,
        at: time::text(envelope.at),
        actor,
        kind: envelope.event.name().to_owned(),
        data: data(&envelope.event),
        hash: hex(hash),
    }
}

/// Whether an event is about who has access, which only auditors may follow.
pub(crate) fn is_private(event: &Event) -> bool {
    event.concerns_access()
}

/// The data of a streamed event: the event, and a decision in words with it.
#[derive(Serialize)]
struct Streamed {
    #[serde(flatten)]
    event: api::Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decision>,
}

/// An event for streams, as JSON in one line.
pub(crate) fn streamed(
    engine: &Engine,
    position: u64,
    envelope: &Envelope,
    hash: &[u8; 32],
) -> String {
    let (actor, subject) = engine.read(|state| {
        let subject = match &envelope.event {
            Event::DecisionMade(made) => Subject::of(state, made),
            _ => None,
        };
        (handle(state, envelope.actor), subject)
    });
    let decision = match (&envelope.event, subject) {
        (Event::DecisionMade(made), Some(subject)) => {
            Some(decision(position, envelope.at, made, &subject, Standing::new(made)))
        }
        _ => None,
    };
    let mut event = event(actor, position, envelope, hash);
    if let (Event::ModelFitted(_) | Event::ModelPromoted(_), Value::Object(data)) =
        (&envelope.event, &mut event.data)
    {
        // Megabytes of weights for whoever watches decisions; `/v1/events` has them.
        data.remove("parameters");
        data.remove("before");
    }
    let streamed = Streamed { event, decision };
    serde_json::to_string(&streamed).unwrap_or_default()
}

/// Every number and word of an event, with digests as hexadecimal text and without those of tokens.
fn data(event: &Event) -> Value {
    let whole = serde_json::to_value(event).unwrap_or_default();
    // Events are written as {"Kind": content}; the kind stands beside the data.
    let content = match whole {
        Value::Object(fields) => fields.into_iter().next().map(|(_, v)| v).unwrap_or_default(),
        other => other,
    };
    let mut data = match content {
        Value::Object(fields) => fields,
        other => Map::from_iter([("id".to_owned(), other)]),
    };
    if matches!(event, Event::TokenIssued(_)) {
        data.remove("digest");
    }
    digests_as_text(&mut data);
    Value::Object(data)
}

fn digests_as_text(fields: &mut Map<String, Value>) {
    for (name, value) in fields {
        if name == "digest" || name == "bundle" {
            let bytes: Option<Vec<u8>> = value.as_array().and_then(|numbers| {
                numbers.iter().map(|n| n.as_u64().and_then(|n| u8::try_from(n).ok())).collect()
            });
            if let Some(bytes) = bytes {
                *value = Value::String(hex(&bytes));
            }
        } else if let Value::Object(inner) = value {
            digests_as_text(inner);
        }
    }
}
