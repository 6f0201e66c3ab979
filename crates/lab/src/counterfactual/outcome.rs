//! What an answer would probably have been: the score that the log stored, recalibrated on the log's
//! own labels.
//!
//! Two logistic curves over the stored score's logit: that an answer is directed at all, and that a
//! directed one is a like. They are fitted on labels of other scenarios than the one they speak of
//! (cross-fitting in five parts), so that no label vouches for itself. A pull towards the stored
//! score (likes) keeps the curves sane where labels are few.
//! The doubly robust estimate needs this to be about right, or the weights to be; not both.

use npo_core::Signal;
use npo_core::learning::math::{logit, sigmoid};

use super::bootstrap::mix;
use super::row::Row;

/// Parts of the cross-fitting.
const PARTS: usize = 5;
/// Scores are grouped, so that a fit does not go through all labels at every step.
const BINS: usize = 400;
/// Logits covered by the groups, either side.
const LOGIT_MAX: f64 = 10.0;
/// Precision of the pull towards intercept and slope of the prior.
const PULL: f64 = 2.0;
/// Newton steps of a fit.
const STEPS: usize = 25;

/// What is expected of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Expected {
    pub(super) like: f64,
    pub(super) override_: f64,
    pub(super) loss: f64,
}

/// The recalibrated score.
#[derive(Debug, Clone)]
pub(super) struct OutcomeModel {
    /// By part and group.
    table: Vec<[Expected; BINS]>,
}

/// Labels of one part, by group.
#[derive(Clone)]
struct Labels {
    likes: [f64; BINS],
    overrides: [f64; BINS],
    undirected: [f64; BINS],
    /// Sum of losses and number of likes, overrides and undirected answers.
    losses: [(f64, f64); 3],
}

impl OutcomeModel {
    pub(super) fn fit(rows: &[Row]) -> Self {
        let empty = Labels {
            likes: [0.0; BINS],
            overrides: [0.0; BINS],
            undirected: [0.0; BINS],
            losses: [(0.0, 0.0); 3],
        };
        let mut parts = vec![empty.clone(); PARTS];
        for row in rows {
            let Some(signal) = row.label() else { continue };
            parts[part(row.scenario)].add(bin(row.score), signal, f64::from(row.loss));
        }
        let table = (0..PARTS)
            .map(|left_out| {
                let mut rest = empty.clone();
                for (i, part) in parts.iter().enumerate() {
                    if i != left_out {
                        rest.merge(part);
                    }
                }
                rest.curve()
            })
            .collect();
        Self { table }
    }

    /// What is expected of an answer to this decision.
    pub(super) fn expect(&self, row: &Row) -> Expected {
        self.table[part(row.scenario)][bin(row.score)]
    }
}

