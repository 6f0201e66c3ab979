//! Scalar functions shared by the methods.
//!
//! `libm` instead of the platform's own functions: a plan computed on one machine can then be
//! recomputed on any other to the same bits.

use std::f64::consts::PI;

/// The logistic function σ(z) = 1 / (1 + e^(−z)).
#[inline]
#[must_use]
pub fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-z))
}

/// The logit of `p`, the inverse of [`sigmoid`]; `p` in (0, 1).
#[inline]
#[must_use]
pub fn logit(p: f64) -> f64 {
    libm::log(p / (1.0 - p))
}

/// Mean of σ(z) for z ~ N(m, v), by MacKay's approximation σ(m / √(1 + πv/8)).
#[inline]
#[must_use]
pub fn predictive(m: f64, v: f64) -> f64 {
    sigmoid(m / (1.0 + PI * v / 8.0).sqrt())
}

/// Inner product; the shorter length counts.
#[inline]
#[must_use]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
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
