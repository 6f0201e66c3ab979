//! Scales with ticks at round numbers.

use crate::results::plain;

/// Ticks that an axis has at most; more would touch.
const TICKS_MAX: usize = 8;

/// A linear axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    /// The least value shown.
    pub(crate) low: f64,
    /// The greatest value shown; above `low`.
    pub(crate) high: f64,
    /// Values of the ticks, ascending, all within.
    pub(crate) ticks: Vec<f64>,
    decimals: usize,
}

impl Scale {
    /// A scale that holds all finite `values`, begins and ends at a tick, and has about `wanted`
    /// steps.
    pub(crate) fn around(values: impl Iterator<Item = f64>, wanted: usize) -> Self {
        let (low, high) = extent(values);
        let step = round_step((high - low) / wanted.max(1) as f64);
        // A hair of tolerance keeps 0.3 from becoming the tick behind it.
        let first = (low / step + 1e-9).floor();
        let last = (high / step - 1e-9).ceil().max(first + 1.0);
        Self::stepped(first * step, last * step, step)
    }

    /// A scale from 0 to `end` exactly, with ticks between.
    pub(crate) fn up_to(end: f64, wanted: usize) -> Self {
        let end = if end.is_finite() && end > 0.0 { end } else { 1.0 };
        Self::stepped(0.0, end, round_step(end / wanted.max(1) as f64))
    }

    fn stepped(low: f64, high: f64, step: f64) -> Self {
        let first = (low / step - 1e-9).ceil();
        let count = ((high / step + 1e-9).floor() - first) as usize + 1;
        let ticks = (0..count.min(TICKS_MAX + 2)).map(|at| (first + at as f64) * step).collect();
        Self { low, high, ticks, decimals: decimals_of(step) }
    }

    /// Where `value` lies between `from` and `to`; values beyond the scale stay at its ends.
    pub(crate) fn place(&self, value: f64, from: f64, to: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        // What is no number has no place; the near end at least keeps the picture readable.
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        from + (to - from) * share
    }

    /// A tick's label.
    pub(crate) fn label(&self, tick: f64) -> String {
        plain(tick, self.decimals)
    }
}

/// Least and greatest finite value, apart from each other; 0 and 1 without values.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    // Sums of what is beyond would not be finite, and nothing that is measured here is.
    let finite = values.filter(|value| value.abs() < 1e300);
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return (0.0, 1.0);
    }
    let least = (low.abs().max(high.abs()) * 1e-6).max(1e-9);
    if high - low < least {
        let pad = if low == 0.0 { 0.5 } else { low.abs() * 0.1 };
        return (low - pad, high + pad);
    }
    (low, high)
}

/// The smallest of 1, 2, 2.5, 5 and 10 times a power of ten that is at least `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let leading = least / power;
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|factor| leading <= factor * 1.000_001);
    factor.unwrap_or(10.0) * power
}

/// Decimals that tell multiples of `step` apart.
fn decimals_of(step: f64) -> usize {
    (0..12)
        .find(|decimals| {
            let scaled = step * 10_f64.powi(*decimals);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0) && scaled > 0.5
        })
        .map_or(12, |decimals| decimals as usize)
}
