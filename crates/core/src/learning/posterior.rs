//! Hierarchical online Bayesian logistic score (METHODS 2.1).
//!
//! Model: p(like | x, k) = σ(z), z = μ·x + u_k, with a Gaussian posterior over the weights (mean μ,
//! covariance Σ) and an independent one over each scenario's effect u_k.
//! A label moves the one-dimensional posterior of z to its mode by Fisher scoring; the move is then
//! spread over weights and effect in proportion to how much each of them explains of z's variance.
//! Operators of reliability r see the truth through a noisy channel:
//! P(like) = r·σ(z) + (1 − r)·(1 − σ(z)).

use serde::{Deserialize, Serialize};

use super::effect::Effect;
use super::exp::exp_of_minus;
use super::math::dot;

/// Steps of Fisher scoring at most; convergence is quadratic, so this is generous.
const STEPS_MAX: usize = 12;
/// Longest single step on the logit scale: keeps a surprising label from overshooting.
const STEP_LENGTH_MAX: f64 = 4.0;
/// A step shorter than this ends the search.
const STEP_LENGTH_MIN: f64 = 1e-9;
/// Logits further out are taken as if they were here: the fourth power of e^150 is a number still.
const REACH: f64 = 150.0;

/// Evaluates `$call` with Σx as `$sx`, of the length `$dim`.
///
/// The length is a literal for the sizes that scenario types usually have, so that the compiler
/// writes their loops out; the sums and their order are the same for every size.
macro_rules! with_product {
    ($self:ident, $x:ident, |$dim:ident, $sx:ident| $call:expr) => {
        with_product!(@ $self, $x, $dim, $sx, $call, 4 5 6 7 8 9 10 11 12 13 14 15 16)
    };
    (@ $self:ident, $x:ident, $dim:ident, $sx:ident, $call:expr, $($size:literal)*) => {
        match ($self.dim(), $x.len()) {
            $(($size, $size) => {
                let ($dim, $x) = ($size, &$x[..$size]);
                let mut product = [0.0; $size];
                multiply(&$self.covariance, $x, $dim, &mut product);
                let $sx: &[f64] = &product;
                $call
            })*
            ($dim, _) => {
                let mut product = vec![0.0; $dim];
                multiply(&$self.covariance, $x, $dim, &mut product);
                let $sx: &[f64] = &product;
                $call
            }
        }
    };
}

/// Constants of the score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PosteriorSettings {
    /// Prior variance of every weight (Σ starts as this times the identity).
    pub weight_variance: f64,
    /// Prior variance of a scenario's effect, and the cap of its drift.
    pub effect_variance: f64,
    /// Added to the diagonal of Σ at every update.
    pub weight_drift: f64,
    /// Added to an effect's variance per elapsed decision.
    pub effect_drift: f64,
}

/// Gaussian posterior over the weights of one scenario type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    /// Posterior mean μ, one entry per input.
    pub mean: Vec<f64>,
    /// Posterior covariance Σ, row-major.
    covariance: Vec<f64>,
    /// Updates so far.
    pub updates: u64,
}

/// Mean and variance of the logit z of one input in one scenario.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Logit {
    /// m = μ·x + u_k.
    pub mean: f64,
    /// v = xᵀΣx + v_k.
    pub variance: f64,
}

/// The planned move of the posterior for one label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// Gradient g = (z* − m)/v: the mean moves by Σx·g.
    pub gradient: f64,
    /// κ = w·h/(1 + w·h·v): the covariance shrinks by κ·Σx(Σx)ᵀ.
    pub shrinkage: f64,
    /// The effect's variance at the time of the label, after drift.
    pub effect_variance: f64,
}

impl Move {
    /// The logit of the same input after this move, before drift.
    ///
    /// Weights and effect shrink apart (their covariance is not kept), so the variances of both
    /// parts are squared singly.
    #[must_use]
    pub fn after(&self, before: Logit) -> Logit {
        let (effect, weights) = (self.effect_variance, before.variance - self.effect_variance);
        Logit {
            mean: before.mean + before.variance * self.gradient,
            variance: before.variance - self.shrinkage * (weights * weights + effect * effect),
        }
    }
}

