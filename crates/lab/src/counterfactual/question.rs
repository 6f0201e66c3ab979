//! What is asked of a log: the other way to decide, the window, and how sure the answer must be.

use npo_core::profile::InvalidProfile;
use npo_core::{Millis, Profile};
use npo_policy::Spe;

/// Resamples of the bootstrap at most: each goes through all scenarios.
pub const RESAMPLES_MAX: u32 = 10_000;
/// Resamples of the bootstrap at least: fewer have no tails.
pub const RESAMPLES_MIN: u32 = 100;
/// Largest override cost, in likes, that a scenario type may have.
const COST_MAX: f64 = 1000.0;
/// Smallest override cost, in likes, that a scenario type may have.
const COST_MIN: f64 = 0.01;

/// The other way to decide.
#[derive(Debug, Clone)]
pub enum Target<'a> {
    /// Surface from this threshold on, in [0, 1], compared with what the log compared.
    Threshold(f64),
    /// Surface where it pays at this override cost, in likes: from c/(1 + c) on.
    OverrideCost(f64),
    /// Decide, and learn from the logged answers, under another profile.
    Profile(Box<Profile>),
    /// Judge by another policy bundle; thresholds stay as they were.
    ///
    /// Judging needs a thread with [`npo_policy::EVALUATION_STACK_BYTES`] of stack.
    Policy(&'a Spe),
}

/// A question to a log.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The other way to decide.
    pub target: Target<'a>,
    /// Only decisions made at this time or later.
    pub since: Option<Millis>,
    /// Only decisions made before this time.
    pub until: Option<Millis>,
    /// Only decisions of the scenario type with this name.
    pub scenario_type: Option<String>,
    /// Confidence of the intervals, from 0.5 to 0.999.
    pub confidence: f64,
    /// Resamples of the bootstrap, from [`RESAMPLES_MIN`] to [`RESAMPLES_MAX`].
    pub resamples: u32,
    /// Seed of everything that is drawn.
    pub seed: u64,
}

impl<'a> Question<'a> {
    /// The question over a whole log, with intervals at 95 % of 1,000 resamples.
    #[must_use]
    pub fn new(target: Target<'a>) -> Self {
        Self {
            target,
            since: None,
            until: None,
            scenario_type: None,
            confidence: 0.95,
            resamples: 1000,
            seed: 1,
        }
    }

    /// Checks every number.
    ///
    /// # Errors
    /// Names the first part that is out of its range, what was found and what was expected.
    pub fn validate(&self) -> Result<(), InvalidQuestion> {
        let check = |what, value: f64, low: f64, high: f64| {
            if value.is_finite() && (low..=high).contains(&value) {
                return Ok(());
            }
            let expected = format!("a number from {low} to {high}");
            Err(InvalidQuestion::Part { what, found: value.to_string(), expected })
        };
        match &self.target {
            Target::Threshold(theta) => check("threshold", *theta, 0.0, 1.0)?,
            Target::OverrideCost(cost) => check("override cost", *cost, COST_MIN, COST_MAX)?,
            Target::Profile(profile) => profile.validate()?,
            Target::Policy(_) => {}
        }
        check("confidence", self.confidence, 0.5, 0.999)?;
        let (least, most) = (f64::from(RESAMPLES_MIN), f64::from(RESAMPLES_MAX));
        check("number of resamples", f64::from(self.resamples), least, most)?;
        match (self.since, self.until) {
            (Some(since), Some(until)) if since >= until => Err(InvalidQuestion::Part {
                what: "window",
                found: "an end that is not after its beginning".into(),
                expected: "an end after the beginning".into(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether a decision made at `at` is asked about.
    pub(super) fn covers(&self, at: Millis) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
    }

    /// The override cost by which the target decides, where it is another than the log's.
    pub(super) fn other_cost(&self) -> Option<f64> {
        match self.target {
            Target::OverrideCost(cost) => Some(cost),
            Target::Threshold(_) | Target::Profile(_) | Target::Policy(_) => None,
        }
    }
}

/// Why a question cannot be asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidQuestion {
    /// A part is out of its range.
    #[error("the {what} is {found}, expected {expected}")]
    Part {
        /// Which.
        what: &'static str,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] InvalidProfile),
}
