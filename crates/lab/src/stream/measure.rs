//! How good predictions are, with intervals that respect that neighbours are alike.
//!
//! Intervals are percentiles of a bootstrap over whole blocks of rows (or over people): rows near
//! each other say less than as many independent ones, and an interval over single rows would be
//! too narrow.

use npo_core::learning::math::{logit, sigmoid};
use serde::Serialize;

use super::real;

/// Bootstrap samples.
const SAMPLES: usize = 200;
/// Blocks below which resampling them shows nothing: of one, every sample is the same.
pub const BLOCKS_MIN: usize = 10;
/// Bins of the expected calibration error.
const BINS: usize = 10;
/// Newton steps of the calibration line: enough from scratch, and from the whole sample's solution.
const STEPS: usize = 12;
const STEPS_RESAMPLED: usize = 3;

/// An estimate with its 95 % interval, if there are blocks enough for one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// On all rows.
    pub value: f64,
    /// Lower limit.
    pub low: Option<f64>,
    /// Upper limit.
    pub high: Option<f64>,
}

/// How limits are read off the resampled values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limits {
    /// Their percentiles.
    Percentiles,
    /// Their percentiles, moved by as much as resampling moves the mean, down to 0: chance within
    /// the bins adds to a calibration error, and resampling adds that chance once more.
    Recentred,
}

/// How good predictions are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scores {
    /// Share of rows on the right side of ½.
    pub accuracy: Estimate,
    /// Mean negative log-likelihood, in nats.
    pub log_loss: Estimate,
    /// P(a row of label 1 is scored above one of label 0).
    pub auc: Estimate,
    /// Mean squared error of the probability.
    pub brier: Estimate,
    /// Expected calibration error over ten bins of equal width.
    pub ece: Estimate,
    /// Slope of the label's log-odds over the predicted log-odds; 1 is calibrated, less is too sure.
    pub slope: Estimate,
}

/// Labels with the block of each, and how blocks are drawn.
#[derive(Debug)]
pub struct Sample<'a> {
    labels: &'a [bool],
    /// Weight of every row per bootstrap sample; none with fewer than [`BLOCKS_MIN`] blocks.
    resamples: Vec<Vec<f64>>,
}

impl<'a> Sample<'a> {
    /// Rows in blocks; `block_of` gives each row's, numbered from 0.
    ///
    /// # Panics
    /// If the lengths differ.
    #[must_use]
    pub fn new(labels: &'a [bool], block_of: &[usize]) -> Self {
        assert_eq!(labels.len(), block_of.len(), "every row is in a block");
        let blocks = block_of.iter().max().map_or(0, |last| last + 1);
        let mut draws = 0x5eed_u64;
        let samples = if blocks < BLOCKS_MIN { 0 } else { SAMPLES };
        let resamples = (0..samples)
            .map(|_| {
                let mut times = vec![0.0; blocks];
                for _ in 0..blocks {
                    times[below(&mut draws, blocks)] += 1.0;
                }
                block_of.iter().map(|block| times[*block]).collect()
            })
            .collect();
        Self { labels, resamples }
    }

    /// Scores predictions of P(1), each in (0, 1).
    #[must_use]
    pub fn scores(&self, predictions: &[f64]) -> Scores {
        let n = self.labels.len();
        let all = vec![1.0; n];
        let log_loss = self.losses(predictions);
        let y = |ix: usize| f64::from(u8::from(self.labels[ix]));
        let right: Vec<f64> = (0..n)
            .map(|ix| f64::from(u8::from((predictions[ix] > 0.5) == self.labels[ix])))
            .collect();
        let squares: Vec<f64> = (0..n).map(|ix| (predictions[ix] - y(ix)).powi(2)).collect();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| predictions[*a].total_cmp(&predictions[*b]));
        let log_odds: Vec<f64> = predictions.iter().map(|p| logit(*p)).collect();
        let line = calibration_line(&log_odds, self.labels, &all, (0.0, 1.0), STEPS);
        let of =
            |statistic: &dyn Fn(&[f64]) -> f64| self.estimate(&all, Limits::Percentiles, statistic);
        Scores {
            accuracy: of(&|w| mean(&right, w)),
            log_loss: of(&|w| mean(&log_loss, w)),
            auc: of(&|w| auc(predictions, self.labels, &order, w)),
            brier: of(&|w| mean(&squares, w)),
            ece: self.estimate(&all, Limits::Recentred, &|w| {
                calibration_error(predictions, self.labels, w)
            }),
            slope: of(&|w| calibration_line(&log_odds, self.labels, w, line, STEPS_RESAMPLED).1),
        }
    }

    /// Log loss of `ours` minus that of `theirs`, on the same rows.
    #[must_use]
    pub fn difference(&self, ours: &[f64], theirs: &[f64]) -> Estimate {
        let differences: Vec<f64> =
            self.losses(ours).iter().zip(self.losses(theirs)).map(|(a, b)| a - b).collect();
        let all = vec![1.0; differences.len()];
        self.estimate(&all, Limits::Percentiles, &|w| mean(&differences, w))
    }

    fn losses(&self, predictions: &[f64]) -> Vec<f64> {
        predictions
            .iter()
            .zip(self.labels)
            .map(|(p, y)| if *y { -p.ln() } else { -(1.0 - p).ln() })
            .collect()
    }

    fn estimate(&self, all: &[f64], limits: Limits, statistic: &dyn Fn(&[f64]) -> f64) -> Estimate {
        let value = statistic(all);
        let mut values: Vec<f64> =
            self.resamples.iter().map(|w| statistic(w)).filter(|v| v.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: usize| values.get(values.len() * share / 1000).copied();
        let moved = |limit: f64| match limits {
            Limits::Percentiles => limit,
            Limits::Recentred => {
                let mean = values.iter().sum::<f64>() / real(values.len());
                (limit - (mean - value)).max(0.0)
            }
        };
        let (low, high) = (at(25).map(moved), at(975).map(moved));
        match limits {
            Limits::Percentiles => Estimate { value, low, high },
            Limits::Recentred => Estimate {
                value,
                low: low.map(|low| low.min(value)),
                high: high.map(|high| high.max(value)),
            },
        }
    }
}

