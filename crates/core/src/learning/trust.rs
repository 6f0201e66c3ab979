//! Operator trust: one-coin Dawid–Skene, online (METHODS 2.4).
//!
//! An operator's reliability r is the probability that a like or override of theirs is the right
//! one; its belief is Beta(right, wrong).
//! An operator who is wrong more often than right is reported, never silently dropped: with
//! r < ½ the channel of [`super::posterior`] turns their labels around.
//!
//! That belief is an average over a whole record. Who answered early, when the score could not yet
//! tell, or honestly for a long time, keeps a good one. [`crate::guarantee::doubt`] looks at the same answers as a
//! stream and asks whether they are against the score *now*; it accuses and teaches nothing.

use serde::{Deserialize, Serialize};

/// Prior of every operator's reliability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustSettings {
    /// Prior count of right signals.
    pub right: f64,
    /// Prior count of wrong signals.
    pub wrong: f64,
    /// Answers of a person that pass on average before [`crate::guarantee::doubt`] accuses somebody by chance who is
    /// right at least every other time; without it only the belief accuses.
    pub alarm_run_length: Option<f64>,
    /// Whether the belief about somebody new starts where their team and site stand, instead of at
    /// the prior. It says nothing about people without either.
    #[serde(default = "usually_pooled")]
    pub pooled: bool,
}

/// What a file says that does not speak of it.
fn usually_pooled() -> bool {
    true
}

/// Belief about one operator's reliability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trust {
    /// Soft count of right signals, prior included.
    pub right: f64,
    /// Soft count of wrong signals, prior included.
    pub wrong: f64,
}

impl Trust {
    /// The prior belief.
    #[must_use]
    pub fn new(settings: &TrustSettings) -> Self {
        Self { right: settings.right, wrong: settings.wrong }
    }

    /// What it holds beyond `start`, which it started from: the soft counts of own answers.
    #[must_use]
    pub fn beyond(&self, start: &Self) -> Self {
        Self {
            right: (self.right - start.right).max(0.0),
            wrong: (self.wrong - start.wrong).max(0.0),
        }
    }

    /// Both counts together.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.right + self.wrong
    }

    /// Mean reliability, in (0, 1).
    #[must_use]
    pub fn reliability(&self) -> f64 {
        self.right / self.weight()
    }

    /// True when the operator is wrong more often than right: 2r − 1 < 0.
    #[must_use]
    pub fn is_adverse(&self) -> bool {
        2.0 * self.reliability() - 1.0 < 0.0
    }

    /// Probability that a directed signal is right, given that the current predictive score says so
    /// with probability `agreeing`: γ = p r / (p r + (1 − p)(1 − r)).
    #[must_use]
    pub fn responsibility(&self, agreeing: f64) -> f64 {
        let r = self.reliability();
        let right = agreeing * r;
        let wrong = (1.0 - agreeing) * (1.0 - r);
        // Both vanish only when score and reliability are saturated against each other.
        if right + wrong > 0.0 { right / (right + wrong) } else { 0.5 }
    }

    /// Counts one directed signal with responsibility `gamma`.
    pub fn count(&mut self, gamma: f64) {
        self.right += gamma;
        self.wrong += 1.0 - gamma;
    }
}
