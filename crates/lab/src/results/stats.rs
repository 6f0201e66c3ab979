//! Means, intervals and bands over seeds.
//!
//! Intervals are Student's t at 95 %: seeds are independent runs, and a mean over them is close to
//! normal, but with few seeds its spread is itself uncertain.
//! Flags are neither: none of 100 seeds has no spread at all and shows a rate below 4 %, not one of 0.
//! Where all values of a flag are 0 or 1, its mean has Wilson's limits.
//! Differences are paired by seed, since runs of one seed met the same world: what the seeds have in
//! common cancels. Those of flags have Newcombe's limits for paired proportions (1998, his tenth
//! method), which Wilson's are made into.

use npo_core::learning::math::wilson95;
use serde::Serialize;

use super::{estimate, metric};
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
    /// Number of seeds that have it, at least 1.
    pub n: usize,
    /// Number of seeds that were run. The mean says nothing about the `runs − n` others: what did not
    /// happen in them has no number.
    pub runs: usize,
    /// Mean.
    pub mean: f64,
    /// Standard error of the mean; `None` with one seed.
    pub standard_error: Option<f64>,
    /// Half the width of the 95 % interval of the mean; `None` with one seed, and for a flag, whose
    /// interval lies unevenly around its mean.
    pub half_width: Option<f64>,
    /// The 95 % interval of the mean; `None` with one seed of what is no flag.
    pub interval: Option<(f64, f64)>,
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
        let interval = half_width.map(|half| (mean - half, mean + half));
        Some(Self { n, runs: n, mean, standard_error, half_width, interval })
    }

    /// Summary of the metric `name` over runs, those without it included; `None` where none has it.
    pub(crate) fn of_metric<'a>(
        name: &str,
        runs: impl Iterator<Item = &'a RunRecord>,
    ) -> Option<Self> {
        let values: Vec<Option<f64>> = runs.map(|run| run.metrics.get(name).copied()).collect();
        let summary = Self::of(values.iter().flatten().copied())?;
        let summary = Self { runs: values.len(), ..summary };
        if !is_flag(name, values.iter().flatten()) {
            return Some(summary);
        }
        let ones = values.iter().flatten().filter(|value| **value == 1.0).count();
        let interval = Some(wilson95(ones as u64, summary.n as u64));
        Some(Self { half_width: None, interval, ..summary })
    }

    /// It in words: mean, interval, and how many runs have it where not all do.
    #[must_use]
    pub fn text(&self) -> String {
        estimate(self.mean, self.half_width, self.interval, self.part())
    }

    /// How many seeds it is about, where that is not all: “57 of 100”.
    #[must_use]
    pub fn part(&self) -> Option<String> {
        (self.n < self.runs).then(|| format!("{} of {}", self.n, self.runs))
    }
}

fn is_flag<'a>(name: &str, mut values: impl Iterator<Item = &'a f64>) -> bool {
    metric(name).is_some_and(|known| known.flag)
        && values.all(|value| *value == 0.0 || *value == 1.0)
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
    /// Number of common seeds where both have the number, at least 1.
    pub n: usize,
    /// Number of common seeds.
    pub runs: usize,
    /// Mean difference.
    pub mean: f64,
    /// Half the width of its 95 % interval; `None` with one seed, and for a flag.
    pub half_width: Option<f64>,
    /// Its 95 % interval; `None` with one seed of what is no flag.
    pub interval: Option<(f64, f64)>,
}

impl Paired {
    /// Whether the interval leaves 0 out.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }

    /// It in words, with its sign.
    #[must_use]
    pub fn text(&self) -> String {
        let sign = if self.mean > 0.0 { "+" } else { "" };
        format!("{sign}{}", estimate(self.mean, self.half_width, self.interval, self.part()))
    }

    /// How many common seeds it is about, where that is not all: “57 of 100”.
    #[must_use]
    pub fn part(&self) -> Option<String> {
        (self.n < self.runs).then(|| format!("{} of {}", self.n, self.runs))
    }
}

/// `after` less `before` by seed; both sorted by seed.
pub(crate) fn paired(before: &[RunRecord], after: &[RunRecord], metric: &str) -> Option<Paired> {
    let of = |run: &RunRecord| run.metrics.get(metric).copied();
    let common: Vec<(Option<f64>, Option<f64>)> =
        common(before, after).map(|(before, after)| (of(before), of(after))).collect();
    let both: Vec<(f64, f64)> =
        common.iter().filter_map(|(before, after)| Some(((*before)?, (*after)?))).collect();
    let summary = Summary::of(both.iter().map(|(before, after)| after - before))?;
    let Summary { n, mean, half_width, interval, .. } = summary;
    let paired = Paired { n, runs: common.len(), mean, half_width, interval };
    if !is_flag(metric, both.iter().flat_map(|(before, after)| [before, after])) {
        return Some(paired);
    }
    Some(Paired { half_width: None, interval: Some(newcombe(&both)), ..paired })
}

/// Whether every common seed has exactly the same number, or none, in both; `false` without any.
///
/// Runs are functions of their seed and settings, so that what a change does not touch comes out the
/// same to the last bit; a mean difference of 0 alone would not say so.
pub(crate) fn unchanged(before: &[RunRecord], after: &[RunRecord], metric: &str) -> bool {
    let mut common = common(before, after).peekable();
    common.peek().is_some()
        && common.all(|(before, after)| before.metrics.get(metric) == after.metrics.get(metric))
}

