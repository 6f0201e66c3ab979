//! Stored forms of events: numbered kinds, versioned, never reused.
//!
//! Kind and version stand outside the bytes, so that a reader knows what to expect.
//! Bytes of every version ever written are kept as test data in `crates/core/tests/stored/` and
//! decoded in every build; a change of shape is a new version with an upcast in [`decode`].

use crate::event::{Envelope, Event};

/// Version of the stored form that is written today.
pub const VERSION: u8 = 1;

/// Bytes that are not an event of a known kind and version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The kind or its version is not known to this build.
    #[error(
        "event kind {kind} version {version} is unknown to this build; it was written by a newer one"
    )]
    Unknown {
        /// Kind number.
        kind: u16,
        /// Version of the stored form.
        version: u8,
    },
    /// The bytes do not decode.
    #[error("event of kind {kind} version {version} does not decode: {reason}")]
    Corrupt {
        /// Kind number.
        kind: u16,
        /// Version of the stored form.
        version: u8,
        /// What the decoder found.
        reason: String,
    },
}

/// Number of an event's kind. Numbers are never reused.
#[must_use]
pub fn kind(event: &Event) -> u16 {
    match event {
        Event::ProfileActivated(_) => 1,
        Event::ScenarioTypeActivated { .. } => 2,
        Event::PolicyActivated(_) => 3,
        Event::PersonAdded { .. } => 4,
        Event::PersonChanged { .. } => 5,
        Event::TokenIssued(_) => 6,
        Event::TokenRevoked(_) => 7,
        Event::DecisionMade(_) => 10,
        Event::FeedbackGiven(_) => 11,
        Event::DecisionExpired(_) => 12,
        Event::DecisionWithdrawn { .. } => 13,
        Event::OutcomeObserved { .. } => 14,
        Event::MonitorActed { .. } => 15,
        Event::ModelRetrained { .. } => 16,
    }
}

/// Kind, version and bytes of an event.
#[must_use]
pub fn encode(envelope: &Envelope) -> (u16, u8, Vec<u8>) {
    let bytes = postcard::to_extend(envelope, Vec::with_capacity(512))
        .expect("events hold no type that postcard cannot write");
    (kind(&envelope.event), VERSION, bytes)
}

/// Reads an event of any version back.
///
/// # Errors
/// [`DecodeError`] says whether the bytes are of an unknown form or damaged.
pub fn decode(kind: u16, version: u8, bytes: &[u8]) -> Result<Envelope, DecodeError> {
    if version != VERSION || !(1..=7).chain(10..=16).any(|known| known == kind) {
        return Err(DecodeError::Unknown { kind, version });
    }
    let corrupt = |reason: String| DecodeError::Corrupt { kind, version, reason };
    let (envelope, rest) =
        postcard::take_from_bytes::<Envelope>(bytes).map_err(|e| corrupt(e.to_string()))?;
    if !rest.is_empty() {
        return Err(corrupt(format!("{} bytes too many", rest.len())));
    }
    if self::kind(&envelope.event) != kind {
        return Err(corrupt(format!("it holds a {} event", envelope.event.name())));
    }
    Ok(envelope)
}
