//! Logistic regression, drawn towards a prior (ridge), by Newton's method.
//!
//! A row is its features with a leading 1 for the intercept; all that is finite goes in, and the prior's precision keeps
//! the solution finite where the data are separable or few.

/// Weights, the intercept first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logistic {
    pub(crate) weights: Vec<f64>,
}

/// Normal, independent beliefs about the weights.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Prior {
    pub(crate) mean: Vec<f64>,
    /// Above 0; as many labels' worth, roughly, as it takes to be moved.
    pub(crate) precision: Vec<f64>,
}

impl Prior {
    /// Towards nothing, with this precision for all but a nearly free intercept.
    pub(crate) fn flat(weights: usize, precision: f64) -> Self {
        let precision = std::iter::once(1e-3).chain(std::iter::repeat_n(precision, weights - 1));
        Self { mean: vec![0.0; weights], precision: precision.collect() }
    }
}

/// Newton steps; five to ten are enough unless the data are separable.
const STEPS_MAX: usize = 50;
/// Halvings of a step that overshoots.
const HALVINGS_MAX: usize = 30;

impl Logistic {
    /// The most probable weights given rows and labels.
    pub(crate) fn fit(rows: &[Vec<f64>], labels: &[bool], prior: &Prior) -> Self {
        let mut weights = prior.mean.clone();
        let mut loss = penalised_loss(rows, labels, prior, &weights);
        for _ in 0..STEPS_MAX {
            let step = newton_step(rows, labels, prior, &weights);
            let mut share = 1.0;
            let moved = (0..HALVINGS_MAX).find_map(|_| {
                let tried: Vec<f64> =
                    weights.iter().zip(&step).map(|(w, step)| w - share * step).collect();
                share /= 2.0;
                let found = penalised_loss(rows, labels, prior, &tried);
                (found < loss).then_some((tried, found))
            });
            let Some((tried, found)) = moved else { break };
            let gained = loss - found;
            (weights, loss) = (tried, found);
            if gained < 1e-10 * (1.0 + loss) {
                break;
            }
        }
        Self { weights }
    }

    /// Log odds of a row.
    pub(crate) fn log_odds(&self, row: &[f64]) -> f64 {
        self.weights.iter().zip(row).map(|(weight, x)| weight * x).sum()
    }

    /// Probability of a row, strictly between 0 and 1.
    pub(crate) fn probability(&self, row: &[f64]) -> f64 {
        sigmoid(self.log_odds(row))
    }
}

/// The logistic curve; never quite 0 or 1, so that its logarithm is finite.
pub(crate) fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds.clamp(-30.0, 30.0)).exp())
}

fn penalised_loss(rows: &[Vec<f64>], labels: &[bool], prior: &Prior, weights: &[f64]) -> f64 {
    let model = Logistic { weights: weights.to_vec() };
    let data: f64 = rows
        .iter()
        .zip(labels)
        .map(|(row, &label)| {
            let z = model.log_odds(row);
            // log(1 + eᶻ) − y z, without overflow.
            z.max(0.0) + (-z.abs()).exp().ln_1p() - if label { z } else { 0.0 }
        })
        .sum();
    let pulls = weights.iter().zip(&prior.mean).zip(&prior.precision);
    data + pulls.map(|((w, mean), precision)| precision * (w - mean).powi(2) / 2.0).sum::<f64>()
}

fn newton_step(rows: &[Vec<f64>], labels: &[bool], prior: &Prior, weights: &[f64]) -> Vec<f64> {
    let n = weights.len();
    let mut gradient: Vec<f64> =
        (0..n).map(|i| prior.precision[i] * (weights[i] - prior.mean[i])).collect();
    let mut curvature = vec![vec![0.0; n]; n];
    for (i, row) in curvature.iter_mut().enumerate() {
        row[i] = prior.precision[i];
    }
    let model = Logistic { weights: weights.to_vec() };
    for (row, &label) in rows.iter().zip(labels) {
        let p = model.probability(row);
        let (error, weight) = (p - f64::from(u8::from(label)), p * (1.0 - p));
        for i in 0..n {
            gradient[i] += error * row[i];
            for j in 0..=i {
                curvature[i][j] += weight * row[i] * row[j];
            }
        }
    }
    solve(curvature, gradient)
}

/// Solves `a x = b` for a positive definite `a`, of which the lower half is given (Cholesky).
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            let rest = a[i][j] - dot;
            // The prior's precision keeps the diagonal above 0; the bound is against rounding.
            a[i][j] = if i == j { rest.max(1e-12).sqrt() } else { rest / a[j][j] };
        }
    }
    for i in 0..n {
        let dot: f64 = (0..i).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - dot) / a[i][i];
    }
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|k| a[k][i] * b[k]).sum();
        b[i] = (b[i] - dot) / a[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_learned() {
        // 1 of 4 without, 3 of 4 with: the intercept is −ln 3, the slope 2 ln 3.
        let rows: Vec<Vec<f64>> = (0..8).map(|i| vec![1.0, f64::from(i / 4)]).collect();
        let labels = [true, false, false, false, true, true, true, false];
        let fitted = Logistic::fit(&rows, &labels, &Prior::flat(2, 1e-9));
        assert!((fitted.weights[0] + 3.0_f64.ln()).abs() < 1e-2, "{fitted:?}");
        assert!((fitted.probability(&[1.0, 1.0]) - 0.75).abs() < 1e-2, "{fitted:?}");
    }

    #[test]
    fn separable_labels_stay_finite_and_no_label_leaves_the_prior() {
        let rows: Vec<Vec<f64>> = (0..8).map(|i| vec![1.0, f64::from(i) - 3.5]).collect();
        let labels: Vec<bool> = (0..8).map(|i| i > 3).collect();
        let fitted = Logistic::fit(&rows, &labels, &Prior::flat(2, 1.0));
        assert!(fitted.weights.iter().all(|weight| weight.is_finite()), "{fitted:?}");
        assert!(fitted.weights[1] > 0.5, "{fitted:?}");
        let prior = Prior { mean: vec![-2.0, 1.5], precision: vec![1.0, 1.0] };
        assert_eq!(Logistic::fit(&[], &[], &prior).weights, prior.mean);
    }
}
