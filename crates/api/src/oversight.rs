//! Who may act without whom: certified thresholds, autonomy, the red button, verdicts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A number with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    /// The plain estimate; absent where nothing has been seen that it could be made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How much npo may do by itself with one scenario type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// People are asked about everything that policy allows.
    Shadow,
    /// What is above the threshold is recommended; people act.
    Recommend,
    /// As recommend, and a like is the approval on which the action may be dispatched.
    Approve,
    /// What is above a certified threshold is carried out without asking, and audited at random.
    Automatic,
}

impl Level {
    /// The word used in API, CLI and docs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shadow => "shadow",
            Self::Recommend => "recommend",
            Self::Approve => "approve",
            Self::Automatic => "automatic",
        }
    }
}

/// Thresholds of all scenario types.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThresholdList {
    /// Name of the profile in force.
    pub profile: String,
    /// Per scenario type.
    pub items: Vec<Threshold>,
    /// What no certificate covers, in words; shown wherever one is.
    pub not_covered: String,
}

/// The threshold of one scenario type, and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Threshold {
    /// Scenario type.
    pub scenario_type: String,
    /// How the threshold is chosen: fixed, random, thompson, utility.
    pub selector: String,
    /// The threshold in force, in [0, 1]; absent where each decision draws one of `arms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Thresholds that are drawn from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<Arm>,
    /// Level that people granted at most.
    pub ceiling: Level,
    /// Level in force: automatic needs a live certificate, and until then people review everything.
    pub level: Level,
    /// Why the level in force is what it is, in words.
    pub reason: String,
    /// Whether surfaced decisions go to approvers until somebody settles it.
    pub escalated: bool,
    /// The live certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Certificates issued so far; one that is extended to a lower threshold counts again.
    pub issued: u32,
    /// Certificates lost so far to drift, or because nobody answered the audits.
    pub lost: u32,
    /// Evidence towards certificates; absent where the profile certifies nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Overrides among the audits above the certified threshold since it was certified; absent
    /// without a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Gauge>,
    /// Overrides among all automatic actions since then, asked for or not; absent without a
    /// certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stops: Option<Gauge>,
}

/// A threshold that can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Arm {
    /// The threshold, in [0, 1].
    pub threshold: f64,
    /// Discounted count of likes, prior included; absent where draws do not learn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// Discounted count of overrides, prior included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beta: Option<f64>,
}

/// A certified threshold: what scores at least so much is overridden with a rate of at most `alpha`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Certificate {
    /// The certified threshold, in (0, 1).
    pub threshold: f64,
    /// Highest override rate that it promises.
    pub alpha: f64,
    /// Probability that the promise is wrong, over all time.
    pub delta: f64,
    /// Likes and overrides seen above the threshold when it was issued.
    pub labels: u64,
    /// Overrides among them.
    pub overrides: u64,
    /// Evidence against "the rate is above alpha" when it was issued.
    pub e_value: f64,
    /// What it promises, in words.
    pub claim: String,
    /// What it does not cover, in words.
    pub not_covered: String,
}

/// Evidence towards certificates, since it was last reset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Override rate that is to be certified.
    pub alpha: f64,
    /// Probability that any certificate is ever wrong before the evidence is reopened.
    pub delta: f64,
    /// E-value that certifies a threshold.
    pub level_needed: f64,
    /// Likes and overrides counted.
    pub labels: u64,
    /// Overrides among them.
    pub overrides: u64,
    /// Likes and overrides that wait until all that was asked before them is answered or expires.
    #[serde(default)]
    pub held_up: u64,
    /// Per threshold, from the strictest to the most lenient.
    pub thresholds: Vec<ThresholdEvidence>,
}

/// Evidence about one threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ThresholdEvidence {
    /// The threshold.
    pub threshold: f64,
    /// Likes and overrides at or above it.
    pub labels: u64,
    /// Overrides among them.
    pub overrides: u64,
    /// E-value against "the override rate above it is above alpha" now.
    pub e_value: f64,
    /// Its largest value so far, which is what certifies.
    pub peak: f64,
    /// Whether that reaches the level needed.
    pub certified: bool,
}

/// A detector with what it has seen since it was last set back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Gauge {
    /// What it watches: certified, surprise, override-rate, unanswered, slow-answers.
    pub watched: String,
    /// At which site; the whole scenario type if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The detector's value.
    pub value: f64,
    /// What it is held against: mean number of observations to a false alarm.
    pub run_length: f64,
    /// Observations.
    pub seen: u64,
    /// Hits among them: overrides, expiries, late answers.
    pub hits: u64,
    /// Hits that would still have been fine.
    pub expected: f64,
}

/// Grants a scenario type autonomy up to a level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AutonomyGrant {
    /// Up to which level.
    pub level: Level,
    /// Why, 1 to 1024 bytes.
    pub reason: String,
}

/// A reason, where an order needs nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why, 1 to 1024 bytes.
    pub reason: String,
}

/// What is meant: everything, a scenario type, or a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Of what kind it is.
    pub kind: ScopeKind,
    /// Name of the scenario type or of the site; absent for everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Scope {
    /// The scope as people name it.
    #[must_use]
    pub fn words(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        match self.kind {
            ScopeKind::All => "everything".to_owned(),
            ScopeKind::ScenarioType => format!("scenario type {name}"),
            ScopeKind::Site => format!("site {name}"),
        }
    }
}

/// Kinds of scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeKind {
    /// Everything.
    All,
    /// One scenario type.
    ScenarioType,
    /// One site.
    Site,
}

/// Presses or releases the red button on everything, a scenario type or a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedButtonOrder {
    /// On what.
    pub scope: Scope,
    /// Why, 1 to 1024 bytes.
    pub reason: String,
}

/// Everything that is held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RedButton {
    /// Held scopes, in the order of their holding.
    pub held: Vec<Hold>,
}

/// A scope on which nothing is recommended and nothing carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hold {
    /// What is held.
    pub scope: Scope,
    /// Since when, RFC 3339.
    pub since: String,
    /// Handle of who pressed it; `npo` for the monitor's own suppression.
    pub by: String,
    /// Why.
    pub reason: String,
    /// That no decision has come from the held site so far, in words: it may be about to begin, or
    /// be misspelt, and then what was meant is not held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// A later, authoritative judgement of one decision: was the proposed action right?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionVerdict {
    /// Whether the proposed action was right.
    pub right: bool,
    /// A note, at most 1024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A judgement of one look of the monitor: should it have acted?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookVerdict {
    /// Whether action was called for in that window.
    pub should_act: bool,
    /// A note, at most 1024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What came of a judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VerdictRecorded {
    /// Position in the log.
    pub position: u64,
    /// People who had answered, and whether they were right.
    pub answers: Vec<AnswerJudged>,
    /// What it taught, in words.
    pub lesson: String,
}

/// An earlier answer in the light of a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnswerJudged {
    /// Handle of who answered.
    pub by: String,
    /// Whether they were right.
    pub right: bool,
}
