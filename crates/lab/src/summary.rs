//! The numbers of finished runs in short: a mean and its interval for each world and method.

use std::collections::BTreeMap;

use crate::record::RunRecord;
use crate::results::Summary;

/// Every metric of every world and method.
#[must_use]
pub fn summary<'a>(
    records: impl Iterator<Item = &'a RunRecord>,
) -> BTreeMap<(String, String), BTreeMap<String, Summary>> {
    let mut values: BTreeMap<(String, String), BTreeMap<String, Vec<f64>>> = BTreeMap::new();
    for record in records {
        let of = values.entry((record.world.clone(), record.method.clone())).or_default();
        for (metric, value) in &record.metrics {
            of.entry(metric.clone()).or_default().push(*value);
        }
    }
    let estimates = |metrics: BTreeMap<String, Vec<f64>>| {
        let of =
            |(name, values): (String, Vec<f64>)| Some((name, Summary::of(values.into_iter())?));
        metrics.into_iter().filter_map(of).collect()
    };
    values.into_iter().map(|(key, metrics)| (key, estimates(metrics))).collect()
}
