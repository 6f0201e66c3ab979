//! What is counted in one run: recoveries, damage, actions and people's attention.

use std::collections::BTreeMap;

use npo_network::fabric::{Effect, Fabric, Traffic};

use super::RecoveryRecord;

/// Counts of one run, from the hour on that counts.
#[derive(Debug, Default)]
pub(super) struct Book {
    from_ms: i64,
    recovered_s: Vec<f64>,
    curable_s: Vec<f64>,
    actions: u64,
    needless: u64,
    automatic: u64,
    worsened: u64,
    asked: u64,
    findings: u64,
    /// Of the fabric, when counting began.
    before: Option<(Traffic, f64)>,
}

impl Book {
    pub(super) fn new(from_ms: i64) -> Self {
        Self { from_ms, ..Self::default() }
    }

    fn counts(&self, at_ms: i64) -> bool {
        at_ms >= self.from_ms
    }

    pub(super) fn found(&mut self, at_ms: i64) {
        self.findings += u64::from(self.counts(at_ms));
    }

    /// A person was asked, or took up an alert.
    pub(super) fn asked(&mut self, at_ms: i64) {
        self.asked += u64::from(self.counts(at_ms));
    }

    /// Something was done.
    pub(super) fn acted(&mut self, at_ms: i64, helps: bool, automatic: bool) {
        if self.counts(at_ms) {
            self.actions += 1;
            self.needless += u64::from(!helps);
            self.automatic += u64::from(automatic);
        }
    }

    /// Takes what the fabric knows after a step.
    pub(super) fn step(&mut self, fabric: &mut Fabric, effects: &[(i64, Effect)]) {
        if self.before.is_none() && self.counts(fabric.now_ms()) {
            self.before = Some((fabric.carried(), fabric.overloaded_link_s()));
        }
        for &(acted_ms, effect) in effects {
            self.worsened += u64::from(effect == Effect::Worsened && self.counts(acted_ms));
        }
        for past in fabric.take_past() {
            if self.counts(past.began_ms) {
                let lasted_s = (past.recovered_ms - past.began_ms).max(0) as f64 / 1e3;
                self.recovered_s.push(lasted_s);
                if past.kind.is_curable() {
                    self.curable_s.push(lasted_s);
                }
            }
        }
    }

    /// The run's record.
    pub(super) fn close(self, fabric: &Fabric, method: &str, seed: u64) -> RecoveryRecord {
        let hurting = fabric.hurting().into_iter().filter(|(_, began_ms)| self.counts(*began_ms));
        let unrecovered_s: Vec<f64> =
            hurting.map(|(_, began_ms)| (fabric.now_ms() - began_ms) as f64 / 1e3).collect();
        let (before, overloaded_before) = self.before.unwrap_or_default();
        let carried = fabric.carried();
        let asked = carried.asked - before.asked;
        let lost = |of: fn(&Traffic) -> f64| (of(&carried) - of(&before)) / asked * 1e6;
        let hours = (fabric.now_ms() - self.from_ms) as f64 / 3.6e6;
        let per_day = |count: u64| count as f64 / hours * 24.0;
        let troubles = (self.recovered_s.len() + unrecovered_s.len()) as f64;
        let mut metrics: BTreeMap<String, f64> = BTreeMap::new();
        let mut put = |name: &str, value: f64| {
            if value.is_finite() {
                metrics.insert(name.to_owned(), value);
            }
        };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        put("mean_s", mean(&self.recovered_s));
        put("curable_mean_s", mean(&self.curable_s));
        put("median_s", quantile(&self.recovered_s, 0.5));
        put("curable_median_s", quantile(&self.curable_s, 0.5));
        put("curable_p90_s", quantile(&self.curable_s, 0.9));
        put("p90_s", quantile(&self.recovered_s, 0.9));
        put("unrecovered_share", unrecovered_s.len() as f64 / troubles);
        put("troubles", troubles);
        put("lost_ppm", lost(Traffic::lost));
        put("lost_overload_ppm", lost(|t| t.overload));
        put("lost_errors_ppm", lost(|t| t.errors));
        put("lost_silent_ppm", lost(|t| t.silent));
        put("lost_rerouting_ppm", lost(|t| t.rerouting));
        put("lost_unrouted_ppm", lost(|t| t.unrouted));
        put(
            "overloaded_link_s_per_day",
            (fabric.overloaded_link_s() - overloaded_before) / hours * 24.0,
        );
        put("findings_per_day", per_day(self.findings));
        put("actions_per_day", per_day(self.actions));
        put("needless_per_day", per_day(self.needless));
        put("worsened_per_day", per_day(self.worsened));
        put("automatic_per_day", per_day(self.automatic));
        put("asked_per_day", per_day(self.asked));
        RecoveryRecord {
            method: method.to_owned(),
            seed,
            metrics,
            recovered_s: self.recovered_s,
            unrecovered_s,
        }
    }
}

/// Quantile, linear between values; not a number without any.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        _ => crate::results::quantile(&sorted, share),
    }
}
