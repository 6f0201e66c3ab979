//! Whether scores mean what they say: reliability curve, Brier score, log loss, calibration error.
//!
//! Bins are of *equal mass*: each holds about the same weight of rows, equal scores staying together,
//! so that no bin is empty and the curve is fine where scores are.
//! Weights are inverse propensities, so that the curve speaks of all decisions and not of the answered
//! ones.
//! With equal weights, a bin's interval holds for the bin as it is; with unequal ones it uses Kish's
//! effective number of labels and is an approximation.
//!
//! The expected calibration error is never 0 for finite data.
//! Its bootstrap interval errs upwards for the same reason.
//! It comes with what a perfectly calibrated score would show on the same rows
//! ([`Calibration::error_if_calibrated`]): an error inside that range is no sign of miscalibration.
//!
//! Slope and intercept of a logistic recalibration say how scores are off: a slope below 1 is
//! overconfidence, a negative intercept too much optimism.

mod bootstrap;
mod recalibrate;

use serde::{Deserialize, Serialize};

use self::bootstrap::{Bootstrap, Sums, range};
pub use self::recalibrate::Recalibration;
use super::sequence::{Estimate, soft_bernoulli};

/// Most rows that are looked at, so that a report takes seconds at most.
pub const ROWS_MAX: usize = 200_000;

/// Probabilities are kept this far from 0 and 1 where their logarithm is taken.
const MARGIN: f64 = 1e-12;

/// How a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationSettings {
    /// Bins of equal mass, in [1, 100].
    pub bins: u32,
    /// Probability δ of each interval to be wrong, in [1e-6, 0.5].
    pub delta: f64,
    /// Bootstrap resamples for Brier score and calibration error, in [20, 1000].
    pub resamples: u32,
    /// Seed of the bootstrap; the same rows and seed give the same report.
    pub seed: u64,
}

impl Default for CalibrationSettings {
    /// Ten bins, 95 % intervals from 200 resamples.
    fn default() -> Self {
        Self { bins: 10, delta: 0.05, resamples: 200, seed: 1 }
    }
}

/// One prediction and what came of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Predicted probability, in [0, 1].
    pub p: f64,
    /// What happened, in [0, 1]: 1 for a like, 0 for an override, between for the undecided.
    pub y: f64,
    /// How many decisions the row stands for, above 0.
    pub weight: f64,
}

/// A point of the reliability curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// Least score in the bin.
    pub from: f64,
    /// Largest score in the bin.
    pub to: f64,
    /// Rows in the bin.
    pub rows: u64,
    /// Weighted mean score.
    pub predicted: f64,
    /// Weighted mean of what happened.
    pub observed: Estimate,
}

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[must_use = "a calibration that nobody reads protects nobody"]
pub struct Calibration {
    /// Rows looked at.
    pub rows: u64,
    /// Mean of (p − y)², with a bootstrap interval.
    pub brier: Estimate,
    /// Mean of −y ln p − (1 − y) ln(1 − p), in nats.
    pub log_loss: Option<f64>,
    /// Expected calibration error over the bins, with a bootstrap interval.
    pub error: Estimate,
    /// What that error would be if the scores were calibrated: mean over resamples, and the range
    /// that holds 1 − δ of them.
    pub error_if_calibrated: Estimate,
    /// The reliability curve, by rising score.
    pub bins: Vec<Bin>,
    /// Logistic recalibration; none if scores or outcomes are too uniform to fit one.
    pub recalibration: Option<Recalibration>,
}

/// Why no report was made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// A setting is out of its range.
    #[error("calibration setting `{setting}` is {found}, expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What was found.
        found: f64,
        /// The allowed range in words.
        expected: &'static str,
    },
    /// A row is out of range.
    #[error("row {row} has the {field} {found}, expected {expected}")]
    Row {
        /// Number of the row, from 1.
        row: usize,
        /// `score`, `outcome` or `weight`.
        field: &'static str,
        /// What was found.
        found: f64,
        /// The allowed range in words.
        expected: &'static str,
    },
    /// There are too many rows.
    #[error("more than {ROWS_MAX} rows, expected at most that many; take the latest")]
    TooManyRows,
}

