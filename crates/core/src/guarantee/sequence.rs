//! An interval for a rate that may be looked at after every label.
//!
//! An ordinary 95 % interval that is recomputed as labels come in misses the truth far more often
//! than in one of twenty looks; this one misses it *ever* with probability at most δ.
//! For each candidate rate p, the product of predictive probabilities under a Beta(½, ½) mixture,
//! divided by the likelihood under p, is the wealth of a bettor against p; p is left out while that
//! wealth is at 1/δ or more (Ville 1939; Robbins 1970).
//! The mixture is Jeffreys' because the rates of interest lie near 0 or 1, where it is the sharpest.
//!
//! Rates of weighted labels are the business of [`super::bernstein`].

use std::f64::consts::PI;

use serde::Serialize;

/// A number with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The plain estimate; none without the labels that it needs.
    pub value: Option<f64>,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// The rate of `k` in `n` with [`bernoulli`]'s interval.
    #[must_use]
    pub fn of_rate(k: u64, n: u64, delta: f64) -> Self {
        let (low, high) = bernoulli(k, n, delta);
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let value = (n > 0).then(|| k.min(n) as f64 / n as f64);
        Self { value, low, high }
    }
}

/// The interval for a Bernoulli rate after `k` of `n`, valid at all `n` together with probability at
/// least 1 − `delta`; (0, 1) without labels.
///
/// `delta` in (0, 1); `k` above `n` counts as `n`.
#[must_use]
pub fn bernoulli(k: u64, n: u64, delta: f64) -> (f64, f64) {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let (k, n) = (k.min(n) as f64, n as f64);
    soft_bernoulli(k, n, delta)
}

/// [`bernoulli`] for sums that need not be whole.
///
/// With `k` the sum of `n` numbers in [0, 1] it holds as well, since the wealth is convex in each of
/// them; with an effective number `n` it is an approximation.
pub(super) fn soft_bernoulli(k: f64, n: f64, delta: f64) -> (f64, f64) {
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let limit = -delta.ln();
    let refuted = |p: f64| log_wealth(k, n, p) >= limit;
    let mode = k / n;
    let low = if k > 0.0 { boundary(mode, 0.0, refuted) } else { 0.0 };
    let high = if k < n { boundary(mode, 1.0, refuted) } else { 1.0 };
    (low, high)
}

/// Logarithm of the wealth against the rate `p` after `k` of `n`; least at k/n, infinite where `p`
/// makes what was seen impossible.
pub(super) fn log_wealth(k: f64, n: f64, p: f64) -> f64 {
    // ln B(k + ½, n − k + ½) − ln B(½, ½), where B(½, ½) = π.
    let mixture = libm::lgamma(k + 0.5) + libm::lgamma(n - k + 0.5) - libm::lgamma(n + 1.0);
    let likelihood = |count: f64, p: f64| if count > 0.0 { count * p.ln() } else { 0.0 };
    mixture - PI.ln() - likelihood(k, p) - likelihood(n - k, 1.0 - p)
}

/// Where, from `inside` to `outside`, the refuted candidates begin; errs on the refuted side, so that
/// rounding widens.
fn boundary(mut inside: f64, mut outside: f64, refuted: impl Fn(f64) -> bool) -> f64 {
    // Sixty halvings reach the spacing of doubles; beyond it nothing changes.
    for _ in 0..60 {
        let middle = 0.5 * (inside + outside);
        if refuted(middle) {
            outside = middle;
        } else {
            inside = middle;
        }
    }
    outside
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::chance::Chance;
    use super::*;

    #[test]
    fn known_intervals() {
        let check = |k, n, low: f64, high: f64| {
            let found = bernoulli(k, n, 0.05);
            let near = |a: f64, b: f64| (a - b).abs() < 5e-5;
            assert!(near(found.0, low) && near(found.1, high), "{k} of {n}: {found:?}");
        };
        check(0, 0, 0.0, 1.0);
        // One failure: wealth against p is ½/(1 − p), which reaches 20 at p = 1 − 1/40.
        check(0, 1, 0.0, 0.975);
        check(1, 1, 0.025, 1.0);
        // B(½, 10½)/π = 0.176197; (1 − p)^10 = 0.05·0.176197.
        check(0, 10, 0.0, 0.377_02);
        // More successes than labels count as all.
        check(12, 10, 1.0 - 0.377_02, 1.0);
    }

    #[test]
    fn looking_after_every_label_misses_the_rate_rarely() {
        // 2,000 runs at δ = 0.05 give 100 misses; three standard deviations are
        // 3·√(2000·0.05·0.95) = 29.
        for rate in [0.05, 0.5] {
            let mut chance = Chance::new(3);
            let misses = (0..2_000)
                .filter(|_| {
                    let mut k = 0.0;
                    (1..=2_000).any(|n| {
                        k += f64::from(u8::from(chance.hit(rate)));
                        log_wealth(k, f64::from(n), rate) >= 20_f64.ln()
                    })
                })
                .count();
            assert!(misses <= 129, "{misses} of 2,000 runs miss the rate {rate}");
        }
    }

    proptest! {
        #[test]
        fn contains_the_share_and_narrows_with_labels(
            n in 1_u64..5_000, share in 0.0..=1.0_f64, delta in 1e-6..0.5_f64
        ) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below n")]
            let k = (share * n as f64) as u64;
            let (low, high) = bernoulli(k, n, delta);
            let rate = k as f64 / n as f64;
            prop_assert!(0.0 <= low && low <= rate && rate <= high && high <= 1.0);
            let (low_10, high_10) = bernoulli(10 * k, 10 * n, delta);
            prop_assert!(low_10 >= low - 1e-12 && high_10 <= high + 1e-12);
            let (low_surer, high_surer) = bernoulli(k, n, delta / 10.0);
            prop_assert!(low_surer <= low && high <= high_surer);
            // Mirrored counts give the mirrored interval.
            let mirrored = bernoulli(n - k, n, delta);
            prop_assert!((mirrored.0 - (1.0 - high)).abs() < 1e-9);
            for end in [low, high] {
                if end > 0.0 && end < 1.0 {
                    let wealth = log_wealth(k as f64, n as f64, end);
                    prop_assert!((wealth + delta.ln()).abs() < 1e-3 * wealth.abs().max(1.0));
                }
            }
        }
    }
}