/// Blocks of `length` neighbouring rows.
#[must_use]
pub fn blocks(rows: usize, length: usize) -> Vec<usize> {
    (0..rows).map(|row| row / length.max(1)).collect()
}

/// Length of a block if nobody says otherwise: the square root of the rows.
#[must_use]
pub fn usual_block(rows: usize) -> usize {
    rows.isqrt().max(1)
}

fn mean(values: &[f64], weights: &[f64]) -> f64 {
    let sum: f64 = values.iter().zip(weights).map(|(v, w)| v * w).sum();
    sum / weights.iter().sum::<f64>()
}

/// Area under the curve by ranks; `order` sorts the predictions, equal ones share their rank.
fn auc(predictions: &[f64], labels: &[bool], order: &[usize], weights: &[f64]) -> f64 {
    let (mut below, mut won, mut ones) = (0.0, 0.0, 0.0);
    let mut start = 0;
    while start < order.len() {
        let value = predictions[order[start]];
        let length = order[start..].iter().take_while(|ix| predictions[**ix] == value).count();
        let (mut tied_zeros, mut tied_ones) = (0.0, 0.0);
        for ix in &order[start..start + length] {
            *(if labels[*ix] { &mut tied_ones } else { &mut tied_zeros }) += weights[*ix];
        }
        won += tied_ones * (below + 0.5 * tied_zeros);
        below += tied_zeros;
        ones += tied_ones;
        start += length;
    }
    won / (ones * below)
}

fn calibration_error(predictions: &[f64], labels: &[bool], weights: &[f64]) -> f64 {
    let mut bins = [(0.0, 0.0, 0.0); BINS];
    for ((p, y), w) in predictions.iter().zip(labels).zip(weights) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a probability times ten is small and not negative"
        )]
        let bin = &mut bins[((p * real(BINS)) as usize).min(BINS - 1)];
        bin.0 += w * p;
        bin.1 += w * f64::from(u8::from(*y));
        bin.2 += w;
    }
    let gaps: f64 = bins.iter().map(|(p, y, _)| (p - y).abs()).sum();
    gaps / bins.iter().map(|(_, _, w)| w).sum::<f64>()
}

/// Intercept and slope of the label over the predicted log-odds, by Newton's method from `start`.
fn calibration_line(
    log_odds: &[f64],
    labels: &[bool],
    weights: &[f64],
    start: (f64, f64),
    steps: usize,
) -> (f64, f64) {
    let (mut a, mut b) = start;
    for _ in 0..steps {
        let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 1e-9, 0.0, 1e-9);
        for ((x, y), w) in log_odds.iter().zip(labels).zip(weights).filter(|(_, w)| **w > 0.0) {
            let p = sigmoid(a + b * x);
            let (error, spread) = (f64::from(u8::from(*y)) - p, p * (1.0 - p) * w);
            g0 += w * error;
            g1 += w * error * x;
            h00 += spread;
            h01 += spread * x;
            h11 += spread * x * x;
        }
        let determinant = h00 * h11 - h01 * h01;
        if determinant <= 0.0 {
            break;
        }
        // Labels that are told apart perfectly have no best slope; the steps stay bounded.
        a += ((h11 * g0 - h01 * g1) / determinant).clamp(-2.0, 2.0);
        b += ((h00 * g1 - h01 * g0) / determinant).clamp(-2.0, 2.0);
    }
    (a, b)
}

/// A draw below `limit` by SplitMix64: the same predictions must give the same intervals.
#[expect(clippy::cast_possible_truncation, reason = "the remainder is below `limit`")]
pub(super) fn below(state: &mut u64, limit: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
}
