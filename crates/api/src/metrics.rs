//! Alignment in numbers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::oversight::Estimate;

/// How far npo agrees with its people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alignment {
    /// Name of the profile in force.
    pub profile: String,
    /// Per scenario type.
    pub scenario_types: Vec<TypeAlignment>,
    /// Per person who answered.
    pub operators: Vec<OperatorTrust>,
    /// Per team, where somebody new in it starts; empty if nobody has a team or a site.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<TeamTrust>,
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
    /// Share of overrides among the first likes and overrides of what was recommended; audits,
    /// automatic actions and second answers are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_rate: Option<f64>,
    /// Its 95 % Wilson interval; not valid under repeated looks.
    pub override_rate_interval: [f64; 2],
    /// Its 95 % interval that stays valid however often one looks, and while the rate moves: it is
    /// about the mean rate so far.
    pub override_rate_anytime: [f64; 2],
    /// Decisions that expired.
    pub expired: u64,
    /// Decisions that were withdrawn.
    pub withdrawn: u64,
    /// Whether the score meant what it said of recent answers; absent before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// Whether scores mean what they say, over the latest likes and overrides of a scenario type.
///
/// Each is the first answer to its decision, counted once for every decision that it stands for, and
/// predicted by the score in force just before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Calibration {
    /// What it comes to, in words.
    pub summary: String,
    /// Likes and overrides looked at: the latest, at most 2,000.
    pub rows: u64,
    /// Brier score with its 95 % bootstrap interval.
    pub brier: Estimate,
    /// Mean log loss, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_loss: Option<f64>,
    /// Expected calibration error with its 95 % bootstrap interval.
    pub ece: Estimate,
    /// What that error would be of a perfectly calibrated score on the same rows.
    pub ece_if_calibrated: Estimate,
    /// Slope of a logistic recalibration; 1 is right, below 1 is too sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slope: Option<f64>,
    /// Its intercept; 0 is right, below 0 is too optimistic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intercept: Option<f64>,
    /// The reliability curve, by rising score, in bins of equal mass.
    pub bins: Vec<CalibrationBin>,
}

/// A point of the reliability curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalibrationBin {
    /// Least score in the bin.
    pub from: f64,
    /// Largest score in the bin.
    pub to: f64,
    /// Answers in it.
    pub rows: u64,
    /// Mean score.
    pub predicted: f64,
    /// Share of likes with its interval.
    pub observed: Estimate,
}

/// Belief about one operator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperatorTrust {
    /// Handle.
    pub handle: String,
    /// Mean reliability, in (0, 1).
    pub reliability: f64,
    /// Central 95 % of what is believed about it.
    pub reliability_interval: [f64; 2],
    /// Their site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Their team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Mean reliability that was believed before their own answers: the profile's, or that of their
    /// team and site.
    pub start: f64,
    /// Soft count of right answers, prior included.
    pub right: f64,
    /// Soft count of wrong answers, prior included.
    pub wrong: f64,
    /// Evidence that their answers are by now wrong more often than right: somebody who throws a coin
    /// gets to a value of h by chance after h answers on average.
    pub doubt: f64,
    /// Wrong more often than right, over the whole record or by now: reported, never silently dropped.
    pub adverse: bool,
}

/// Belief about a team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TeamTrust {
    /// Its site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Its name; absent for those at a site who have no team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// People in it.
    pub people: u32,
    /// Soft count of its people's right answers, without any prior.
    pub right: f64,
    /// Soft count of its people's wrong answers, without any prior.
    pub wrong: f64,
    /// Mean reliability that is believed of somebody new in it.
    pub start: f64,
    /// Answers that this counts for.
    pub start_weight: f64,
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
    /// How the sources inside the server fare; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceHealth>,
}

/// How a source inside the server fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceHealth {
    /// Which one, such as `prometheus`.
    pub name: String,
    /// `starting`, `ok` or `failing`.
    pub state: String,
    /// Why it fails, in one word such as `unreachable` or `timed-out`; the server's log says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<String>,
    /// When it was last answered, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success: Option<String>,
    /// Time of its newest sample, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_sample: Option<String>,
    /// Samples read since the start.
    pub samples: u64,
    /// Series and values left out since the start: duplicates, nameless series, what is no number.
    pub left_out: u64,
    /// Polls that failed since the start.
    pub failures: u64,
}
