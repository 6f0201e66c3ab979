//! Small statistics: seeded uniform numbers, normal and Wilson limits, percentiles.

/// A seeded stream of numbers (SplitMix64): enough for resampling, the same everywhere.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform over all values.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Uniform in [0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
        let bits = (self.next() >> 11) as f64;
        bits / (1u64 << 53) as f64
    }

    /// Uniform below `n`, which must not be 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        // The bias of 2^-64·n is nothing against what is resampled.
        usize::try_from((u128::from(self.next()) * n as u128) >> 64).unwrap_or(0)
    }
}

/// Scatters the bits of `z`.
pub(super) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The standard normal's quantile at `p` in (0.5, 1), by bisection of its distribution function.
pub(super) fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 9.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if normal_distribution(middle) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// The standard normal's distribution function for z ≥ 0: its series, exact to 1e-12 below 9.
fn normal_distribution(z: f64) -> f64 {
    let (mut term, mut sum, mut k) = (z, z, 1.0);
    while term > 1e-16 * sum {
        k += 2.0;
        term *= z * z / k;
        sum += term;
    }
    0.5 + sum * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// Wilson's limits of a share `p` seen in `n` effective trials.
pub(super) fn wilson(p: f64, n: f64, z: f64) -> (f64, f64) {
    if n <= 0.0 {
        return (0.0, 1.0);
    }
    let center = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    ((center - half).max(0.0), (center + half).min(1.0))
}

/// The value below which a share `p` of `values` lies; sorts them. `None` without finite values.
pub(super) fn percentile(values: &mut Vec<f64>, p: f64) -> Option<f64> {
    values.retain(|value| value.is_finite());
    values.sort_unstable_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a few thousand values"
    )]
    let at = (p * values.len().checked_sub(1)? as f64).round() as usize;
    values.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_limits_are_the_known_ones() {
        for (p, z) in [(0.975, 1.959_963_985), (0.95, 1.644_853_627), (0.9995, 3.290_526_731)] {
            assert!((normal_quantile(p) - z).abs() < 1e-8, "{p}");
        }
        // The golden value of core's own 95 % limits.
        let (low, high) = wilson(0.3, 10.0, normal_quantile(0.975));
        let expected = npo_core::learning::math::wilson95(3, 10);
        assert!((low - expected.0).abs() < 1e-9 && (high - expected.1).abs() < 1e-9);
        assert_eq!(percentile(&mut vec![3.0, f64::NAN, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(percentile(&mut vec![f64::NAN], 0.5), None);
    }

    #[test]
    fn draws_are_even() {
        // 60,000 draws over six: the standard error of a count is 91, five of them are 456.
        let mut random = Random::new(7);
        let mut counts = [0i32; 6];
        (0..60_000).for_each(|_| counts[random.below(6)] += 1);
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 456), "{counts:?}");
        assert!((0..1000).all(|_| (0.0..1.0).contains(&random.uniform())));
    }
}