/// Runs of both that have the same seed; both sorted by seed.
fn common<'a>(
    before: &'a [RunRecord],
    after: &'a [RunRecord],
) -> impl Iterator<Item = (&'a RunRecord, &'a RunRecord)> {
    after.iter().filter_map(|run| {
        let at = before.binary_search_by_key(&run.seed, |other| other.seed).ok()?;
        Some((&before[at], run))
    })
}

/// Newcombe's 95 % limits for the difference of two proportions (second less first) in pairs of 0 and 1.
fn newcombe(pairs: &[(f64, f64)]) -> (f64, f64) {
    let count = |first: f64, second: f64| {
        pairs.iter().filter(|pair| **pair == (first, second)).count() as f64
    };
    let (both, first, second, neither) =
        (count(1.0, 1.0), count(1.0, 0.0), count(0.0, 1.0), count(0.0, 0.0));
    let n = pairs.len();
    let side = |ones: f64| {
        let (low, high) = wilson95(ones as u64, n as u64);
        let share = ones / n as f64;
        (share, share - low, high - share)
    };
    let (before, after) = (side(both + first), side(both + second));
    let margins = (both + first) * (second + neither) * (both + second) * (first + neither);
    // How alike the pairs are, if that is beyond chance; without a margin there is nothing to be alike in.
    let alike = match both * neither - first * second {
        some if some > 0.0 => (some - n as f64 / 2.0).max(0.0),
        none => none,
    };
    let alike = if margins > 0.0 { alike / margins.sqrt() } else { 0.0 };
    let reach = |a: f64, b: f64| (a * a - 2.0 * alike * a * b + b * b).max(0.0).sqrt();
    let difference = after.0 - before.0;
    (difference - reach(after.1, before.2), difference + reach(after.2, before.1))
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

    fn run(seed: u64, metric: &str, value: Option<f64>) -> RunRecord {
        RunRecord {
            world: "w".to_owned(),
            method: "m".to_owned(),
            seed,
            metrics: value.into_iter().map(|value| (metric.to_owned(), value)).collect(),
            curves: [].into(),
            checkpoints: vec![10],
        }
    }

    fn runs(metric: &str, values: &[Option<f64>]) -> Vec<RunRecord> {
        (1..).zip(values).map(|(seed, value)| run(seed, metric, *value)).collect()
    }

    #[test]
    fn none_of_hundred_seeds_does_not_show_that_it_never_happens() {
        let of = |metric: &str, values: &[Option<f64>]| {
            Summary::of_metric(metric, runs(metric, values).iter()).unwrap()
        };
        let never = of("certified_above", &[Some(0.0); 100]);
        let (low, high) = never.interval.unwrap();
        // Wilson's upper limit for 0 of 100.
        assert_eq!((never.mean, never.half_width), (0.0, None));
        assert!(low.abs() < 1e-12, "{low}");
        assert!((high - 0.036_994).abs() < 1e-5, "{high}");
        let one = of("certified_above", &[Some(1.0)]);
        assert!(one.interval.is_some_and(|(low, high)| low < 0.3 && high == 1.0));
        // A share of people that is sometimes between 0 and 1 is a mean like others.
        assert!(of("good_flagged", &[Some(0.0), Some(0.5)]).half_width.is_some());
        assert!(of("retrains", &[Some(0.0); 100]).half_width.is_some());
    }

    #[test]
    fn differences_of_flags_have_the_limits_of_paired_proportions() {
        let of = |before: &[f64], after: &[f64]| {
            let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
            let (before, after) = (some(before), some(after));
            let metric = "certified_above";
            paired(&runs(metric, &before), &runs(metric, &after), metric).unwrap()
        };
        let same = of(&[0.0; 100], &[0.0; 100]);
        let (low, high) = same.interval.unwrap();
        assert!(low < -0.03 && high > 0.03 && !same.excludes_zero(), "{low} {high}");
        let mut ten = [0.0; 100];
        ten[..10].fill(1.0);
        assert!(of(&[0.0; 100], &ten).excludes_zero());
        // Newcombe's own example (1998, table II): 36, 12, 2 and 0 of 50 pairs give 0.0569 to 0.3404.
        let cell = |times: usize, pair: (f64, f64)| std::iter::repeat_n(pair, times);
        let pairs: Vec<_> =
            cell(36, (1.0, 1.0)).chain(cell(12, (0.0, 1.0))).chain(cell(2, (1.0, 0.0))).collect();
        let (low, high) = newcombe(&pairs);
        assert!((low - 0.0569).abs() < 1e-4 && (high - 0.3404).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn what_did_not_happen_in_a_run_is_told() {
        let values = [Some(800.0), None, Some(900.0), None];
        let with = runs("first_certificate", &values);
        let found = Summary::of_metric("first_certificate", with.iter()).unwrap();
        assert_eq!((found.n, found.runs, found.mean), (2, 4, 850.0));
        assert_eq!(found.part().as_deref(), Some("2 of 4"));
        let all = runs("first_certificate", &[Some(1.0); 4]);
        let difference = paired(&all, &with, "first_certificate").unwrap();
        assert_eq!(difference.part().as_deref(), Some("2 of 4"));
        assert_eq!(Summary::of_metric("first_certificate", all.iter()).unwrap().part(), None);
    }

    #[test]
    fn quantiles_lie_between_values() {
        let values: Vec<f64> = (0..=10).map(f64::from).collect();
        assert_eq!((quantile(&values, 0.1), quantile(&values, 0.95)), (1.0, 9.5));
        assert_eq!(quantile(&[3.0], 0.9), 3.0);
    }
}
