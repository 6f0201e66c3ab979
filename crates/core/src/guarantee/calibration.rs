//! Whether scores mean what they say: reliability curve, Brier score, log loss, calibration error.
//!
//! Bins are of *equal mass*: each holds about the same weight of rows, equal scores staying together,
//! so that no bin is empty and the curve is fine where scores are.
//! Weights are inverse propensities, so that the curve speaks of all decisions and not of the answered
//! ones; with equal weights, each bin's interval is exact at every look, with unequal ones it uses
//! Kish's effective number of labels and is an approximation.
//!
//! The expected calibration error is never 0 for finite data.
//! It comes with what a perfectly calibrated score would show on the same rows
//! ([`Calibration::error_if_calibrated`]): an error inside that range is no sign of miscalibration.
//!
//! Slope and intercept of a logistic recalibration say how scores are off: a slope below 1 is
//! overconfidence, a negative intercept too much optimism.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::sequence::{Estimate, soft_bernoulli};
use crate::learning::math::{logit, sigmoid};

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

/// Logistic recalibration: P(y) = σ(intercept + slope·logit(p)).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Recalibration {
    /// 0 for a calibrated score.
    pub intercept: f64,
    /// Its standard error (sandwich, so that weights may be unequal).
    pub intercept_error: f64,
    /// 1 for a calibrated score, below 1 for an overconfident one.
    pub slope: f64,
    /// Its standard error.
    pub slope_error: f64,
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
            recalibration: recalibrate(&sorted),
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

/// Weighted sums from which the two bootstrapped numbers come.
#[derive(Default)]
struct Sums {
    weight: f64,
    squared_error: f64,
    /// For each bin, Σ w (y − p).
    excess: Vec<f64>,
}

impl Sums {
    fn of(rows: impl IntoIterator<Item = (Row, usize)>) -> Self {
        let mut sums = Self::default();
        for (row, bin) in rows {
            sums.add(&row, bin);
        }
        sums
    }

    fn add(&mut self, row: &Row, bin: usize) {
        if self.excess.len() <= bin {
            self.excess.resize(bin + 1, 0.0);
        }
        self.weight += row.weight;
        self.squared_error += row.weight * squared_error(row);
        self.excess[bin] += row.weight * (row.y - row.p);
    }

    fn brier(&self) -> f64 {
        self.squared_error / self.weight
    }

    fn error(&self) -> f64 {
        self.excess.iter().map(|excess| excess.abs()).sum::<f64>() / self.weight
    }
}

/// Resampled values of the reported numbers; empty without rows.
#[derive(Default)]
struct Bootstrap {
    brier: Vec<f64>,
    error: Vec<f64>,
    error_if_calibrated: Vec<f64>,
}

impl Bootstrap {
    fn run(sorted: &[Row], bin_of: &[usize], settings: &CalibrationSettings) -> Self {
        let mut boot = Self::default();
        let Ok(count) = u64::try_from(sorted.len()) else { return boot };
        if count == 0 {
            return boot;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        for _ in 0..settings.resamples {
            let drawn = Sums::of((0..count).map(|_| {
                // The high half of a 32 by 32 bit product: uniform to within 2^-14 for `ROWS_MAX`.
                #[expect(clippy::cast_possible_truncation, reason = "below the number of rows")]
                let index = ((u64::from(rng.next_u32()) * count) >> 32) as usize;
                (sorted[index], bin_of[index])
            }));
            boot.brier.push(drawn.brier());
            boot.error.push(drawn.error());
            // The same rows, had each come out as its score says.
            let calibrated = Sums::of(sorted.iter().zip(bin_of).map(|(row, bin)| {
                let hit = f64::from(rng.next_u32()) / 4_294_967_296.0 < row.p;
                (Row { y: f64::from(u8::from(hit)), ..*row }, *bin)
            }));
            boot.error_if_calibrated.push(calibrated.error());
        }
        boot
    }
}

/// The middle 1 − δ of `draws` as interval around `value`, which it always contains.
fn range(value: Option<f64>, mut draws: Vec<f64>, delta: f64) -> Estimate {
    let Some(center) = value.filter(|_| !draws.is_empty()) else {
        return Estimate { value, low: 0.0, high: 1.0 };
    };
    draws.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most a thousand draws"
    )]
    let cut = (0.5 * delta * draws.len() as f64).floor() as usize;
    let (low, high) = (draws[cut], draws[draws.len() - 1 - cut]);
    Estimate { value, low: low.min(center), high: high.max(center) }
}