/// Which part a scenario belongs to.
fn part(scenario: u32) -> usize {
    usize::try_from(mix(u64::from(scenario) ^ 0x5eed) % PARTS as u64).unwrap_or(0)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a clamped index"
)]
fn bin(score: f32) -> usize {
    let z = logit(f64::from(score).clamp(1e-9, 1.0 - 1e-9)).clamp(-LOGIT_MAX, LOGIT_MAX);
    (((z + LOGIT_MAX) / (2.0 * LOGIT_MAX) * BINS as f64) as usize).min(BINS - 1)
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred groups")]
fn middle(bin: usize) -> f64 {
    ((bin as f64 + 0.5) / BINS as f64 * 2.0 - 1.0) * LOGIT_MAX
}

impl Labels {
    fn add(&mut self, bin: usize, signal: Signal, loss: f64) {
        let (counts, losses) = match signal {
            Signal::Like => (&mut self.likes, 0),
            Signal::Override => (&mut self.overrides, 1),
            Signal::Neutral | Signal::Skipped => (&mut self.undirected, 2),
        };
        counts[bin] += 1.0;
        self.losses[losses].0 += loss;
        self.losses[losses].1 += 1.0;
    }

    fn merge(&mut self, other: &Self) {
        for i in 0..BINS {
            self.likes[i] += other.likes[i];
            self.overrides[i] += other.overrides[i];
            self.undirected[i] += other.undirected[i];
        }
        for (mine, others) in self.losses.iter_mut().zip(&other.losses) {
            mine.0 += others.0;
            mine.1 += others.1;
        }
    }

    fn curve(&self) -> [Expected; BINS] {
        let directed: Vec<f64> =
            self.likes.iter().zip(&self.overrides).map(|(like, no)| like + no).collect();
        // Before any label an answer is taken to be directed, with the stored score as it is.
        let (all, none): (f64, f64) = (directed.iter().sum(), self.undirected.iter().sum::<f64>());
        let start = logit((all + 1.0) / (all + none + 1.5));
        let speaks = curve(&directed, &self.undirected, (start, 0.0));
        let likes = curve(&self.likes, &self.overrides, (0.0, 1.0));
        let mean = |(sum, n): (f64, f64), else_| if n > 0.0 { sum / n } else { else_ };
        let [like_loss, override_loss, undirected_loss] =
            [mean(self.losses[0], 0.0), mean(self.losses[1], 1.0), mean(self.losses[2], 0.25)];
        std::array::from_fn(|i| {
            let z = middle(i);
            let (speaks, likes) = (at(speaks, z), at(likes, z));
            let (like, override_) = (speaks * likes, speaks * (1.0 - likes));
            let loss =
                like * like_loss + override_ * override_loss + (1.0 - speaks) * undirected_loss;
            Expected { like, override_, loss }
        })
    }
}

fn at((intercept, slope): (f64, f64), z: f64) -> f64 {
    sigmoid(intercept + slope * z)
}

/// Intercept and slope of a logistic curve over the groups' logits, pulled towards `prior`.
fn curve(yes: &[f64], no: &[f64], prior: (f64, f64)) -> (f64, f64) {
    let (mut a, mut b) = prior;
    for _ in 0..STEPS {
        let (mut ga, mut gb) = (-PULL * (a - prior.0), -PULL * (b - prior.1));
        let (mut haa, mut hab, mut hbb) = (PULL, 0.0, PULL);
        for (i, (yes, no)) in yes.iter().zip(no).enumerate() {
            let n = yes + no;
            if n == 0.0 {
                continue;
            }
            let z = middle(i);
            let p = at((a, b), z);
            let (residual, curvature) = (yes - n * p, n * p * (1.0 - p));
            ga += residual;
            gb += residual * z;
            haa += curvature;
            hab += curvature * z;
            hbb += curvature * z * z;
        }
        // The pull keeps the matrix positive definite.
        let determinant = haa * hbb - hab * hab;
        let step = ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant);
        // A full step may overshoot where curves saturate.
        let length = step.0.abs().max(step.1.abs()).max(1.0);
        a += step.0 / length;
        b += step.1 / length;
        if step.0.abs() + step.1.abs() < 1e-9 {
            break;
        }
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counterfactual::bootstrap::Random;

    /// 20,000 labels of σ(−0.5 + 0.7 z): standard errors of both are below 0.03.
    #[test]
    fn the_curve_is_found_again() {
        let mut random = Random::new(3);
        let (mut yes, mut no) = ([0.0; BINS], [0.0; BINS]);
        for _ in 0..20_000 {
            let z = 4.0 * random.uniform() - 2.0;
            let score = sigmoid(z);
            #[expect(clippy::cast_possible_truncation, reason = "a score")]
            let bin = bin(score as f32);
            let liked = random.uniform() < sigmoid(-0.5 + 0.7 * z);
            if liked { yes[bin] += 1.0 } else { no[bin] += 1.0 }
        }
        let (a, b) = curve(&yes, &no, (0.0, 1.0));
        assert!((a + 0.5).abs() < 0.1 && (b - 0.7).abs() < 0.1, "{a} {b}");
    }

    #[test]
    fn without_labels_the_stored_score_stands() {
        let empty = curve(&[0.0; BINS], &[0.0; BINS], (0.0, 1.0));
        assert_eq!(empty, (0.0, 1.0));
        assert!((at(empty, middle(bin(0.7))) - 0.7).abs() < 0.01);
    }
}
