//! Plausible results for tests.

use std::collections::BTreeMap;

use super::{About, Results};
use crate::record::RunRecord;

/// A number in −1 to 1 that depends on all of `of` and on nothing else.
pub(crate) fn noise(of: &[u64]) -> f64 {
    let mixed = of.iter().fold(0x9e37_79b9_7f4a_7c15_u64, |state, part| {
        let mut x = (state ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x ^= x >> 29;
        x.wrapping_mul(0x94d0_49bb_1331_11eb) ^ (x >> 32)
    });
    (mixed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// What a synthetic experiment holds.
pub(crate) struct Shape {
    /// Worlds by name.
    pub(crate) worlds: &'static [&'static str],
    /// Methods by name.
    pub(crate) methods: &'static [&'static str],
    /// Number of seeds.
    pub(crate) seeds: u64,
    /// Whether the methods retrain and a monitor is measured.
    pub(crate) monitored: bool,
}

/// The published comparison, small.
pub(crate) const PAPER: Shape = Shape {
    worlds: &["delta", "action"],
    methods: &["static", "fixed", "random", "no-meta", "full"],
    seeds: 20,
    monitored: true,
};

/// Regimes with ablations, small.
pub(crate) const REGIMES: Shape = Shape {
    worlds: &["A_paper", "B_sparse", "C_drift", "D_adv20"],
    methods: &[
        "paper",
        "paper-tuned",
        "calibrated",
        "no-optimism",
        "thompson",
        "no-trust",
        "no-effect",
        "no-audit",
        "no-drift",
        "static",
    ],
    seeds: 12,
    monitored: false,
};

impl Shape {
    /// The experiment's file.
    pub(crate) fn experiment(&self) -> String {
        let baseline = if self.monitored { "full" } else { "calibrated" };
        let mut text = format!(
            "name = \"sample\"\ndescription = \"Made up for a test.\"\nbaseline = \"{baseline}\"\ntail = 100\n[seeds]\nfirst = 1\ncount = {}\n",
            self.seeds
        );
        for (ix, world) in self.worlds.iter().enumerate() {
            text.push_str(&format!(
                "[worlds.{world}]\ndescription = \"World {world}.\"\nscenarios = {}\nhorizon = 1000\nnoise = 0.05\n",
                50 << ix
            ));
        }
        for method in self.methods {
            text.push_str(&format!("[methods.{method}]\nbase = \"paper\"\n"));
        }
        text
    }

    /// All its runs.
    pub(crate) fn runs(&self) -> Vec<RunRecord> {
        let mut runs = Vec::new();
        for world in 0..self.worlds.len() {
            for method in 0..self.methods.len() {
                runs.extend((1..=self.seeds).map(|seed| self.run(world, method, seed)));
            }
        }
        runs
    }

    /// Its results.
    pub(crate) fn results(&self) -> Results {
        Results::new(About::parse(&self.experiment()).unwrap(), self.runs()).unwrap()
    }

    fn run(&self, world: usize, method: usize, seed: u64) -> RunRecord {
        let (w, m) = (world as u64, method as u64);
        // What a seed has in common for all methods is larger than what tells them apart.
        let luck = 0.03 * noise(&[w, seed]);
        let level = 0.10 + 0.02 * m as f64 + 0.03 * w as f64;
        let checkpoints: Vec<u64> = (1..=40).map(|at| at * 25).collect();
        let curve = |from: f64, to: f64, spread: f64, kind: u64| -> Vec<Option<f64>> {
            checkpoints
                .iter()
                .map(|&at| {
                    let done = 1.0 - (-(at as f64) / 250.0).exp();
                    let jitter = spread * noise(&[w, m, seed, at, kind]);
                    Some(from + (to - from) * done + jitter + luck)
                })
                .collect()
        };
        let mut curves = BTreeMap::from([
            ("loss".to_owned(), curve(0.3, level, 0.05, 1)),
            ("latent".to_owned(), curve(0.25, level, 0.02, 2)),
            ("reward".to_owned(), curve(0.2, 0.9 - level, 0.05, 3)),
            ("threshold".to_owned(), curve(0.7, 0.66 + 0.02 * m as f64, 0.02, 4)),
        ]);
        let last = |name: &str| curves[name].last().copied().flatten().unwrap();
        let mut metrics = BTreeMap::from([
            ("loss".to_owned(), last("loss")),
            ("latent".to_owned(), last("latent")),
            ("reward".to_owned(), last("reward")),
            ("threshold".to_owned(), last("threshold")),
            ("override_rate".to_owned(), 0.04 + 0.01 * m as f64 + 0.3 * luck.abs()),
            ("coverage".to_owned(), 0.4 + 0.02 * m as f64 + luck),
        ]);
        if self.monitored {
            let fidelity = 0.7 + 0.02 * m as f64;
            curves.insert("fidelity".to_owned(), curve(0.9, fidelity, 0.03, 5));
            metrics.insert("fidelity".to_owned(), fidelity + luck);
            metrics.insert("fidelity_never".to_owned(), 0.75 + luck);
            metrics.insert("youden".to_owned(), 0.2 + luck);
            metrics.insert("retrains".to_owned(), (m * 4) as f64);
        } else {
            let regret = 40.0 + 12.0 * m as f64 + 20.0 * w as f64;
            curves.insert("regret".to_owned(), curve(180.0, regret, 6.0, 6));
            metrics.insert("regret".to_owned(), regret + 200.0 * luck + noise(&[w, m, seed]));
        }
        RunRecord {
            world: self.worlds[world].to_owned(),
            method: self.methods[method].to_owned(),
            seed,
            metrics,
            curves,
            checkpoints,
        }
    }
}
