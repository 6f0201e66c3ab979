//! Scalar functions shared by the methods.
//!
//! Decisions use the platform's exponential, which is fast and whose result is stored in the event.
//! The fold may not: what it computes must come out the same to the last bit wherever the log is
//! replayed, so it has [`portable_sigmoid`].

use std::f64::consts::PI;

/// The logistic function σ(z) = 1 / (1 + e^(−z)).
#[inline]
#[must_use]
pub fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// [`sigmoid`] with the same bits on every platform, for use in the fold.
#[must_use]
pub fn portable_sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-z))
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
