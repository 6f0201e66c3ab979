//! The monitor: what it watches, what it did, whether it deserves trust, and where people and policy
//! part ways.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::oversight::{Estimate, Gauge, Hold};

/// What the monitor watches and did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Monitor {
    /// Its settings; absent where the profile watches nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<MonitorSettings>,
    /// Over all scenario types.
    pub fidelity: Fidelity,
    /// Per scenario type.
    pub scenario_types: Vec<TypeMonitor>,
    /// What is held now.
    pub holds: Vec<Hold>,
    /// What the monitor did, newest first, at most 200.
    pub actions: Vec<MonitorAct>,
    /// Looks that wait for a verdict, newest first.
    pub waiting: Vec<WaitingLook>,
}

/// Constants of the monitor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MonitorSettings {
    /// Closed episodes of one look.
    pub look_every: u32,
    /// Probability with which a look without an action is sent for a verdict.
    pub audit_looks: f64,
    /// Observations that pass on average before a gauge raises a false alarm.
    pub run_length: f64,
    /// By how much people may override more often than the score says.
    pub margin: f64,
    /// Override rate of what was surfaced that calls for suppression.
    pub suppress_rate: f64,
    /// Share of decisions that expire unanswered which is still fine.
    pub unanswered_rate: f64,
    /// Share of late answers which is still fine.
    pub slow_rate: f64,
    /// A source is silent after this many times the usual time between its proposals.
    pub silence_factor: f64,
    /// A source is never called silent before this many seconds.
    pub silence_min_s: u32,
    /// Closed episodes between two actions of one kind.
    pub cooldown: u32,
}

/// The monitor of one scenario type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TypeMonitor {
    /// Scenario type.
    pub scenario_type: String,
    /// Gauges of the type, then of its sites.
    pub gauges: Vec<Gauge>,
    /// Episodes closed so far.
    pub episodes: u64,
    /// Episodes closed since the last look.
    pub since_look: u64,
    /// Whether the monitor deserves trust here.
    pub fidelity: Fidelity,
    /// Whether surfaced decisions go to approvers until somebody settles it.
    pub escalated: bool,
    /// Whether a retraining is wanted and not yet done.
    pub retrain_due: bool,
    /// When the last proposal came, and when silence would be called.
    pub source: Source,
    /// The last refit, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_refit: Option<LastRefit>,
}

/// Whether proposals still come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// When the last proposal came, RFC 3339; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_proposal: Option<String>,
    /// Usual seconds between two proposals; 0 without experience.
    pub usual_gap_s: f64,
    /// Seconds of silence after which the source is called silent; absent without experience.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_after_s: Option<f64>,
    /// Whether the present silence was reported.
    pub silent: bool,
}

/// The last refit of a scenario type's model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LastRefit {
    /// The model, such as `m3`.
    pub model: String,
    /// Position of its event in the log.
    pub position: u64,
    /// Whether it passed the gate.
    pub passed: bool,
    /// Whether it is in force.
    pub in_force: bool,
}

/// How far a monitor can be trusted, from a random sample of its looks that people judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fidelity {
    /// What it comes to, in words; says so if there are not enough verdicts.
    pub summary: String,
    /// Looks at which the monitor acted.
    pub acted: Looks,
    /// Looks at which it kept silent.
    pub silent: Looks,
    /// Share of looks that were right, in [0, 1].
    pub fidelity: Estimate,
    /// The same of a monitor that never acts: what the number above has to beat.
    pub never_acting: Estimate,
    /// Youden's J, in [-1, 1]; 0 for a monitor that acts at random.
    pub youden: Estimate,
    /// Share of acted looks that called for action, in [0, 1].
    pub precision: Estimate,
    /// Probability that any of these intervals is ever wrong, however often one looks.
    pub delta: f64,
}

/// Looks of one kind, and what verdicts said about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Looks {
    /// Looks made.
    pub total: u64,
    /// Looks with a verdict.
    pub judged: u64,
    /// Verdicts that found the monitor right.
    pub right: u64,
}

/// Something that the monitor did, with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MonitorAct {
    /// Position in the log.
    pub position: u64,
    /// When, RFC 3339.
    pub at: String,
    /// On which scenario type.
    pub scenario_type: String,
    /// What it did: retrain, adapt, escalate, suppress, certify, decertify, level.
    pub action: String,
    /// Why, in words.
    pub evidence: String,
    /// The gauge that called, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gauge: Option<Gauge>,
}

/// A look that waits for a verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitingLook {
    /// Scenario type.
    pub scenario_type: String,
    /// Number of the look within it, from 1.
    pub look: u64,
    /// When its window ended, RFC 3339.
    pub at: String,
    /// Whether the monitor acted in it.
    pub acted: bool,
    /// What is asked, in words.
    pub question: String,
}

/// Where people override what policy allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Divergence {
    /// What it comes to, in words.
    pub summary: String,
    /// Answered decisions that policy allowed, newest first, as far as they were looked at.
    pub rows: u64,
    /// Overrides among them.
    pub overrides: u64,
    /// Position in the log from which on events were looked at.
    pub from_position: u64,
    /// Position up to which they were.
    pub until_position: u64,
    /// Bound on the expected share of false findings.
    pub q: f64,
    /// Override rate that is fine wherever it occurs.
    pub tolerance: f64,
    /// Fewest decisions of a slice that is tested.
    pub at_least: u32,
    /// Slices, the strongest evidence first.
    pub findings: Vec<DivergenceFinding>,
}

/// A slice in which people object to what policy allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DivergenceFinding {
    /// One or two conditions that describe it.
    pub slice: Vec<Condition>,
    /// Overridden decisions of the slice.
    pub overrides: u64,
    /// All answered decisions of the slice.
    pub labels: u64,
    /// Override rate in the slice, with the interval of this slice alone.
    pub rate: Estimate,
    /// Override rate of the rest, or the tolerance if that is larger.
    pub baseline: f64,
    /// p-value of the slice by itself.
    pub p: f64,
    /// p-value adjusted for the number of slices tested.
    pub q: f64,
    /// A rule to consider, in words. npo never edits a policy.
    pub suggestion: String,
    /// The same as a file of the policy bundle, in Rego.
    pub rego: String,
}

/// A condition on a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Condition {
    /// What it is about, as policies name it: `scenario.site`, `features.utilisation`.
    pub key: String,
    /// The value, or the range of values.
    pub value: String,
}
