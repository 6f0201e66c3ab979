//! The numbers of finished runs in short: a mean and its interval for each world and method.

use std::collections::BTreeMap;

use crate::record::RunRecord;

/// Mean over seeds with a 95 % confidence interval of its own uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the interval, 1.96 standard errors; `None` for a single seed.
    pub half_width: Option<f64>,
    /// Seeds with this number.
    pub seeds: usize,
}

impl Estimate {
    /// Of these values; `None` of none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "a count of seeds")]
        let n = values.len() as f64;
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let half_width = (n > 1.0).then(|| 1.959_964 * (squares / (n - 1.0) / n).sqrt());
        Some(Self { mean, half_width, seeds: values.len() })
    }
}

/// Every metric of every world and method.
#[must_use]
pub fn summary<'a>(
    records: impl Iterator<Item = &'a RunRecord>,
) -> BTreeMap<(String, String), BTreeMap<String, Estimate>> {
    let mut values: BTreeMap<(String, String), BTreeMap<String, Vec<f64>>> = BTreeMap::new();
    for record in records {
        let of = values.entry((record.world.clone(), record.method.clone())).or_default();
        for (metric, value) in &record.metrics {
            of.entry(metric.clone()).or_default().push(*value);
        }
    }
    let estimates = |metrics: BTreeMap<String, Vec<f64>>| {
        let of = |(name, values): (String, Vec<f64>)| Some((name, Estimate::of(&values)?));
        metrics.into_iter().filter_map(of).collect()
    };
    values.into_iter().map(|(key, metrics)| (key, estimates(metrics))).collect()
}
