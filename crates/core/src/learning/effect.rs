//! What is learned about one scenario beyond its features.

use serde::{Deserialize, Serialize};

/// The learned effect of one scenario: compact, since there may be a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Calibrated profile: mean of the random effect u_k, on the logit scale.
    pub mean: f64,
    /// Calibrated profile: variance of u_k when it was last touched.
    pub variance: f64,
    /// Decisions of the scenario type that had been made when u_k was last touched.
    pub touched: u64,
    /// Paper profile: exponential moving average s_k of the labels, in [0, 1].
    pub score: f64,
    /// Likes and overrides received so far (n_k of the red-button retraining).
    pub directed: u32,
}

impl Effect {
    /// Starting point: u = 0 with variance `variance`, and the moving average at `score`.
    #[must_use]
    pub fn new(variance: f64, score: f64, clock: u64) -> Self {
        Self { mean: 0.0, variance, touched: clock, score, directed: 0 }
    }

    /// Whether labels moved or narrowed it from its prior variance `variance`.
    #[must_use]
    pub fn is_learned(&self, variance: f64) -> bool {
        self.mean != 0.0 || self.variance < variance
    }

    /// Variance at `clock`, after drift of `drift` per elapsed decision, capped at `cap`.
    #[inline]
    #[must_use]
    pub fn variance_at(&self, clock: u64, drift: f64, cap: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "decision counts stay far below 2^53")]
        let elapsed = clock.saturating_sub(self.touched) as f64;
        (self.variance + drift * elapsed).min(cap)
    }
}

/// One step of the published moving average: s + η·w·(y − s) (METHODS 1, Score).
#[inline]
#[must_use]
pub fn moving_average(score: f64, rate: f64, weight: f64, label: f64) -> f64 {
    score + rate * weight * (label - score)
}
