//! The numbers of finished runs in short: a mean and its interval for each world and method.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::RunRecord;
use crate::results::Summary;

/// Every metric of every world and method.
#[must_use]
pub fn summary<'a>(
    records: impl Iterator<Item = &'a RunRecord>,
) -> BTreeMap<(String, String), BTreeMap<String, Summary>> {
    let mut groups: BTreeMap<(String, String), Vec<&RunRecord>> = BTreeMap::new();
    for record in records {
        groups.entry((record.world.clone(), record.method.clone())).or_default().push(record);
    }
    let estimates = |runs: Vec<&RunRecord>| {
        let names: BTreeSet<&String> = runs.iter().flat_map(|run| run.metrics.keys()).collect();
        let of =
            |name: &String| Some((name.clone(), Summary::of_metric(name, runs.iter().copied())?));
        names.into_iter().filter_map(of).collect()
    };
    groups.into_iter().map(|(key, runs)| (key, estimates(runs))).collect()
}
