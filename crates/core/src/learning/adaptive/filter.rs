//! A Gaussian posterior over weights whose drift is per coordinate and capped.

use serde::{Deserialize, Serialize};

use super::super::math::dot;
use super::super::posterior::{Logit, Move};

/// A weight's variance stops growing at this multiple of its prior: an input that never moves must
/// not become so uncertain that its first move drowns everything else.
const VARIANCE_CAP: f64 = 100.0;
/// Rounding must not take the variance of a logit to 0 or below.
const VARIANCE_MIN: f64 = 1e-12;

/// Variance added per label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Drift {
    weights: f64,
    intercept: f64,
    /// Variance beyond which a coordinate does not drift.
    cap: f64,
}

impl Drift {
    pub(super) fn new(weights: f64, intercept: f64, prior_variance: f64) -> Self {
        Self { weights, intercept, cap: VARIANCE_CAP * prior_variance }
    }
}

/// The planned step: mean += Σx·gradient, Σ −= shrinkage·Σx(Σx)ᵀ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    gradient: f64,
    shrinkage: f64,
}

impl Step {
    pub(super) fn of(planned: &Move) -> Self {
        Self { gradient: planned.gradient, shrinkage: planned.shrinkage }
    }
}

/// Mean and covariance of weights; the first input is the constant 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Filter {
    mean: Vec<f64>,
    /// Row-major.
    covariance: Vec<f64>,
}

impl Filter {
    pub(super) fn new(mean: Vec<f64>, variance: f64) -> Self {
        let dim = mean.len();
        let mut covariance = vec![0.0; dim * dim];
        covariance.iter_mut().step_by(dim + 1).for_each(|entry| *entry = variance);
        Self { mean, covariance }
    }

    pub(super) fn dim(&self) -> usize {
        self.mean.len()
    }

    pub(super) fn logit(&self, x: &[f64]) -> Logit {
        let rows = self.covariance.chunks_exact(self.dim());
        let variance: f64 = rows.zip(x).map(|(row, x_i)| x_i * dot(row, x)).sum();
        Logit { mean: dot(&self.mean, x), variance: variance.max(VARIANCE_MIN) }
    }

    pub(super) fn apply(&mut self, x: &[f64], step: Step, drift: Drift) {
        let dim = self.dim();
        let sx: Vec<f64> = self.covariance.chunks_exact(dim).map(|row| dot(row, x)).collect();
        for (mean, s) in self.mean.iter_mut().zip(&sx) {
            *mean += s * step.gradient;
        }
        for (row, s_i) in self.covariance.chunks_exact_mut(dim).zip(&sx) {
            let scale = step.shrinkage * s_i;
            for (entry, s_j) in row.iter_mut().zip(&sx) {
                *entry -= scale * s_j;
            }
        }
        for (ix, entry) in self.covariance.iter_mut().step_by(dim + 1).enumerate() {
            if *entry < drift.cap {
                *entry += if ix == 0 { drift.intercept } else { drift.weights };
            }
        }
    }
}
