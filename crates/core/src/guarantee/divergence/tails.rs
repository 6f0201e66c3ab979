//! Exact one-sided tails of the binomial and the hypergeometric distribution.

/// ln(n!).
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn ln_factorial(n: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0)
}

fn ln_choose(n: u64, k: u64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// P(X ≥ k) for X ~ Binomial(n, p); `p` in [0, 1].
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn binomial_tail(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 || p >= 1.0 {
        return 1.0;
    }
    if k > n || p <= 0.0 {
        return 0.0;
    }
    let first = ln_choose(n, k) + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p();
    let odds = p / (1.0 - p);
    sum_from(first, (k..n).map(|j| (n - j) as f64 / (j + 1) as f64 * odds))
}

/// P(X ≥ k) where X of the `marked` among `all` fall into a sample of `sample`; all three at most
/// `all`.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(super) fn fisher_tail(k: u64, sample: u64, marked: u64, all: u64) -> f64 {
    let most = sample.min(marked);
    let least = (sample + marked).saturating_sub(all);
    if k <= least {
        return 1.0;
    }
    if k > most {
        return 0.0;
    }
    let first = ln_choose(marked, k) + ln_choose(all - marked, sample - k) - ln_choose(all, sample);
    let ratio = |j: u64| {
        let up = (marked - j) as f64 * (sample - j) as f64;
        // all − marked − sample + j + 1, which is above 0 for j ≥ least.
        let down = (j + 1) as f64 * (all + j + 1 - marked - sample) as f64;
        up / down
    };
    sum_from(first, (k..most).map(ratio))
}

/// e^`first`·(1 + r₁ + r₁r₂ + …) for the ratios of neighbouring terms, at most 1.
fn sum_from(first: f64, ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for ratio in ratios {
        term *= ratio;
        sum += term;
        // Beyond the mode the ratios only fall, so the remainder is below term/(1 − ratio).
        if ratio < 1.0 && term / (1.0 - ratio) < 1e-16 * sum {
            break;
        }
    }
    // The sum overflows only from far below the mode, where the tail is 1 to the last bit.
    (first + f64::ln(sum)).exp().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-9, "{found}, expected {expected}");
    }

    #[test]
    fn binomial_by_hand() {
        assert_eq!(binomial_tail(0, 10, 0.3), 1.0);
        assert_eq!([binomial_tail(1, 10, 0.0), binomial_tail(1, 10, 1.0)], [0.0, 1.0]);
        near(binomial_tail(10, 10, 0.5), 1.0 / 1024.0);
        near(binomial_tail(9, 10, 0.5), 11.0 / 1024.0);
        near(binomial_tail(1, 10, 0.05), 1.0 - 0.95_f64.powi(10));
        // From far below the mode everything counts.
        near(binomial_tail(1, 100_000, 0.5), 1.0);
        near(binomial_tail(50_001, 100_001, 0.5), 0.5);
    }

    #[test]
    fn fisher_by_hand() {
        // The lady tasting tea: all four cups right, or at least three.
        near(fisher_tail(4, 4, 4, 8), 1.0 / 70.0);
        near(fisher_tail(3, 4, 4, 8), 17.0 / 70.0);
        assert_eq!(fisher_tail(0, 4, 4, 8), 1.0);
        // Eight of ten marked: a sample of five holds three at least.
        assert_eq!(fisher_tail(3, 5, 8, 10), 1.0);
        near(fisher_tail(4, 5, 8, 10), 1.0 - 56.0 / 252.0);
        assert_eq!(fisher_tail(6, 5, 8, 10), 0.0);
        // A sample from a large lot is nearly binomial.
        let (large, small) = (fisher_tail(9, 10, 500_000_000, 1_000_000_000), 11.0 / 1024.0);
        assert!((large / small - 1.0).abs() < 1e-5, "{large}");
    }
}