impl Calibration {
    /// The report on `rows`.
    ///
    /// # Errors
    /// A setting or a row out of its range, or more than [`ROWS_MAX`] rows.
    pub fn of(
        rows: impl IntoIterator<Item = Row>,
        settings: &CalibrationSettings,
    ) -> Result<Self, Error> {
        check_settings(settings)?;
        let mut sorted = Vec::new();
        for row in rows {
            if sorted.len() == ROWS_MAX {
                return Err(Error::TooManyRows);
            }
            check_row(sorted.len() + 1, &row)?;
            sorted.push(row);
        }
        // A stable sort: equal scores keep their order, and the report its bits.
        sorted.sort_by(|a, b| a.p.total_cmp(&b.p));
        let bin_of = equal_mass(&sorted, settings.bins);
        let boot = Bootstrap::run(&sorted, &bin_of, settings);
        let weight: f64 = sorted.iter().map(|row| row.weight).sum();
        let mean = |f: fn(&Row) -> f64| {
            (!sorted.is_empty())
                .then(|| sorted.iter().map(|row| row.weight * f(row)).sum::<f64>() / weight)
        };
        let sums = Sums::of(sorted.iter().copied().zip(bin_of.iter().copied()));
        Ok(Self {
            rows: sorted.len() as u64,
            brier: range(mean(squared_error), boot.brier, settings.delta),
            log_loss: mean(log_loss),
            error: range(mean(squared_error).map(|_| sums.error()), boot.error, settings.delta),
            error_if_calibrated: {
                let draws = boot.error_if_calibrated;
                #[expect(clippy::cast_precision_loss, reason = "resamples")]
                let mean =
                    (!draws.is_empty()).then(|| draws.iter().sum::<f64>() / draws.len() as f64);
                range(mean, draws, settings.delta)
            },
            bins: curve(&sorted, &bin_of, settings.delta),
            recalibration: recalibrate::fit(&sorted),
        })
    }
}

fn check_settings(settings: &CalibrationSettings) -> Result<(), Error> {
    let ranges = [
        ("bins", f64::from(settings.bins), 1.0..=100.0, "1 to 100"),
        ("delta", settings.delta, 1e-6..=0.5, "a number from 0.000001 to 0.5"),
        ("resamples", f64::from(settings.resamples), 20.0..=1000.0, "20 to 1000"),
    ];
    for (setting, found, allowed, expected) in ranges {
        if !allowed.contains(&found) {
            return Err(Error::Setting { setting, found, expected });
        }
    }
    Ok(())
}

fn check_row(number: usize, row: &Row) -> Result<(), Error> {
    let probability = "a number from 0 to 1";
    let ranges = [
        ("score", row.p, 0.0..=1.0, probability),
        ("outcome", row.y, 0.0..=1.0, probability),
        // Far more than any propensity allows, far less than would overflow a sum.
        ("weight", row.weight, 1e-9..=1e9, "a number from 1e-9 to 1e9"),
    ];
    for (field, found, allowed, expected) in ranges {
        if !allowed.contains(&found) {
            return Err(Error::Row { row: number, field, found, expected });
        }
    }
    Ok(())
}

fn squared_error(row: &Row) -> f64 {
    (row.p - row.y) * (row.p - row.y)
}

fn log_loss(row: &Row) -> f64 {
    let p = row.p.clamp(MARGIN, 1.0 - MARGIN);
    -row.y * p.ln() - (1.0 - row.y) * (1.0 - p).ln()
}

/// The bin of each row, for rows by rising score; bins are numbered from 0 without gaps.
fn equal_mass(sorted: &[Row], bins: u32) -> Vec<usize> {
    let total: f64 = sorted.iter().map(|row| row.weight).sum();
    let share = total / f64::from(bins);
    let (mut bin, mut seen, mut full_at) = (0, 0.0, share);
    let mut previous: Option<f64> = None;
    let mut bin_of = Vec::with_capacity(sorted.len());
    for row in sorted {
        // Half a row's weight decides, so that rounding does not push single rows into a new bin.
        if previous.is_some_and(|p| p != row.p) && seen + 0.5 * row.weight > full_at {
            bin += 1;
            while full_at < seen + 0.5 * row.weight {
                full_at += share;
            }
        }
        bin_of.push(bin);
        seen += row.weight;
        previous = Some(row.p);
    }
    bin_of
}

fn curve(sorted: &[Row], bin_of: &[usize], delta: f64) -> Vec<Bin> {
    let mut bins = Vec::new();
    let mut start = 0;
    while start < sorted.len() {
        let length = bin_of[start..].iter().take_while(|bin| **bin == bin_of[start]).count();
        bins.push(bin_over(&sorted[start..start + length], delta));
        start += length;
    }
    bins
}

fn bin_over(rows: &[Row], delta: f64) -> Bin {
    let sum = |f: fn(&Row) -> f64| rows.iter().map(f).sum::<f64>();
    let weight = sum(|row| row.weight);
    let observed = sum(|row| row.weight * row.y) / weight;
    let labels = weight * weight / sum(|row| row.weight * row.weight);
    let (low, high) = soft_bernoulli(observed * labels, labels, delta);
    Bin {
        from: rows.first().map_or(0.0, |row| row.p),
        to: rows.last().map_or(0.0, |row| row.p),
        rows: rows.len() as u64,
        predicted: sum(|row| row.weight * row.p) / weight,
        observed: Estimate { value: Some(observed), low, high },
    }
}

#[cfg(test)]
mod tests;
