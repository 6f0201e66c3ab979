//! Refitted models: what they were fitted to, how they did on labels that they had not seen.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::oversight::Estimate;

/// Models of all scenario types.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelList {
    /// Per scenario type.
    pub items: Vec<TypeModels>,
}

/// Models of one scenario type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TypeModels {
    /// Scenario type.
    pub scenario_type: String,
    /// The model in force, such as `m3`; `m0` is what was learned online from the start.
    pub in_force: String,
    /// Updates that it has seen.
    pub updates: u64,
    /// Whether a refit is wanted and not yet done.
    pub refit_due: bool,
    /// Refitted models, newest first, at most 50.
    pub models: Vec<Model>,
}

/// A refitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    /// Id, such as `m3`.
    pub id: String,
    /// Scenario type.
    pub scenario_type: String,
    /// Number of the frozen set of labels that it was fitted to.
    pub dataset: u32,
    /// When it was fitted, RFC 3339.
    pub fitted_at: String,
    /// Position of that in the log.
    pub position: u64,
    /// Whether it is in force.
    pub in_force: bool,
    /// Position in the log at which it last came into force, if it ever did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_at: Option<u64>,
    /// Whether it can still come into force: what it was fitted to may have been thrown away.
    pub usable: bool,
    /// Drift that the labels were read with.
    pub drift: f64,
    /// Held-out evaluation against the model that was in force.
    pub evaluation: Evaluation,
}

/// Held-out evaluation of a refitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evaluation {
    /// Whether it passed the gate.
    pub passed: bool,
    /// Why, or why not, in words.
    pub reason: String,
    /// Labels trained on before the first held-out one.
    pub trained: u32,
    /// Likes and overrides held out.
    pub held_out: u32,
    /// Slices, the whole first.
    pub slices: Vec<SliceScore>,
    /// Calibration of the model that was in force.
    pub before: ModelCalibration,
    /// Calibration of this model.
    pub after: ModelCalibration,
}

/// How one slice fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SliceScore {
    /// Which; `all` for the whole.
    pub slice: String,
    /// Likes and overrides in it.
    pub rows: u32,
    /// Mean log loss of the model that was in force, in nats.
    pub before: f64,
    /// Mean log loss of this model.
    pub after: f64,
    /// 95 % interval of the mean paired difference, after − before.
    pub difference: [f64; 2],
    /// Whether it got worse beyond its tolerance.
    pub regressed: bool,
}

/// How well probabilities fit what happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModelCalibration {
    /// Likes and overrides.
    pub rows: u32,
    /// Mean squared error.
    pub brier: Estimate,
    /// Expected calibration error.
    pub ece: Estimate,
    /// Slope of a logistic recalibration; 1 is right, below 1 is too sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope: Option<f64>,
}

/// Asks for a refit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefitRequest {
    /// Of which scenario type.
    pub scenario_type: String,
}
