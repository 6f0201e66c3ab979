//! What came of it, over seeds: numbers with their intervals, and what they mean.

use std::collections::BTreeMap;

use serde::Serialize;

use super::RecoveryRecord;
use super::book::quantile;
use super::settings::Settings;
use crate::results::Summary;

/// Numbers of a run: name, title, unit, digits shown.
pub(super) const NUMBERS: [(&str, &str, &str, usize); 20] = [
    ("troubles", "Troubles that began", "1", 1),
    ("mean_s", "Time to recovery of what recovered, mean", "s", 0),
    ("median_s", "of what recovered, median", "s", 0),
    ("p90_s", "of what recovered, nine in ten below", "s", 0),
    ("curable_mean_s", "of it where an action can help, mean", "s", 0),
    ("curable_median_s", "where an action can help, median", "s", 0),
    ("curable_p90_s", "where an action can help, nine in ten below", "s", 0),
    ("unrecovered_share", "Share that hurts at the end", "1", 3),
    ("lost_ppm", "Traffic lost", "ppm", 0),
    ("lost_errors_ppm", "lost in errors", "ppm", 1),
    ("lost_silent_ppm", "lost without a trace", "ppm", 1),
    ("lost_overload_ppm", "lost to full links", "ppm", 1),
    ("lost_rerouting_ppm", "lost until rerouted", "ppm", 1),
    ("lost_unrouted_ppm", "lost for want of a way", "ppm", 1),
    ("overloaded_link_s_per_day", "Full links", "link·s/day", 0),
    ("actions_per_day", "Actions", "1/day", 1),
    ("needless_per_day", "of them no help", "1/day", 1),
    ("worsened_per_day", "of them worsened things", "1/day", 2),
    ("automatic_per_day", "of them without a person", "1/day", 1),
    ("asked_per_day", "Decisions that people made or were asked for", "1/day", 1),
];

/// One method over all seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// The method.
    pub method: String,
    /// Runs.
    pub seeds: usize,
    /// Mean over seeds, with its interval, of each number.
    pub numbers: BTreeMap<String, Summary>,
    /// Quantiles of the time to recovery over all troubles of all seeds, those that hurt to the end with the time that
    /// they had by then: share below, s.
    pub quantiles_s: Vec<(f64, f64)>,
}

/// A row for each method, in the order of the records.
#[must_use]
pub fn rows(records: &[RecoveryRecord]) -> Vec<Row> {
    let mut methods: Vec<&str> = Vec::new();
    for record in records {
        if !methods.contains(&record.method.as_str()) {
            methods.push(&record.method);
        }
    }
    let row = |method: &str| {
        let runs: Vec<&RecoveryRecord> = records.iter().filter(|r| r.method == method).collect();
        let number =
            |name: &str| Summary::of(runs.iter().filter_map(|r| r.metrics.get(name).copied()));
        let numbers = NUMBERS
            .iter()
            .filter_map(|(name, ..)| number(name).map(|summary| ((*name).to_owned(), summary)));
        let times = times(&runs);
        let shares = [0.1, 0.25, 0.5, 0.75, 0.9, 0.99];
        Row {
            method: method.to_owned(),
            seeds: runs.len(),
            numbers: numbers.collect(),
            quantiles_s: shares
                .iter()
                .filter(|_| !times.is_empty())
                .map(|&share| (share, quantile(&times, share)))
                .collect(),
        }
    };
    methods.into_iter().map(row).collect()
}

/// All times to recovery of these runs, s.
pub(super) fn times(runs: &[&RecoveryRecord]) -> Vec<f64> {
    runs.iter().flat_map(|r| r.recovered_s.iter().chain(&r.unrecovered_s).copied()).collect()
}

/// What was assumed, a sentence each: it stands beside every number.
#[must_use]
pub fn lines(settings: &Settings) -> Vec<String> {
    let people = &settings.people;
    let minutes = |s: f64| s / 60.0;
    vec![
        format!(
            "{} of {:.0} simulated hours, counted from hour {:.0}; a trouble every {:.0} s on average; troubles that do not pass by themselves are mended unasked after {:.1} to {:.1} h.",
            match settings.seeds.count {
                1 => "1 seed".to_owned(),
                count => format!("{count} seeds"),
            },
            settings.hours,
            settings.from_hour,
            settings.fabric.trouble_every_s,
            400.0 * settings.fabric.lasting / 3_600.0,
            1_800.0 * settings.fabric.lasting / 3_600.0,
        ),
        format!(
            "People alone: log-normal delays, median {:.0} min to notice and {:.0} min to decide; asked by npo they answer after a median of {:.0} min; deviation of the logarithm {}. They judge rightly in {:.0} % of cases. These delays are assumptions, and most of the difference between people alone and npo follows from them.",
            minutes(people.notice_median_s),
            minutes(people.decide_median_s),
            minutes(people.answer_median_s),
            people.sigma,
            people.right * 100.0,
        ),
        "Nobody tires or goes home. With `npo`, people find what it does not surface as they would alone; with `npo-only`, nobody ever looks at that. An alert whose condition ends before somebody alone has decided costs nothing.".to_owned(),
        "`npo-autonomy` may act by itself once a certificate says that people would hardly ever object; until then it asks about everything, so its first days are those of learning.".to_owned(),
        "`nothing-breaks` is the same traffic on a fabric without troubles: what it loses, it loses to bursts.".to_owned(),
        "The time of a method that acts at once is the watchers' delay and what its actions do; what it cannot help, such as a cut fibre or a passing burst, takes as long with every method.".to_owned(),
        "`nothing` recovers because troubles are mended unasked in the end; how long that takes is a setting, not a finding.".to_owned(),
        "Means and medians are of the troubles that recovered; the quantiles are of all of them, those that still hurt at the end with the time that they had hurt by then. The more a method leaves, the further the two are apart.".to_owned(),
        "Times are from the beginning of a trouble, not of its finding; a link kept away from traffic counts as recovered. Intervals are Student's t at 95 % over seeds.".to_owned(),
    ]
}