impl Posterior {
    /// The prior: mean `prior`, covariance `variance`·I.
    #[must_use]
    pub fn new(prior: &[f64], variance: f64) -> Self {
        let dim = prior.len();
        let mut covariance = vec![0.0; dim * dim];
        covariance.iter_mut().step_by(dim + 1).for_each(|entry| *entry = variance);
        Self { mean: prior.to_vec(), covariance, updates: 0 }
    }

    /// Takes over the numbers of another model; false, and nothing changed, if they are not of this
    /// size.
    pub(crate) fn replace(&mut self, mean: &[f64], covariance: &[f64]) -> bool {
        let fits = mean.len() == self.mean.len() && covariance.len() == self.covariance.len();
        if fits {
            self.mean.copy_from_slice(mean);
            self.covariance.copy_from_slice(covariance);
        }
        fits
    }

    /// Number of inputs.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.mean.len()
    }

    /// The covariance, row-major, `dim` × `dim`.
    #[must_use]
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// Mean and variance of the logit of input `x` for a scenario with the given effect.
    #[inline]
    #[must_use]
    pub fn logit(&self, x: &[f64], effect_mean: f64, effect_variance: f64) -> Logit {
        with_product!(self, x, |_dim, sx| Logit {
            mean: dot(&self.mean, x) + effect_mean,
            variance: dot(sx, x) + effect_variance,
        })
    }

    /// Applies a planned move for input `x`: sums and products only.
    pub fn apply(
        &mut self,
        x: &[f64],
        effect: &mut Effect,
        planned: &Move,
        clock: u64,
        drift: f64,
    ) {
        with_product!(self, x, |dim, sx| {
            move_weights(&mut self.mean, &mut self.covariance, sx, dim, planned, drift);
        });
        let variance = planned.effect_variance;
        effect.mean += variance * planned.gradient;
        effect.variance = variance - planned.shrinkage * variance * variance;
        effect.touched = clock;
        self.updates += 1;
    }
}

/// Adds Σx to `product`, row by row, since Σ is symmetric: all entries at once are quicker than an
/// inner product for each.
#[inline(always)]
fn multiply(covariance: &[f64], x: &[f64], dim: usize, product: &mut [f64]) {
    for (row, x_i) in covariance.chunks_exact(dim).zip(x) {
        for (entry, s) in row.iter().zip(&mut *product) {
            *s += x_i * entry;
        }
    }
}

/// μ += Σx·g and Σ −= κ·Σx(Σx)ᵀ, then `drift` on the diagonal.
#[inline(always)]
fn move_weights(
    mean: &mut [f64],
    covariance: &mut [f64],
    sx: &[f64],
    dim: usize,
    planned: &Move,
    drift: f64,
) {
    for (mean, s) in mean.iter_mut().zip(sx) {
        *mean += s * planned.gradient;
    }
    for (row, s_i) in covariance.chunks_exact_mut(dim).zip(sx) {
        let scale = planned.shrinkage * s_i;
        for (entry, s_j) in row.iter_mut().zip(sx) {
            *entry -= scale * s_j;
        }
    }
    covariance.iter_mut().step_by(dim + 1).for_each(|entry| *entry += drift);
}

/// A label as it was received.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Label {
    /// 1 for a like, 0 for an override, 0.5 for neutral.
    pub value: f64,
    /// Learning weight in [0, 1].
    pub weight: f64,
    /// P(like | the action is right), in (0, 1].
    pub sensitivity: f64,
    /// P(override | the action is wrong), in (0, 1].
    pub specificity: f64,
}

