//! The log, as auditors and streams see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One event of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Position in the log, from 1.
    pub position: u64,
    /// When, RFC 3339.
    pub at: String,
    /// Handle of who caused it; `npo` for npo itself.
    pub actor: String,
    /// What happened: decision-made, feedback-given, decision-expired and so on.
    pub kind: String,
    /// Every number and word of it.
    pub data: serde_json::Value,
    /// SHA-256 of this event chained to its predecessor, hexadecimal.
    pub hash: String,
}

/// One page of events, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventPage {
    /// The events.
    pub items: Vec<Event>,
    /// Pass as `after` for the next page; absent at the head of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<u64>,
}

/// What part of the log to list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventQuery {
    /// Events after this position; from the start if absent.
    pub after: Option<u64>,
    /// At most so many, 1 to 1000; 100 if absent.
    pub limit: Option<u32>,
}
