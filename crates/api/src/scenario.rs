//! Scenario types, and what was learned about scenarios.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::feedback::Feedback;

/// A version of a scenario type; see `docs/scenario-types.md` for every field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioType {
    /// Name, kebab-case, the same in all versions.
    pub name: String,
    /// Version: one more than the version in force.
    pub version: u32,
    /// Title for people.
    pub title: String,
    /// What kind of situation this is.
    pub description: String,
    /// low, medium, high or critical.
    pub risk: String,
    /// Seconds after which an unanswered decision expires.
    pub expires_after_s: u32,
    /// One override costs as much as this many likes.
    pub override_cost: f64,
    /// Prior intercept on the logit.
    pub prior_intercept: f64,
    /// Features, in the order of the input vector.
    pub features: Vec<Feature>,
    /// Candidate actions.
    pub actions: Vec<ActionType>,
}

/// One feature of a scenario type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Name: lower-case letters, digits, underscores.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Unit of the raw value, `1` if it has none.
    pub unit: String,
    /// What it says.
    pub description: String,
    /// Smallest raw value accepted.
    pub min: f64,
    /// Largest raw value accepted.
    pub max: f64,
    /// Raw value that standardises to 0.
    pub center: f64,
    /// Raw difference that standardises to 1.
    pub scale: f64,
    /// Prior weight of the standardised value on the logit.
    pub prior: f64,
}

/// One candidate action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionType {
    /// Name, kebab-case.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// What it does.
    pub description: String,
    /// Prior effect on the logit, 0 for the first action.
    pub prior: f64,
    /// Whether it can be undone.
    pub reversible: bool,
}

/// A scenario type with what was learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScenarioTypeDetail {
    /// The version in force.
    pub definition: ScenarioType,
    /// All versions.
    pub versions: Vec<u32>,
    /// Decisions made.
    pub decisions: u64,
    /// Generation of the model.
    pub model_generation: u32,
    /// Updates that the model has seen.
    pub model_updates: u64,
    /// What each input weighs now.
    pub weights: Vec<Weight>,
}

/// What one input weighs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Weight {
    /// Name of the input.
    pub name: String,
    /// Prior weight.
    pub prior: f64,
    /// Posterior mean.
    pub mean: f64,
    /// Posterior standard deviation.
    pub deviation: f64,
}

/// What was learned about one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scenario {
    /// Id, such as `s7`.
    pub id: String,
    /// Scenario type.
    pub scenario_type: String,
    /// Entity.
    pub entity: String,
    /// Site; may be empty.
    pub site: String,
    /// Decisions made about it.
    pub decisions: u32,
    /// Likes and overrides received.
    pub directed: u32,
    /// Learned effect on the logit (calibrated), posterior mean.
    pub effect: f64,
    /// Its standard deviation.
    pub effect_deviation: f64,
    /// Moving average of the labels (paper).
    pub moving_average: f64,
    /// Score of the latest decision's inputs, as it would be now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_now: Option<f64>,
    /// Latest answers, newest first: how the score moved, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feedback: Vec<Feedback>,
}

/// Filters of a list of scenarios.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScenarioQuery {
    /// Only this scenario type.
    pub scenario_type: Option<String>,
    /// Only this entity.
    pub entity: Option<String>,
    /// Where the previous page ended.
    pub cursor: Option<String>,
    /// At most so many, 1 to 500; 50 if absent.
    pub limit: Option<u32>,
}

/// One page of scenarios.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScenarioPage {
    /// The scenarios.
    pub items: Vec<Scenario>,
    /// Pass as `cursor` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// All scenario types.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScenarioTypeList {
    /// The scenario types.
    pub items: Vec<ScenarioTypeDetail>,
}
