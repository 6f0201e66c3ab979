//! Stored forms of events: numbered kinds, versioned, never reused.
//!
//! Kind and version stand outside the bytes, so that a reader knows what to expect.
//! Bytes of every version ever written are kept as test data in `crates/core/tests/stored/` and
//! decoded in every build; a change of shape is a new version with an upcast in [`decode`].

mod upcast;

use crate::event::{Envelope, Event};

/// Version of the stored form of a kind that is written today; `None` for an unknown kind.
#[must_use]
pub fn version(kind: u16) -> Option<u8> {
    match kind {
        1 => Some(4),
        10 => Some(3),
        4 | 5 | 15 => Some(2),
        2 | 3 | 6 | 7 | 11..=14 | 16..=27 => Some(1),
        _ => None,
    }
}

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
        Event::MonitorLooked { .. } => 17,
        Event::CertificateChanged { .. } => 18,
        Event::AutonomyChanged { .. } => 19,
        Event::RedButtonPressed(_) => 20,
        Event::RedButtonReleased { .. } => 21,
        Event::EscalationSettled { .. } => 22,
        Event::RcaRecorded(_) => 23,
        Event::DatasetFrozen(_) => 24,
        Event::ModelFitted(_) => 25,
        Event::ModelPromoted(_) => 26,
        Event::ReliabilityPooled { .. } => 27,
    }
}

/// Kind, version and bytes of an event.
#[must_use]
pub fn encode(envelope: &Envelope) -> (u16, u8, Vec<u8>) {
    let bytes = postcard::to_extend(envelope, Vec::with_capacity(512))
        .expect("events hold no type that postcard cannot write");
    let kind = kind(&envelope.event);
    (kind, version(kind).expect("every event has a known kind"), bytes)
}

/// Reads an event of any version back.
///
/// # Errors
/// [`DecodeError`] says whether the bytes are of an unknown form or damaged.
pub fn decode(kind: u16, version: u8, bytes: &[u8]) -> Result<Envelope, DecodeError> {
    let corrupt = |reason: String| DecodeError::Corrupt { kind, version, reason };
    let current = self::version(kind).ok_or(DecodeError::Unknown { kind, version })?;
    let read = match version {
        v if v == current => postcard::take_from_bytes::<Envelope>(bytes),
        v => upcast::older(kind, v, bytes).ok_or(DecodeError::Unknown { kind, version })?,
    };
    let (envelope, rest) = read.map_err(|e| corrupt(e.to_string()))?;
    if !rest.is_empty() {
        return Err(corrupt(format!("{} bytes too many", rest.len())));
    }
    if self::kind(&envelope.event) != kind {
        return Err(corrupt(format!("it holds a {} event", envelope.event.name())));
    }
    Ok(envelope)
}
