//! Red-button retraining: weighted ridge-logistic MAP on the labels so far (METHODS 1).
//!
//! Maximises Σ w·0.998^age·log-likelihood − λ/2·‖ŵ − prior‖² by Newton's method, at most 8 steps of
//! length at most 2; the age of a row is the number of rows after it.

use serde::{Deserialize, Serialize};

use super::math::{dot, sigmoid};
use crate::{ScenarioId, Vector};

/// Newton steps.
const STEPS: usize = 8;
/// Longest step.
const STEP_LENGTH_MAX: f64 = 2.0;

/// Constants of the retraining.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetrainSettings {
    /// Weight of a row relative to the next newer one, in (0, 1].
    pub age_weight: f64,
    /// Precision λ around the prior.
    pub precision: f64,
    /// Pseudo-count n₀ of the refitted score against a scenario's own average.
    pub pseudo_count: f64,
    /// Factor that the bandit's evidence is faded by afterwards.
    pub bandit_fade: f64,
    /// Rows kept; older ones weigh nothing worth their time.
    pub rows_max: u32,
}

/// One label, with what was known when its decision was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The scenario.
    pub scenario: ScenarioId,
    /// Its inputs.
    pub x: Vector,
    /// Label in [0, 1].
    pub label: f64,
    /// Learning weight in [0, 1].
    pub weight: f64,
}

/// Fits the weights to `rows`, oldest first; returns `prior` without rows.
#[must_use]
pub fn fit<'a>(
    rows: impl DoubleEndedIterator<Item = &'a Row> + Clone,
    prior: &[f64],
    settings: &RetrainSettings,
) -> Vec<f64> {
    let dim = prior.len();
    let mut weights = prior.to_vec();
    for _ in 0..STEPS {
        let mut gradient: Vec<f64> =
            weights.iter().zip(prior).map(|(w, p)| -settings.precision * (w - p)).collect();
        let mut hessian = vec![0.0; dim * dim];
        hessian.iter_mut().step_by(dim + 1).for_each(|entry| *entry = settings.precision);
        let mut age_weight = 1.0;
        for row in rows.clone().rev() {
            let weight = row.weight * age_weight;
            age_weight *= settings.age_weight;
            let p = sigmoid(dot(&weights, &row.x));
            let residual = weight * (row.label - p);
            let curvature = weight * p * (1.0 - p);
            for (entry, x_i) in gradient.iter_mut().zip(&row.x) {
                *entry += residual * x_i;
            }
            // Symmetric: [`solve`] reads what is on the diagonal and left of it.
            for (i, (entries, x_i)) in hessian.chunks_exact_mut(dim).zip(&row.x).enumerate() {
                let scale = curvature * x_i;
                for (entry, x_j) in entries.iter_mut().zip(&row.x[..=i]) {
                    *entry += scale * x_j;
                }
            }
        }
        let mut step = solve(hessian, gradient);
        let length = dot(&step, &step).sqrt();
        if !length.is_finite() {
            // The rows have drowned λ in rounding: what was reached so far is the answer.
            break;
        }
        if length > STEP_LENGTH_MAX {
            step.iter_mut().for_each(|s| *s *= STEP_LENGTH_MAX / length);
        }
        weights.iter_mut().zip(&step).for_each(|(w, s)| *w += s);
    }
    weights
}

/// Solves A·x = b for a symmetric positive definite A by Cholesky factorisation, in place; only the
/// lower triangle of A is read.
fn solve(mut a: Vec<f64>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for j in 0..n {
        let pivot = a[j * n + j] - (0..j).map(|k| a[j * n + k] * a[j * n + k]).sum::<f64>();
        // λ > 0 makes the matrix positive definite; the floor guards against rounding alone.
        let pivot = pivot.max(f64::MIN_POSITIVE).sqrt();
        a[j * n + j] = pivot;
        for i in j + 1..n {
            let rest = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum::<f64>();
            a[i * n + j] = (a[i * n + j] - rest) / pivot;
        }
    }
    for i in 0..n {
        let rest = (0..i).map(|k| a[i * n + k] * b[k]).sum::<f64>();
        b[i] = (b[i] - rest) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let rest = (i + 1..n).map(|k| a[k * n + i] * b[k]).sum::<f64>();
        b[i] = (b[i] - rest) / a[i * n + i];
    }
    b
}

/// A scenario's score after retraining: (n·s + n₀·σ(x·ŵ))/(n + n₀); the score as it was where
/// neither side counts.
#[must_use]
pub fn blend(directed: u32, score: f64, refitted: f64, pseudo_count: f64) -> f64 {
    let n = f64::from(directed);
    if n + pseudo_count == 0.0 {
        return score;
    }
    (n * score + pseudo_count * refitted) / (n + pseudo_count)
}
