//! Small statistics: seeded uniform numbers, normal, Student and Wilson limits, percentiles.

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

/// Steps in which Student's distribution is added up: its quantiles are exact to 1e-5 then.
const STEPS: u32 = 2000;

/// Student's quantile at `p` in (0.5, 1) with `degrees` of freedom, at least 1 and not necessarily
/// whole.
///
/// With t = √v·tan φ the density is that of cosᵛ⁻¹ φ, which is added up from 0 until the share
/// is reached; no gamma function is needed.
pub(super) fn student_quantile(p: f64, degrees: f64) -> f64 {
    // Beyond twelve widths of the peak there is nothing left that a float could hold.
    let end = (12.0 / degrees.sqrt()).min(std::f64::consts::FRAC_PI_2);
    let step = end / f64::from(STEPS);
    let mass = |i: u32| {
        let angle = (f64::from(i) + 0.5) * step;
        ((degrees - 1.0) * angle.cos().max(0.0).ln()).exp()
    };
    // ln 0 times 0 is no number; with one degree of freedom every angle has the same mass.
    let mass = |i: u32| if degrees > 1.0 { mass(i) } else { 1.0 };
    let mut left = (2.0 * p - 1.0) * (0..STEPS).map(mass).sum::<f64>();
    for i in 0..STEPS {
        let here = mass(i);
        if left <= here {
            return degrees.sqrt() * ((f64::from(i) + left / here) * step).tan();
        }
        left -= here;
    }
    degrees.sqrt() * end.tan()
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

/// The value below which at most a share `p` of all values lies, or, for `p` above one half, at least
/// so much; sorts `values`, which are a sample. `None` without finite values.
///
/// Of n values the k-th has k/(n + 1) below it on average: of 200, the sixth has 3 %, so that 2.5 %
/// is told by the fifth.
pub(super) fn percentile(values: &mut Vec<f64>, p: f64) -> Option<f64> {
    values.retain(|value| value.is_finite());
    values.sort_unstable_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand values")]
    let place = p * (values.len() + 1) as f64;
    let place = if p > 0.5 { place.ceil() } else { place.floor() };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a few thousand values"
    )]
    let at = (place as usize).clamp(1, values.len().max(1)) - 1;
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
        for (p, degrees, t) in [
            (0.975, 1.0, 12.706_205),
            (0.975, 4.0, 2.776_445),
            (0.95, 9.0, 1.833_113),
            (0.9995, 3.0, 12.923_979),
            (0.975, 39.0, 2.022_691),
            (0.975, 1e6, 1.959_966),
        ] {
            let found = student_quantile(p, degrees);
            assert!((found / t - 1.0).abs() < 2e-5, "{p}, {degrees}: {found}");
        }
        let (below, between, above) =
            (student_quantile(0.9, 2.0), student_quantile(0.9, 2.5), student_quantile(0.9, 3.0));
        assert!(above < between && between < below);
        // The golden value of core's own 95 % limits.
        let (low, high) = wilson(0.3, 10.0, normal_quantile(0.975));
        let expected = npo_core::learning::math::wilson95(3, 10);
        assert!((low - expected.0).abs() < 1e-9 && (high - expected.1).abs() < 1e-9);
        assert_eq!(percentile(&mut vec![3.0, f64::NAN, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(percentile(&mut vec![f64::NAN], 0.5), None);
        let mut many: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(percentile(&mut many, 0.025), Some(5.0));
        assert_eq!(percentile(&mut many, 0.975), Some(196.0));
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
