//! Detectors of a rising rate: Shiryaev–Roberts, CUSUM, Page–Hinkley (METHODS 2.6).
//!
//! [`ShiryaevRoberts`] decides, since it needs no calibration: as an e-detector (Shin, Ramdas and
//! Rinaldo, "E-detectors", 2023) its value grows by at most 1 per label on average while the rate is
//! p₀ or less, so that the mean number of labels until it reaches h is at least h.
//! The other two are there for comparison: their levels must be tuned on the stream at hand.
//!
//! All three fold one number x in [0, 1] per label (1 for an override) with sums, products and
//! comparisons; CUSUM's logarithms are taken once, when it is made, by a portable function.

use serde::{Deserialize, Serialize};

/// Stakes of the Shiryaev–Roberts detector, each to be divided by p₀.
pub const SR_BETS: [f64; 6] = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75];

/// Most that a detector's value grows to; far above any run length, far below overflow.
/// Cutting a value off can only delay an alarm.
pub const VALUE_MAX: f64 = 1e100;

/// The Shiryaev–Roberts e-detector: M ← (1 + M)(1 + λ(x − p₀)), averaged over stakes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ShiryaevRoberts {
    values: [f64; SR_BETS.len()],
}

impl ShiryaevRoberts {
    /// Counts one label `x` in [0, 1] against the rate `p0` in (0, 1) that is still fine.
    pub fn observe(&mut self, x: f64, p0: f64) {
        let surprise = (x - p0) / p0;
        for (value, bet) in self.values.iter_mut().zip(SR_BETS) {
            *value = ((1.0 + *value) * (1.0 + bet * surprise)).min(VALUE_MAX);
        }
    }

    /// Forgets what lies above `most`, so that a detector that has called can calm down again.
    pub(crate) fn cut(&mut self, most: f64) {
        self.values.iter_mut().for_each(|value| *value = value.min(most));
    }

    /// The value to hold against the run length h: at h or more, the rate has risen above p₀, or this
    /// is one of the false alarms, at least h labels apart on average.
    #[must_use]
    pub fn value(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "six")]
        let bets = SR_BETS.len() as f64;
        self.values.iter().sum::<f64>() / bets
    }
}

/// Page's cumulative sum of log-likelihood ratios for a rate p₁ against p₀.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    step_at_0: f64,
    step_at_1: f64,
    value: f64,
}

impl Cusum {
    /// A detector of a change from the rate `p0` to `p1`, both in (0, 1).
    #[must_use]
    pub fn new(p0: f64, p1: f64) -> Self {
        Self {
            step_at_0: libm::log((1.0 - p1) / (1.0 - p0)),
            step_at_1: libm::log(p1 / p0),
            value: 0.0,
        }
    }

    /// Counts one label `x` in [0, 1].
    pub fn observe(&mut self, x: f64) {
        let step = x * self.step_at_1 + (1.0 - x) * self.step_at_0;
        self.value = (self.value + step).clamp(0.0, VALUE_MAX);
    }

    /// The sum since it last stood at 0, in nats.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }
}

/// Page–Hinkley: how far the labels run ahead of their own mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PageHinkley {
    slack: f64,
    mean: f64,
    labels: u64,
    value: f64,
}

impl PageHinkley {
    /// A detector that forgives `slack` per label above the mean so far.
    #[must_use]
    pub fn new(slack: f64) -> Self {
        Self { slack, mean: 0.0, labels: 0, value: 0.0 }
    }

    /// Counts one label `x` in [0, 1].
    pub fn observe(&mut self, x: f64) {
        self.labels += 1;
        #[expect(clippy::cast_precision_loss, reason = "labels stay far below 2^53")]
        let labels = self.labels as f64;
        self.mean += (x - self.mean) / labels;
        self.value = (self.value + x - self.mean - self.slack).clamp(0.0, VALUE_MAX);
    }

    /// The sum since it last stood at 0, in labels.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::super::chance::Chance;
    use super::*;

    /// Mean number of labels until Shiryaev–Roberts reaches 200 against p₀ = 0.05, at `rate`;
    /// over 400 runs, each cut off at 20,000 labels.
    fn mean_run_length(rate: f64) -> f64 {
        let mut chance = Chance::new(11);
        let run = |chance: &mut Chance| {
            let mut detector = ShiryaevRoberts::default();
            for label in 1..=20_000 {
                let overridden = chance.hit(rate);
                detector.observe(f64::from(u8::from(overridden)), 0.05);
                if detector.value() >= 200.0 {
                    return f64::from(label);
                }
            }
            20_000.0
        };
        (0..400).map(|_| run(&mut chance)).sum::<f64>() / 400.0
    }

    #[test]
    fn false_alarms_are_at_least_the_run_length_apart() {
        let mean = mean_run_length(0.05);
        // Run lengths are nearly exponential, so the mean of 400 has a standard error of mean/20.
        assert!(mean * (1.0 + 3.0 / 20.0) >= 200.0, "a false alarm every {mean} labels");
    }

    /// Why the detectors over a certificate count in the order of the decisions: an even 5 %, of which
    /// the overrides of each shift of 100 come last, is called after some 140 labels on average.
    #[test]
    fn overrides_that_are_counted_together_call_far_too_early() {
        let mut chance = Chance::new(23);
        let run = |_| {
            let mut detector = ShiryaevRoberts::default();
            let mut labels = 0;
            loop {
                let overrides = (0..100).filter(|_| chance.hit(0.05)).count();
                for i in 0..100 {
                    labels += 1;
                    detector.observe(f64::from(u8::from(i >= 100 - overrides)), 0.05);
                    if detector.value() >= 10_000.0 {
                        return f64::from(labels);
                    }
                }
            }
        };
        let mean = (0..100).map(run).sum::<f64>() / 100.0;
        assert!(mean < 300.0, "called after {mean} labels, where 10,000 are promised");
    }

    #[test]
    fn a_tripled_rate_is_found_soon() {
        let mean = mean_run_length(0.15);
        assert!(mean < 80.0, "found after {mean} labels");
    }

    #[test]
    fn values_stay_finite_and_nonnegative() {
        let mut all = (ShiryaevRoberts::default(), Cusum::new(0.05, 0.1), PageHinkley::new(0.025));
        for x in [1.0, 0.0] {
            for _ in 0..5_000 {
                all.0.observe(x, 0.01);
                all.1.observe(x);
                all.2.observe(x);
            }
            for value in [all.0.value(), all.1.value(), all.2.value()] {
                assert!((0.0..=VALUE_MAX).contains(&value), "{value} after a run of {x}");
            }
        }
    }
}
