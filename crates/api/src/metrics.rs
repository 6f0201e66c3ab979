//! Alignment in numbers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far npo agrees with its people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alignment {
    /// Name of the profile in force.
    pub profile: String,
    /// Per scenario type.
    pub scenario_types: Vec<TypeAlignment>,
    /// Per person who answered.
    pub operators: Vec<OperatorTrust>,
}

/// Agreement in one scenario type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TypeAlignment {
    /// Scenario type.
    pub scenario_type: String,
    /// Decisions by disposition.
    pub decisions: std::collections::BTreeMap<String, u64>,
    /// Answers by signal.
    pub answers: std::collections::BTreeMap<String, u64>,
    /// Mean alignment loss of all answers, in [0, 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alignment_loss: Option<f64>,
    /// Mean loss per episode, abstentions at their fixed loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode_loss: Option<f64>,
    /// Moving average of the reward, in [-1, 1].
    pub reward: f64,
    /// Share of overrides among likes and overrides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_rate: Option<f64>,
    /// Its 95 % Wilson interval; not valid under repeated looks.
    pub override_rate_interval: [f64; 2],
    /// Decisions that expired.
    pub expired: u64,
    /// Decisions that were withdrawn.
    pub withdrawn: u64,
}

/// Belief about one operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperatorTrust {
    /// Handle.
    pub handle: String,
    /// Mean reliability, in (0, 1).
    pub reliability: f64,
    /// Soft count of right answers, prior included.
    pub right: f64,
    /// Soft count of wrong answers, prior included.
    pub wrong: f64,
    /// Wrong more often than right: reported, never silently dropped.
    pub adverse: bool,
}

/// Health of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`, or what is wrong.
    pub status: String,
    /// Position of the last durable event.
    pub position: u64,
    /// Version of npo.
    pub version: String,
}
