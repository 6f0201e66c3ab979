//! Feedback and outcomes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An operator's answer to one decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRequest {
    /// like, neutral, skipped or override (the red button on this one decision).
    pub signal: Signal,
    /// Why, at most 1024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How sure you are, in [0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Milliseconds for which the decision was on your screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewed_ms: Option<u64>,
    /// Version of the explanation that you were shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation_version: Option<u32>,
    /// Through which channel: api, cli, watch, console, chat, simulation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Whether the answer may be used for learning; without it, it counts for the metrics only.
    #[serde(default = "yes")]
    pub consent: bool,
}

fn yes() -> bool {
    true
}

/// The four signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// Affirms the action.
    Like,
    /// Seen, no opinion.
    Neutral,
    /// Abstains from judging.
    Skipped,
    /// The red button on one decision: the action must not happen.
    Override,
}

/// An answer, as it was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Feedback {
    /// The decision.
    pub decision: String,
    /// The scenario that learned from it.
    pub scenario: String,
    /// Handle of the person.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// The answer.
    pub signal: Signal,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How sure the person was, in [0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Through which channel.
    pub channel: String,
    /// Milliseconds from decision to answer.
    pub open_ms: u64,
    /// Milliseconds on screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewed_ms: Option<u64>,
    /// Version of the explanation shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation_version: Option<u32>,
    /// Whether it may be used for learning.
    pub consent: bool,
    /// Alignment loss, in [0, 1].
    pub loss: f64,
    /// Whether anything was learned from it.
    pub learned: bool,
    /// What was learned, or why nothing was, in words.
    pub lesson: String,
    /// Score of the same proposal before.
    pub score_before: f64,
    /// Score of the same proposal after.
    pub score_after: f64,
    /// Position in the log.
    pub position: u64,
    /// True if this is the answer to an earlier request with the same idempotency key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// What the world did after an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// In a word.
    pub result: OutcomeResult,
    /// Milliseconds from the action until recovery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_recover_ms: Option<u64>,
    /// A note, at most 1024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// In a word, what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeResult {
    /// The condition went away.
    Recovered,
    /// Nothing changed.
    Unchanged,
    /// It got worse.
    Worsened,
    /// The action was not carried out.
    NotCarriedOut,
}

/// That something was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recorded {
    /// Position in the log.
    pub position: u64,
}
