//! Finished runs: reading a results folder, summaries, and paired differences.
//!
//! A folder holds `experiment.toml`, what was run, and `runs.jsonl`, one [`RunRecord`] per line.
//! Everything here depends on the set of runs and not on the order of their lines.
//! Running is left to the runner, and drawing to [`crate::report`].

mod about;
mod compare;
mod error;
mod load;
mod numbers;
mod stats;

use std::collections::BTreeMap;

pub use about::About;
pub use compare::{
    Asked, Change, Comparison, FolderComparison, MetricComparison, OnlyIn, ParameterChange, Row,
    Unchanged, Verdict, WorldComparison, compare,
};
pub(crate) use compare::{metric_names, of_metric};
pub use error::Error;
pub use load::{EXPERIMENT_FILE, RUNS_FILE};
pub use numbers::{estimate, number, plain};
pub(crate) use stats::quantile;
pub use stats::{Band, Paired, Summary};

use crate::record::{CURVES, METRICS, Metric, RunRecord};

/// The runs of one experiment.
#[derive(Debug, Clone)]
pub struct Results {
    /// What the experiment's file says of itself.
    pub about: About,
    /// What was passed over while reading, in words.
    pub warnings: Vec<String>,
    /// By world and method, each sorted by seed; no list is empty.
    runs: BTreeMap<String, BTreeMap<String, Vec<RunRecord>>>,
}

/// A curve over the runs of a method in a world.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Episodes done at each checkpoint, ascending.
    pub checkpoints: Vec<u64>,
    /// One entry per checkpoint; `None` where no run defines it.
    pub points: Vec<Option<Band>>,
}

impl Results {
    /// Results of these runs; their order does not matter.
    ///
    /// # Errors
    /// If two runs of one world, method and seed differ, if the runs of a world have different
    /// checkpoints, or if there are none.
    pub fn new(about: About, runs: Vec<RunRecord>) -> Result<Self, Error> {
        load::gather(about, runs.into_iter().map(|run| (0, run)), Vec::new())
    }

    /// The worlds, in the experiment's order.
    #[must_use]
    pub fn worlds(&self) -> Vec<&str> {
        ordered(self.runs.keys(), &self.about.worlds)
    }

    /// The methods that ran in `world`, in the experiment's order.
    #[must_use]
    pub fn methods_in(&self, world: &str) -> Vec<&str> {
        let methods = self.runs.get(world).into_iter().flat_map(BTreeMap::keys);
        ordered(methods, &self.about.methods)
    }

    /// All methods that ran anywhere, in the experiment's order.
    #[must_use]
    pub fn methods(&self) -> Vec<&str> {
        let mut all: Vec<&String> = self.runs.values().flat_map(BTreeMap::keys).collect();
        all.sort_unstable();
        all.dedup();
        ordered(all.into_iter(), &self.about.methods)
    }

    /// The runs of a method in a world, by seed; empty if there are none.
    #[must_use]
    pub fn runs(&self, world: &str, method: &str) -> &[RunRecord] {
        self.runs.get(world).and_then(|methods| methods.get(method)).map_or(&[], Vec::as_slice)
    }

    /// How many runs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.values().flat_map(BTreeMap::values).map(Vec::len).sum()
    }

    /// Whether there are no runs; results that were read have some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The smallest and largest number of seeds that a method has in a world.
    #[must_use]
    pub fn seeds(&self) -> (usize, usize) {
        let counts = self.runs.values().flat_map(BTreeMap::values).map(Vec::len);
        (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0))
    }

    /// Episodes of a run in `world`: its last checkpoint.
    #[must_use]
    pub fn horizon(&self, world: &str) -> Option<u64> {
        let run = self.runs.get(world)?.values().next()?.first()?;
        run.checkpoints.last().copied()
    }

    /// Whether any run has this metric.
    #[must_use]
    pub fn has_metric(&self, metric: &str) -> bool {
        self.all().any(|run| run.metrics.contains_key(metric))
    }

    /// Whether any run has this curve, defined somewhere.
    #[must_use]
    pub fn has_curve(&self, curve: &str) -> bool {
        self.all()
            .filter_map(|run| run.curves.get(curve))
            .any(|points| points.iter().any(Option::is_some))
    }

    /// Mean and interval of a metric; `None` where no run has it.
    #[must_use]
    pub fn summary(&self, world: &str, method: &str, metric: &str) -> Option<Summary> {
        Summary::of_metric(metric, self.runs(world, method).iter())
    }

    /// Means and bands of a curve; `None` where no run has it.
    #[must_use]
    pub fn curve(&self, world: &str, method: &str, curve: &str) -> Option<Curve> {
        let runs = self.runs(world, method);
        let checkpoints = runs.first()?.checkpoints.clone();
        let points: Vec<Option<Band>> = (0..checkpoints.len())
            .map(|at| {
                let value = |run: &RunRecord| *run.curves.get(curve)?.get(at)?;
                Band::of(runs.iter().filter_map(value))
            })
            .collect();
        points.iter().any(Option::is_some).then_some(Curve { checkpoints, points })
    }

    /// `method` less `baseline` over the seeds that both have; `None` without common seeds.
    #[must_use]
    pub fn paired(
        &self,
        world: &str,
        method: &str,
        baseline: &str,
        metric: &str,
    ) -> Option<Paired> {
        stats::paired(self.runs(world, baseline), self.runs(world, method), metric)
    }

    /// The method that others are held against: `asked`, or the experiment's own, or a usual name,
    /// or none.
    ///
    /// # Errors
    /// If `asked` did not run.
    pub fn baseline(&self, asked: Option<&str>) -> Result<Option<String>, Error> {
        let methods = self.methods();
        if let Some(asked) = asked {
            return match methods.contains(&asked) {
                true => Ok(Some(asked.to_owned())),
                false => Err(Error::unknown("method", asked, &methods)),
            };
        }
        let own = self.about.baseline.as_deref().into_iter();
        let usual = ["calibrated", "full"].into_iter();
        let found = own.chain(usual).find(|name| methods.contains(name));
        Ok(found.map(str::to_owned))
    }

    fn all(&self) -> impl Iterator<Item = &RunRecord> {
        self.runs.values().flat_map(BTreeMap::values).flatten()
    }
}

/// What is known of a metric; one that this version does not know gets its own name as title.
#[must_use]
pub fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// What is known of a curve.
#[must_use]
pub fn curve(name: &str) -> Option<&'static Metric> {
    CURVES.iter().find(|metric| metric.name == name)
}

/// `names` in the order of `known`, those that it does not know behind it in the order of letters.
fn ordered<'a>(names: impl Iterator<Item = &'a String>, known: &[String]) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    let place = |name: &str| known.iter().position(|known| known == name).unwrap_or(known.len());
    names.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));
    names
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
