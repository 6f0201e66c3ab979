//! Means, intervals and bands over seeds.
//!
//! Intervals are Student's t at 95 %: seeds are independent runs, and a mean over them is close to
//! normal, but with few seeds its spread is itself uncertain.
//! Differences are paired by seed, since runs of one seed met the same world: what the seeds have in
//! common cancels.

use serde::Serialize;

use crate::record::RunRecord;

/// 97.5 % points of Student's t with 1 to 9 degrees of freedom.
const T_FEW: [f64; 9] = [
    12.706_205, 4.302_653, 3.182_446, 2.776_445, 2.570_582, 2.446_912, 2.364_624, 2.306_004,
    2.262_157,
];
/// 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Mean and interval of a number over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Number of seeds, at least 1.
    pub n: usize,
    /// Mean.
    pub mean: f64,
    /// Standard error of the mean; `None` with one seed.
    pub standard_error: Option<f64>,
    /// Half the width of the 95 % interval of the mean; `None` with one seed.
    pub half_width: Option<f64>,
}

impl Summary {
    /// Summary of `values` in their order; `None` without values.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.collect();
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let standard_error = (n > 1).then(|| {
            // A second pass loses nothing where the spread is small beside the mean.
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            (squares / (n - 1) as f64 / n as f64).sqrt()
        });
        let half_width = standard_error.map(|error| error * t_quantile(n - 1));
        Some(Self { n, mean, standard_error, half_width })
    }

    /// The interval of the mean, where there is one.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.half_width.map(|half| (self.mean - half, self.mean + half))
    }
}

/// A curve's value at one checkpoint over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    /// Mean and its interval.
    pub mean: Summary,
    /// A tenth of the seeds is below it.
    pub tenth: f64,
    /// A tenth of the seeds is above it.
    pub ninetieth: f64,
}

impl Band {
    /// Band of `values` in their order; `None` without values.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        let mean = Summary::of(values.iter().copied())?;
        values.sort_by(f64::total_cmp);
        Some(Self { mean, tenth: quantile(&values, 0.1), ninetieth: quantile(&values, 0.9) })
    }
}

/// A difference over common seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Paired {
    /// Number of common seeds, at least 1.
    pub n: usize,
    /// Mean difference.
    pub mean: f64,
    /// Half the width of its 95 % interval; `None` with one seed.
    pub half_width: Option<f64>,
}

impl Paired {
    /// Whether the interval leaves 0 out.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.half_width.is_some_and(|half| self.mean.abs() > half)
    }
}

/// `after` less `before` by seed; both sorted by seed.
pub(crate) fn paired(before: &[RunRecord], after: &[RunRecord], metric: &str) -> Option<Paired> {
    let differences = after.iter().filter_map(|run| {
        let at = before.binary_search_by_key(&run.seed, |other| other.seed).ok()?;
        Some(run.metrics.get(metric)? - before[at].metrics.get(metric)?)
    });
    let summary = Summary::of(differences)?;
    Some(Paired { n: summary.n, mean: summary.mean, half_width: summary.half_width })
}

/// 97.5 % point of Student's t; `degrees` at least 1.
fn t_quantile(degrees: usize) -> f64 {
    if let Some(value) = degrees.checked_sub(1).and_then(|at| T_FEW.get(at)) {
        return *value;
    }
    // Cornish-Fisher around the normal point; below 1e-4 relative from ten degrees on.
    let (z, v) = (Z, degrees as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / v + second / v.powi(2) + third / v.powi(3)
}

/// Quantile of sorted, non-empty values, linear between them.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_points_are_those_of_the_tables() {
        for (degrees, expected) in
            [(1, 12.7062), (4, 2.7764), (10, 2.2281), (19, 2.0930), (99, 1.9842), (199, 1.9720)]
        {
            let found = t_quantile(degrees);
            assert!((found - expected).abs() < 2e-4, "{degrees}: {found}");
        }
    }

    #[test]
    fn a_summary_is_that_of_the_textbook() {
        let found = Summary::of([2.0, 4.0, 4.0, 6.0].into_iter()).unwrap();
        // Variance 8/3, standard error √(8/12), t of 3 degrees 3.1824.
        assert_eq!((found.n, found.mean), (4, 4.0));
        assert!((found.standard_error.unwrap() - 0.816_497).abs() < 1e-6);
        assert!((found.half_width.unwrap() - 2.598_4).abs() < 1e-3);
        assert_eq!(Summary::of(std::iter::empty()), None);
        assert_eq!(Summary::of([1.0].into_iter()).unwrap().half_width, None);
    }

    #[test]
    fn quantiles_lie_between_values() {
        let values: Vec<f64> = (0..=10).map(f64::from).collect();
        assert_eq!((quantile(&values, 0.1), quantile(&values, 0.95)), (1.0, 9.5));
        assert_eq!(quantile(&[3.0], 0.9), 3.0);
    }
}