/// Newton's method for the two coefficients; none where it does not settle.
fn recalibrate(rows: &[Row]) -> Option<Recalibration> {
    let z = |row: &Row| logit(row.p.clamp(MARGIN, 1.0 - MARGIN));
    let (mut a, mut b) = (0.0, 1.0);
    for _ in 0..50 {
        let mut gradient = [0.0; 2];
        let mut information = [0.0; 3];
        let mut meat = [0.0; 3];
        for row in rows {
            let z = z(row);
            let fitted = sigmoid(a + b * z);
            let pull = row.weight * (row.y - fitted);
            let curvature = row.weight * fitted * (1.0 - fitted);
            for (k, power) in [1.0, z, z * z].into_iter().enumerate() {
                information[k] += curvature * power;
                meat[k] += pull * pull * power;
                if k < 2 {
                    gradient[k] += pull * power;
                }
            }
        }
        let [i00, i01, i11] = information;
        let determinant = i00 * i11 - i01 * i01;
        // Scores that are all alike, or a fit that has run off to certainty.
        if !(determinant > 1e-10 * i00 * i11) {
            return None;
        }
        let solve = |x: [f64; 2]| {
            [(i11 * x[0] - i01 * x[1]) / determinant, (i00 * x[1] - i01 * x[0]) / determinant]
        };
        let step = solve(gradient);
        let length = step[0].hypot(step[1]);
        if length < 1e-9 {
            let [m00, m01, m11] = meat;
            let (first, second) = (solve([m00, m01]), solve([m01, m11]));
            let variance = [solve([first[0], second[0]])[0], solve([first[1], second[1]])[1]];
            return (a.abs() < 30.0 && b.abs() < 30.0).then(|| Recalibration {
                intercept: a,
                intercept_error: variance[0].max(0.0).sqrt(),
                slope: b,
                slope_error: variance[1].max(0.0).sqrt(),
            });
        }
        // A full step may overshoot far from the optimum.
        let scale = (2.0 / length).min(1.0);
        a += scale * step[0];
        b += scale * step[1];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::chance::Chance;
    use super::*;

    /// Rows whose outcome has probability `truth(p)`, each kept with probability `kept(p)` and
    /// weighted by its inverse.
    fn rows(
        seed: u64,
        count: usize,
        truth: impl Fn(f64) -> f64,
        kept: impl Fn(f64) -> f64,
    ) -> Vec<Row> {
        let mut chance = Chance::new(seed);
        let mut rows = Vec::new();
        for _ in 0..count {
            let p = sigmoid(4.0 * chance.uniform() - 1.0);
            let y = f64::from(u8::from(chance.hit(truth(p))));
            if chance.hit(kept(p)) {
                rows.push(Row { p, y, weight: 1.0 / kept(p) });
            }
        }
        rows
    }

    fn report(rows: Vec<Row>) -> Calibration {
        Calibration::of(rows, &CalibrationSettings::default()).expect("rows in range")
    }

    #[test]
    fn small_sets_by_hand() {
        let empty = report(vec![]);
        assert_eq!((empty.rows, empty.bins.len(), empty.brier.value), (0, 0, None));
        assert_eq!((empty.error.low, empty.error.high, empty.log_loss), (0.0, 1.0, None));
        let row = |p, y, weight| Row { p, y, weight };
        let two = report(vec![row(0.8, 1.0, 1.0), row(0.8, 0.0, 3.0)]);
        // (0.04 + 3·0.64)/4, |0.25 − 0.8|, and equal scores in one bin.
        let near = |found: Option<f64>, expected: f64| {
            assert!((found.expect("a value") - expected).abs() < 1e-12, "{found:?}, {expected}");
        };
        near(two.brier.value, 0.49);
        near(two.error.value, 0.55);
        near(two.log_loss, (-(0.8_f64.ln()) - 3.0 * 0.2_f64.ln()) / 4.0);
        assert_eq!((two.bins.len(), two.bins[0].rows), (1, 2));
        assert_eq!(two.recalibration, None);
        // Certain and wrong: finite.
        let wrong = report(vec![row(1.0, 0.0, 1.0), row(0.0, 1.0, 1.0)]);
        assert!(wrong.log_loss.is_some_and(f64::is_finite));
    }

    #[test]
    fn calibrated_scores_are_not_accused() {
        let found = report(rows(1, 5_000, |p| p, |_| 1.0));
        assert_eq!(found.bins.len(), 10);
        assert!(found.bins.iter().all(|bin| (400..=600).contains(&bin.rows)), "{found:?}");
        for bin in &found.bins {
            // Ten bins at δ = 0.05 that hold at every look are far from tight at a single one.
            assert!((bin.observed.low..=bin.observed.high).contains(&bin.predicted), "{bin:?}");
        }
        let error = found.error.value.expect("rows");
        assert!(error <= found.error_if_calibrated.high, "{found:?}");
        let fit = found.recalibration.expect("a fit");
        // Four standard errors: a probability of 6e-5.
        assert!(fit.intercept.abs() < 4.0 * fit.intercept_error, "{fit:?}");
        assert!((fit.slope - 1.0).abs() < 4.0 * fit.slope_error, "{fit:?}");
    }

    #[test]
    fn overconfidence_is_seen_and_measured() {
        let found = report(rows(2, 5_000, |p| sigmoid(-0.3 + 0.5 * logit(p)), |_| 1.0));
        let fit = found.recalibration.expect("a fit");
        assert!((fit.intercept + 0.3).abs() < 4.0 * fit.intercept_error, "{fit:?}");
        assert!((fit.slope - 0.5).abs() < 4.0 * fit.slope_error, "{fit:?}");
        assert!(found.error.low > found.error_if_calibrated.high, "{found:?}");
    }

    #[test]
    fn weights_undo_the_selection() {
        let kept = |p: f64| if p > 0.7 { 1.0 } else { 0.2 };
        let all = report(rows(3, 20_000, |p| 0.8 * p, |_| 1.0));
        let seen = report(rows(4, 20_000, |p| 0.8 * p, kept));
        let (all, seen) = (all.brier.value.expect("rows"), seen.brier);
        assert!((seen.low - 0.005..=seen.high + 0.005).contains(&all), "{all} {seen:?}");
    }

    #[test]
    fn the_bootstrap_interval_covers() {
        let truth = {
            let rows = rows(5, 100_000, |p| p, |_| 1.0);
            rows.iter().map(squared_error).sum::<f64>() / 100_000.0
        };
        let misses = (0..100)
            .filter(|run| {
                let settings = CalibrationSettings { resamples: 100, ..Default::default() };
                let rows = rows(100 + run, 300, |p| p, |_| 1.0);
                let brier = Calibration::of(rows, &settings).expect("rows in range").brier;
                !(brier.low..=brier.high).contains(&truth)
            })
            .count();
        // 5 of 100 expected; a bootstrap of 300 rows is a little narrow, and three standard
        // deviations are 3·√(100·0.05·0.95) = 6.5.
        assert!(misses <= 13, "{misses} of 100 intervals miss");
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let check = |row: Row, settings: CalibrationSettings, expected: &str| {
            let error = Calibration::of([row], &settings).expect_err("refused");
            assert_eq!(error.to_string(), expected);
        };
        let (fine, settings) =
            (Row { p: 0.5, y: 1.0, weight: 1.0 }, CalibrationSettings::default());
        let p = Row { p: 1.5, ..fine };
        check(p, settings, "row 1 has the score 1.5, expected a number from 0 to 1");
        let weight = Row { weight: f64::NAN, ..fine };
        check(weight, settings, "row 1 has the weight NaN, expected a number from 1e-9 to 1e9");
        let bins = CalibrationSettings { bins: 0, ..settings };
        check(fine, bins, "calibration setting `bins` is 0, expected 1 to 100");
        let many = std::iter::repeat_n(fine, ROWS_MAX + 1);
        assert_eq!(Calibration::of(many, &settings), Err(Error::TooManyRows));
    }
}
