//! Intervals for Brier score and calibration error from seeded resamples.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::super::sequence::Estimate;
use super::{CalibrationSettings, Row, squared_error};

/// Weighted sums from which the two bootstrapped numbers come.
#[derive(Default)]
pub(super) struct Sums {
    weight: f64,
    squared_error: f64,
    /// For each bin, Σ w (y − p).
    excess: Vec<f64>,
}

impl Sums {
    pub(super) fn of(rows: impl IntoIterator<Item = (Row, usize)>) -> Self {
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

    pub(super) fn error(&self) -> f64 {
        self.excess.iter().map(|excess| excess.abs()).sum::<f64>() / self.weight
    }
}

/// Resampled values of the reported numbers; empty without rows.
#[derive(Default)]
pub(super) struct Bootstrap {
    pub(super) brier: Vec<f64>,
    pub(super) error: Vec<f64>,
    pub(super) error_if_calibrated: Vec<f64>,
}

impl Bootstrap {
    pub(super) fn run(sorted: &[Row], bin_of: &[usize], settings: &CalibrationSettings) -> Self {
        let mut boot = Self::default();
        let Ok(count) = u64::try_from(sorted.len()) else { return boot };
        if count == 0 {
            return boot;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        for _ in 0..settings.resamples {
            let drawn = Sums::of((0..count).map(|_| {
                // The high half of a 32 by 32 bit product: uniform to within 2^-14 for `ROWS_MAX`.
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
pub(super) fn range(value: Option<f64>, mut draws: Vec<f64>, delta: f64) -> Estimate {
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
