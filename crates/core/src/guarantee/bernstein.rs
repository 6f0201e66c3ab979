//! An interval for the mean of weighted labels, valid at every look, in constant memory.
//!
//! A label that was drawn with probability π enters an unbiased rate as o/π, a number in
//! [0, 1/π₀] where π₀ is the least probability in use; scaled by π₀ it lies in [0, 1].
//! For numbers in [0, 1] and any prediction x̂ made before seeing x,
//! exp(λ Σ(x − μ) − ψ(λ) Σ(x − x̂)²), with ψ(λ) = −ln(1 − λ) − λ, does not grow on average
//! (Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
//! sequences", 2021, theorem 4), on either side.
//! Averaged over a fixed set of λ it is the wealth of a bettor against the mean μ, which depends on
//! the labels through three sums only; an explicit grid of candidate means, which a plain betting
//! sequence keeps, would need kilobytes per rate and be coarse just where rates are small.
//!
//! The mean may move: the interval covers the *average of the means so far*.

use serde::{Deserialize, Serialize};

use super::sequence::Estimate;

/// Values of λ: 0.95 halved again and again, for samples of up to some 2^20 times their variance.
const STAKES: usize = 20;
const STAKE_MAX: f64 = 0.95;

/// What is remembered of numbers in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct EmpiricalBernstein {
    labels: u64,
    sum: f64,
    /// Σ (x − x̂)² with x̂ the mean so far, shrunk towards 0: override rates are small.
    surprise: f64,
}

impl EmpiricalBernstein {
    /// Counts one number; `x` is moved into [0, 1] (a caller scales by the least propensity).
    pub fn observe(&mut self, x: f64) {
        let x = x.clamp(0.0, 1.0);
        self.labels += 1;
        let error = x - self.sum / self.count();
        self.surprise += error * error;
        self.sum += x;
    }

    /// Numbers counted.
    #[must_use]
    pub fn labels(&self) -> u64 {
        self.labels
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The mean with an interval that holds at all times together with probability at least
    /// 1 − `delta`; `delta` in (0, 1).
    #[must_use]
    pub fn interval(&self, delta: f64) -> Estimate {
        if self.labels == 0 {
            return Estimate { value: None, low: 0.0, high: 1.0 };
        }
        let mean = self.sum / self.count();
        // How far the sum of the means may lie to one side, each side with half of δ.
        let reach = self.reach((2.0 / delta).ln()) / self.count();
        let (low, high) = ((mean - reach).max(0.0), (mean + reach).min(1.0));
        Estimate { value: Some(mean), low, high }
    }

    #[expect(clippy::cast_precision_loss, reason = "labels stay far below 2^53")]
    fn count(&self) -> f64 {
        self.labels as f64
    }

    /// The deviation of the sum at which the wealth reaches e^`limit`.
    fn reach(&self, limit: f64) -> f64 {
        let stakes = stakes();
        // Wealth grows with the deviation. It is enough where a single stake alone gets there, so
        // the least of those bounds the search from above.
        let mut high = stakes
            .iter()
            .map(|s| (limit - s.share.ln() + s.charge * self.surprise) / s.stake)
            .fold(f64::INFINITY, f64::min);
        let mut low = 0.0;
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.log_wealth(&stakes, middle) >= limit {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }

    fn log_wealth(&self, stakes: &[Stake], deviation: f64) -> f64 {
        let gain = |s: &Stake| s.stake * deviation - s.charge * self.surprise;
        let best = stakes.iter().map(gain).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = stakes.iter().map(|s| s.share * (gain(s) - best).exp()).sum();
        best + sum.ln()
    }
}

struct Stake {
    /// λ, in (0, 1).
    stake: f64,
    /// ψ(λ) = −ln(1 − λ) − λ.
    charge: f64,
    /// Share 1/(j(j + 1)) of the capital; what is left over is not bet.
    share: f64,
}

fn stakes() -> [Stake; STAKES] {
    std::array::from_fn(|j| {
        #[expect(clippy::cast_precision_loss, reason = "twenty")]
        let j = j as f64;
        let stake = STAKE_MAX * (-j).exp2();
        Stake { stake, charge: -(-stake).ln_1p() - stake, share: 1.0 / ((j + 1.0) * (j + 2.0)) }
    })
}

#[cfg(test)]
mod tests {
    use super::super::chance::Chance;
    use super::*;

    #[test]
    fn nothing_is_known_without_labels() {
        let empty = EmpiricalBernstein::default().interval(0.05);
        assert_eq!(empty, Estimate { value: None, low: 0.0, high: 1.0 });
    }

    #[test]
    fn a_stream_of_zeros_bounds_the_mean_from_above() {
        let mut sequence = EmpiricalBernstein::default();
        for _ in 0..1_000 {
            sequence.observe(0.0);
        }
        let found = sequence.interval(0.05);
        assert_eq!((found.value, found.low), (Some(0.0), 0.0));
        // At best ln 40/1000 = 0.0037; the shares of the stakes cost a little.
        assert!((0.0037..0.006).contains(&found.high), "{found:?}");
    }

    /// Overrides at a rate of 6 % on average, twice as frequent in one half, drawn with probability 1
    /// in the safe half and 0.25 in the other; runs in which the interval ever misses 0.06.
    fn misses(delta: f64) -> (usize, f64) {
        let mut chance = Chance::new(5);
        let mut width = 0.0;
        let misses = (0..500)
            .filter(|_| {
                let mut sequence = EmpiricalBernstein::default();
                let mut missed = false;
                for label in 1..=1_000 {
                    let (rate, drawn) = if chance.hit(0.5) { (0.08, 0.25) } else { (0.04, 1.0) };
                    let overridden = chance.hit(rate) && chance.hit(drawn);
                    sequence.observe(if overridden { 0.25 / drawn } else { 0.0 });
                    // Every fiftieth look keeps the test quick.
                    if label % 50 == 0 {
                        let found = sequence.interval(delta);
                        missed |= !(found.low..=found.high).contains(&(0.25 * 0.06));
                    }
                }
                let found = sequence.interval(delta);
                width += (found.high - found.low) / 0.25;
                missed
            })
            .count();
        (misses, width / 500.0)
    }

    #[test]
    fn inverse_propensity_rates_are_covered_at_every_look() {
        let (misses, width) = misses(0.2);
        // At most 100 of 500 on average; three standard deviations are 3·√(500·0.2·0.8) = 27.
        assert!(misses <= 127, "{misses} of 500 runs miss");
        assert!(width < 0.12, "mean width {width} after 1,000 decisions");
    }
}
