//! What came of a question: everything that was found, as data.

use serde::Serialize;

use super::answering::Answering;
use super::verdicts::VerdictChanges;

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The estimate; absent where a part of the decisions is unknown and only limits can be given.
    pub value: Option<f64>,
    /// Lower limit.
    pub low: f64,
    /// Upper limit.
    pub high: f64,
}

/// An estimator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Recalibrated score, corrected by weighted residuals.
    DoublyRobust,
    /// Weights of inverse propensity, divided by their sum.
    SelfNormalised,
    /// Weights of inverse propensity, divided by the number of decisions.
    HorvitzThompson,
}

impl Method {
    /// All estimators, the one to be read first.
    pub const ALL: [Self; 3] = [Self::DoublyRobust, Self::SelfNormalised, Self::HorvitzThompson];

    /// The words for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DoublyRobust => "doubly robust",
            Self::SelfNormalised => "inverse propensity, self-normalised",
            Self::HorvitzThompson => "inverse propensity, plain",
        }
    }
}

/// What answers to surfaced decisions would be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimates {
    /// Overrides among directed answers (likes and overrides), in [0, 1].
    pub override_rate: Interval,
    /// Mean alignment loss of all answers, in [0, 1].
    pub alignment_loss: Interval,
    /// P(like) − c·P(override) over surfaced decisions, per 1,000 eligible decisions, in likes; at
    /// the override cost c that each scenario type had; undirected answers count 0.
    pub utility: Interval,
    /// The same at the override cost that the question names; equal where it names none.
    pub utility_at_other_cost: Interval,
}

/// One estimator's estimates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MethodEstimates {
    /// The estimator.
    pub method: Method,
    /// Its estimates.
    #[serde(flatten)]
    pub estimates: Estimates,
}

/// What the log can tell about one way to decide.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum Evaluation {
    /// Estimates.
    Told {
        /// Share of what would be surfaced that the log says nothing about, in [0, 0.2].
        unsupported_share: f64,
        /// Labels that count.
        labels: u64,
        /// Labels of equal weight that would say as much.
        effective_labels: f64,
        /// Scenarios that the labels come from.
        scenarios: u64,
        /// Scenarios of equal weight that would say as much.
        effective_scenarios: f64,
        /// By estimator; the doubly robust one leads.
        estimates: Vec<MethodEstimates>,
    },
    /// Nothing would be surfaced, so that there is nothing to estimate.
    NothingSurfaced,
    /// It cannot be told from this log.
    Refused {
        /// Why.
        reason: String,
    },
}

/// One way to decide.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Side {
    /// Decisions that neither policy nor the red button holds back, in the log or under the target:
    /// the same number for both, of which everything per 1,000 is a share.
    pub eligible: f64,
    /// Decisions surfaced, or carried out without asking, per 1,000 eligible ones: known, not estimated.
    pub surfaced_per_1000: f64,
    /// Decisions put to people (surfaced, and audits as expected) per 1,000 eligible ones.
    pub asked_per_1000: f64,
    /// What their answers would be.
    pub evaluation: Evaluation,
}

/// Difference in utility per 1,000 eligible decisions, target − logged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// The estimator.
    pub method: Method,
    /// At the override cost that each scenario type had.
    pub utility: Interval,
    /// At the override cost that the question names; equal where it names none.
    pub utility_at_other_cost: Interval,
}

/// What the log holds of the window.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct LogSummary {
    /// Events in the whole log.
    pub events: u64,
    /// Decisions in the window.
    pub decisions: u64,
    /// Put to people because they were above the threshold.
    pub surfaced: u64,
    /// Put to people by an audit draw.
    pub audits: u64,
    /// Carried out without asking.
    pub automatic: u64,
    /// Held back by the red button.
    pub held: u64,
    /// Not put to anybody.
    pub abstained: u64,
    /// Denied by policy.
    pub blocked: u64,
    /// Decisions with a label, by signal.
    pub likes: u64,
    /// Decisions whose label is neutral.
    pub neutral: u64,
    /// Decisions whose label is skipped.
    pub skipped: u64,
    /// Decisions whose label is an override.
    pub overrides: u64,
    /// Scenarios.
    pub scenarios: u64,
    /// Smallest, mean and largest threshold of eligible decisions.
    pub threshold: Option<(f64, f64, f64)>,
    /// Smallest, mean and largest override cost of eligible decisions, in likes.
    pub override_cost: Option<(f64, f64, f64)>,
    /// Eligible decisions whose threshold was drawn at random with known probabilities.
    pub randomised: u64,
}

/// How the other profile's run went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShadowSummary {
    /// Name of the profile.
    pub profile: String,
    /// Logged answers that it learned from, over the whole log.
    pub heard: u64,
    /// Logged answers to what it would not have asked, over the whole log.
    pub unheard: u64,
    /// Decisions in the window that it asks about and that have no label: it learns nothing there.
    pub silent: u64,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[must_use = "a report may be a refusal"]
pub struct Report {
    /// The target in words.
    pub question: String,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Resamples of the bootstrap.
    pub resamples: u32,
    /// Seed of everything drawn.
    pub seed: u64,
    /// The answer in sentences, the main one first.
    pub summary: Vec<String>,
    /// What to keep in mind, one sentence each.
    pub caveats: Vec<String>,
    /// What the log holds.
    pub log: LogSummary,
    /// Who got answers.
    pub answering: Answering,
    /// The log's own way to decide.
    pub logged: Side,
    /// The other way.
    pub target: Side,
    /// Target − logged, where both can be told; by estimator.
    pub differences: Vec<Difference>,
    /// What another bundle changes.
    pub verdicts: Option<VerdictChanges>,
    /// How another profile's run went.
    pub shadow: Option<ShadowSummary>,
}

impl Report {
    /// Whether the question was answered.
    #[must_use]
    pub fn told(&self) -> bool {
        match self.target.evaluation {
            Evaluation::Told { .. } | Evaluation::NothingSurfaced => true,
            Evaluation::Refused { .. } => false,
        }
    }
}
