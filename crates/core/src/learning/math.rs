//! Scalar functions shared by the methods.

use std::f64::consts::PI;

use super::exp::{self, exp_of_minus};

/// The logistic function σ(z) = 1 / (1 + e^(−z)), and the same bits on every processor: the fold
/// computes with it, and a log replays to the same state wherever it is read.
///
/// Beyond ±708 it stays as it is there, where σ or 1 − σ is below 1e-307. Relative error at most
/// (2 + |z|)·2^−52.
#[inline]
#[must_use]
pub fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + exp_of_minus(z, exp::REACH))
}

/// The logit of `p`, the inverse of [`sigmoid`]; `p` in (0, 1).
#[inline]
#[must_use]
pub fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

/// Mean of σ(z) for z ~ N(m, v), by MacKay's approximation σ(m / √(1 + πv/8)).
#[inline]
#[must_use]
pub fn predictive(m: f64, v: f64) -> f64 {
    sigmoid(m / (1.0 + PI * v / 8.0).sqrt())
}

/// Inner product; the shorter length counts.
///
/// Four sums side by side, in a fixed order: quicker than one, and the same everywhere.
#[inline]
#[must_use]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let length = a.len().min(b.len());
    let (a, b) = (&a[..length], &b[..length]);
    let mut sums = [0.0; 4];
    let (a_fours, b_fours) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a_fours.remainder().iter().zip(b_fours.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_fours.zip(b_fours) {
        for i in 0..4 {
            sums[i] += a[i] * b[i];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Nodes and weights of 7-point Gauss–Hermite quadrature for a standard normal variable:
/// E[f(Z)] ≈ Σ wᵢ f(xᵢ), exact for polynomials of degree up to 13.
pub const GAUSS_HERMITE_7: [(f64, f64); 7] = [
    (-3.750_439_717_725_742_5, 0.000_548_268_855_972_217),
    (-2.366_759_410_734_541, 0.030_757_123_967_586_52),
    (-1.154_405_394_739_968_2, 0.240_123_178_605_012_7),
    (0.0, 0.457_142_857_142_857_24),
    (1.154_405_394_739_968_2, 0.240_123_178_605_012_7),
    (2.366_759_410_734_541, 0.030_757_123_967_586_52),
    (3.750_439_717_725_742_5, 0.000_548_268_855_972_217),
];

/// Wilson score interval for `successes` of `trials` at 95 % (z = 1.959964); (0, 1) without trials.
#[must_use]
pub fn wilson95(successes: u64, trials: u64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    let (n, p) = (trials as f64, successes as f64 / trials as f64);
    let z = 1.959_963_984_540_054;
    let center = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    ((center - half).max(0.0), (center + half).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_is_exact_to_the_last_digits() {
        for i in -70_000..=70_000 {
            let z = f64::from(i) / 100.0;
            let (ours, platform) = (sigmoid(z), 1.0 / (1.0 + (-z).exp()));
            let off = (ours - platform).abs() / platform;
            assert!(
                off <= (3.0 + z.abs()) * f64::EPSILON,
                "σ({z}) is {ours:e}, and {platform:e} there"
            );
        }
    }

    #[test]
    fn sigmoid_has_the_same_bits_everywhere() {
        let bits = [-30.0, -1.1, 0.3, 7.7].map(|z| sigmoid(z).to_bits());
        let expected = [
            4_411_934_308_301_569_223,
            4_598_165_848_253_586_425,
            4_603_349_337_754_593_931,
            4_607_178_341_941_465_557,
        ];
        assert_eq!(bits, expected);
    }

    #[test]
    fn sigmoid_of_what_is_far_out_is_still_a_probability() {
        for z in [709.0, 1e9, f64::MAX, f64::INFINITY] {
            assert_eq!((sigmoid(z), sigmoid(-z)), (1.0, sigmoid(-exp::REACH)));
        }
        assert!(sigmoid(-exp::REACH) > 0.0 && sigmoid(f64::NAN).is_nan());
    }
}