/// Mode z* of N(z; m, v)·L(z)^w and the expected information h there.
///
/// h is the information at the start of the last step, which differs from that at z* by less than
/// the step tolerance.
/// An undirected label (0.5) seen through a noisy channel says nothing about the side, so it leaves
/// the mean where it is and only narrows the variance.
///
/// Everything is in terms of e = e^(−z) and E = 1 + e, with numerator and denominator of a step
/// multiplied by v and by powers of E, so that a step waits for one exponential and one division:
/// p = A/E and 1 − p = B/E for A = a + b·e, B = (1 − a) + (1 − b)·e, where a = P(like | right) and
/// b = P(like | wrong).
#[must_use]
pub fn posterior_mode(prior: Logit, label: Label) -> (f64, f64) {
    let (a, b) = (label.sensitivity, 1.0 - label.specificity);
    let channel = a - b;
    let noiseless = a == 1.0 && b == 0.0;
    let undirected = label.value != 0.0 && label.value != 1.0;
    let pull = prior.variance * label.weight;
    let mut z = prior.mean;
    let mut information = (0.0, 1.0);
    for _ in 0..STEPS_MAX {
        let e = exp_of_minus(z, REACH);
        let (wrong, total) = ((1.0 - a) + (1.0 - b) * e, 1.0 + e);
        let right = a + b * e;
        let squared = total * total;
        let (push, spread) = if noiseless {
            information = (e, squared);
            (pull * (label.value * total - 1.0) * total, squared)
        } else {
            let spread = right * wrong * squared;
            let slope = channel * e;
            information = (slope * slope, spread);
            if undirected {
                break;
            }
            let other = if label.value == 1.0 { wrong } else { -right };
            (pull * slope * other * total, spread)
        };
        let step = (push - (z - prior.mean) * spread) / (spread + pull * information.0);
        let step = step.clamp(-STEP_LENGTH_MAX, STEP_LENGTH_MAX);
        z += step;
        if step.abs() < STEP_LENGTH_MIN {
            break;
        }
    }
    (z, information.0 / information.1)
}

/// Plans the move of the posterior for `label`, given the logit's prior and the effect's variance.
#[must_use]
pub fn plan(prior: Logit, effect_variance: f64, label: Label) -> Move {
    let (mode, information) = posterior_mode(prior, label);
    let weighted = label.weight * information;
    Move {
        gradient: (mode - prior.mean) / prior.variance,
        shrinkage: weighted / (1.0 + weighted * prior.variance),
        effect_variance,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Learns from ten labels on `dim` inputs and compares with the formulas as they are written.
    fn check(dim: usize) {
        let number = |i: usize, j: usize| ((i * 31 + j * 17) % 23) as f64 / 23.0 - 0.4;
        let mut posterior = Posterior::new(&vec![0.3; dim], 1.0);
        let (mut mean, mut covariance) = (vec![0.3; dim], posterior.covariance().to_vec());
        let mut effect = Effect::new(1.0, 0.5, 0);
        for step in 0..10 {
            let x: Vec<f64> = (0..dim).map(|i| number(step, i)).collect();
            let sx: Vec<f64> =
                (0..dim).map(|i| (0..dim).map(|j| covariance[i * dim + j] * x[j]).sum()).collect();
            let sum = |a: &[f64]| a.iter().zip(&x).map(|(a, x)| a * x).sum::<f64>();
            let logit = posterior.logit(&x, 0.1, 0.2);
            let close = |ours: f64, plain: f64| {
                assert!((ours - plain).abs() < 1e-12, "{dim} inputs: {ours}, expected {plain}");
            };
            close(logit.mean, sum(&mean) + 0.1);
            close(logit.variance, sum(&sx) + 0.2);
            let planned = Move { gradient: 0.3, shrinkage: 0.1, effect_variance: 0.2 };
            posterior.apply(&x, &mut effect, &planned, 0, 1e-3);
            for i in 0..dim {
                mean[i] += 0.3 * sx[i];
                for j in 0..dim {
                    covariance[i * dim + j] -= 0.1 * sx[i] * sx[j];
                }
                covariance[i * dim + i] += 1e-3;
            }
            posterior.mean.iter().zip(&mean).for_each(|(ours, plain)| close(*ours, *plain));
            posterior.covariance.iter().zip(&covariance).for_each(|(a, b)| close(*a, *b));
        }
    }

    #[test]
    fn every_size_follows_the_same_formulas() {
        (1..=20).for_each(check);
    }
}
