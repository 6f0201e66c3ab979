//! What one run leaves behind, and what its numbers are called.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One run: one world, one method, one seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The world's name.
    pub world: String,
    /// The method's name.
    pub method: String,
    /// The seed; runs of one world and seed met the same proposals, people and delays.
    pub seed: u64,
    /// Numbers of the whole run by name ([`METRICS`]); absent where a run does not define them.
    pub metrics: BTreeMap<String, f64>,
    /// Curves by name ([`CURVES`]), one entry at each checkpoint; `None` where undefined.
    pub curves: BTreeMap<String, Vec<Option<f64>>>,
    /// Episodes done at each checkpoint, ascending; the same for all runs of a world.
    pub checkpoints: Vec<u64>,
}

/// Which way a number should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
    /// Neither; it describes.
    Neither,
}

/// A number that runs may report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Key in [`RunRecord::metrics`] or [`RunRecord::curves`].
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// Unit; `1` for a share or a ratio.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Better,
    /// Whether it is 0 or 1 in every run, or a share of a few people, that often is: where all values
    /// are 0 or 1, its mean has the interval of a proportion.
    pub flag: bool,
}

const fn metric(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    better: Better,
) -> Metric {
    Metric { name, title, unit, better, flag: false }
}

const fn flag(name: &'static str, title: &'static str, better: Better) -> Metric {
    Metric { name, title, unit: "1", better, flag: true }
}

/// Numbers of a whole run; "final" means the last `tail` episodes of the experiment.
pub const METRICS: [Metric; 26] = [
    metric("loss", "Alignment loss of surfaced decisions, final", "1", Better::Lower),
    metric("episode_loss", "Loss per episode, abstentions included, final", "1", Better::Lower),
    metric("latent", "Latent misalignment |s − g|, final", "1", Better::Lower),
    metric("reward", "Reward (moving average), final", "1", Better::Higher),
    metric("threshold", "Threshold in force, final mean", "1", Better::Neither),
    metric("fidelity", "Monitoring fidelity F", "1", Better::Higher),
    metric("fidelity_never", "Fidelity of never acting", "1", Better::Neither),
    metric("youden", "Youden's J of the monitor", "1", Better::Higher),
    metric("retrains", "Retrainings", "count", Better::Neither),
    metric("regret", "Regret per 1,000 eligible decisions", "likes", Better::Lower),
    metric("utility", "Utility per 1,000 eligible decisions", "likes", Better::Higher),
    metric("override_rate", "Override probability of surfaced decisions", "1", Better::Lower),
    metric("coverage", "Share of eligible decisions surfaced", "1", Better::Neither),
    metric("audits", "Share of eligible decisions audited", "1", Better::Neither),
    metric("labels", "Answers received", "count", Better::Neither),
    metric("log_loss", "Log loss of the score against the operator's mind", "nats", Better::Lower),
    metric("brier", "Brier score against the operator's mind", "1", Better::Lower),
    flag("adversaries_flagged", "Share of adversarial operators flagged", Better::Higher),
    flag("good_flagged", "Share of good operators flagged", Better::Lower),
    flag("sloppy_flagged", "Share of sloppy operators flagged", Better::Lower),
    flag("certified_above", "Certified rate ever above α, from the 100th action on", Better::Lower),
    flag("certified_above_end", "Certified rate above α at the end", Better::Lower),
    metric("certified_share", "Share of decisions that were automatic", "1", Better::Higher),
    metric(
        "certified_rate",
        "Overrides among likes and overrides of automatic actions",
        "1",
        Better::Lower,
    ),
    metric("certified_coverage", "Share above the certified threshold, final", "1", Better::Higher),
    metric(
        "first_certificate",
        "Decisions until the first certificate, where there is one",
        "count",
        Better::Lower,
    ),
];

/// Numbers over the course of a run.
pub const CURVES: [Metric; 7] = [
    metric("loss", "Alignment loss of surfaced decisions", "1", Better::Lower),
    metric("latent", "Latent misalignment |s − g|", "1", Better::Lower),
    metric("reward", "Reward (moving average)", "1", Better::Higher),
    metric("threshold", "Threshold in force", "1", Better::Neither),
    metric("fidelity", "Monitoring fidelity F so far", "1", Better::Higher),
    metric("regret", "Regret per 1,000 eligible decisions so far", "likes", Better::Lower),
    metric("coverage", "Share of eligible decisions surfaced", "1", Better::Neither),
];
