//! One pass over a labelled file: every row is predicted, then learned.
//!
//! The scorer is [`Adaptive`] in its one default configuration, whatever the file.
//! A group column adds two inputs, what is known so far of the row's group: its log-odds and how
//! often it was seen.

use npo_core::learning::adaptive::{Adaptive, AdaptiveSettings, Settled};
use npo_core::learning::math::logit;
use serde::Serialize;

use super::measure::{Estimate, Sample, Scores, blocks, usual_block};
use super::real;
use super::table::Table;

/// What came of a pass.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Rows predicted and learned.
    pub rows: usize,
    /// Inputs, those of the group included.
    pub inputs: usize,
    /// The label's column and the value that stands for 1.
    pub label: (String, String),
    /// Rows per block of the intervals.
    pub block: usize,
    /// The scorer's.
    pub scores: Scores,
    /// What costs nothing to know.
    pub baselines: Vec<Baseline>,
    /// What the bank has settled on at the end.
    pub settled: Settled,
    /// What was decided about the file, in words.
    pub notes: Vec<String>,
    /// What the bank has settled on, in words.
    pub words: Vec<String>,
}

/// A baseline of the same run.
#[derive(Debug, Clone, Serialize)]
pub struct Baseline {
    /// Its name.
    pub name: &'static str,
    /// How good it is.
    pub scores: Scores,
    /// The scorer's log loss minus this one's, on the same rows.
    pub difference: Estimate,
}

/// Predicts and learns every row in order, and tells `progress` after each.
pub fn run(table: &Table, block: Option<usize>, mut progress: impl FnMut()) -> Report {
    let rows = table.labels.len();
    let mut predictions = Predictions::default();
    let mut history = History::new(&table.groups);
    let mut learner =
        Adaptive::new(table.inputs.len() + history.inputs(), &AdaptiveSettings::default());
    let mut baselines = Baselines::default();
    let mut x = Vec::new();
    for (row, label) in table.labels.iter().enumerate() {
        x.clear();
        x.extend_from_slice(table.row(row));
        history.extend(row, &mut x);
        predictions.ours.push(learner.predict(&x));
        predictions.last.push(baselines.last_label());
        predictions.base.push(baselines.base_rate());
        learner.learn(&x, f64::from(u8::from(*label)), 1.0);
        baselines.learn(*label);
        history.learn(row, *label);
        progress();
    }
    let block = block.unwrap_or_else(|| usual_block(rows)).max(1);
    let sample = Sample::new(&table.labels, &blocks(rows, block));
    let baseline = |name, theirs: &[f64]| Baseline {
        name,
        scores: sample.scores(theirs),
        difference: sample.difference(&predictions.ours, theirs),
    };
    let settled = learner.settled();
    Report {
        rows,
        inputs: table.inputs.len() + history.inputs(),
        label: table.label.clone(),
        block,
        scores: sample.scores(&predictions.ours),
        baselines: vec![
            baseline("last label", &predictions.last),
            baseline("base rate", &predictions.base),
        ],
        words: words(&settled),
        settled,
        notes: table.notes.clone(),
    }
}

#[derive(Default)]
struct Predictions {
    ours: Vec<f64>,
    last: Vec<f64>,
    base: Vec<f64>,
}

/// The two baselines, both with the rule of succession.
#[derive(Default)]
struct Baselines {
    labels: f64,
    ones: f64,
    /// How often a label was that of the row before, and its last value.
    repeats: f64,
    last: Option<bool>,
}

impl Baselines {
    fn base_rate(&self) -> f64 {
        (self.ones + 1.0) / (self.labels + 2.0)
    }

    /// The last label again, as surely as labels have been repeated so far.
    fn last_label(&self) -> f64 {
        let pairs = (self.labels - 1.0).max(0.0);
        let again = (self.repeats + 1.0) / (pairs + 2.0);
        match self.last {
            Some(true) => again,
            Some(false) => 1.0 - again,
            None => 0.5,
        }
    }

    fn learn(&mut self, label: bool) {
        self.repeats += f64::from(u8::from(self.last == Some(label)));
        self.labels += 1.0;
        self.ones += f64::from(u8::from(label));
        self.last = Some(label);
    }
}

/// What is known so far of each group.
struct History<'a> {
    groups: &'a [usize],
    /// Labels and ones per group.
    seen: Vec<(f64, f64)>,
}

impl<'a> History<'a> {
    fn new(groups: &'a [usize]) -> Self {
        let count = groups.iter().max().map_or(0, |last| last + 1);
        Self { groups, seen: vec![(0.0, 0.0); count] }
    }

    fn inputs(&self) -> usize {
        if self.groups.is_empty() { 0 } else { 2 }
    }

    fn extend(&self, row: usize, x: &mut Vec<f64>) {
        if let Some(group) = self.groups.get(row) {
            let (labels, ones) = self.seen[*group];
            x.extend([logit((ones + 1.0) / (labels + 2.0)), labels.ln_1p()]);
        }
    }

    fn learn(&mut self, row: usize, label: bool) {
        if let Some(group) = self.groups.get(row) {
            let (labels, ones) = &mut self.seen[*group];
            *labels += 1.0;
            *ones += f64::from(u8::from(label));
        }
    }
}

/// What the bank has settled on, in sentences.
#[must_use]
pub fn words(settled: &Settled) -> Vec<String> {
    let speed = match settled.drift {
        drift if drift < 1e-4 => "stands nearly still",
        drift if drift < 3e-3 => "moves",
        _ => "moves fast",
    };
    let mut words = vec![format!(
        "the world {speed}: weights drift by {:.0e} of their prior variance per label",
        settled.drift
    )];
    if settled.tracking > 0.5 {
        words.push("the base rate moves faster than the weights, and is tracked".to_owned());
    }
    words.push(if settled.noise < 0.01 {
        "labels mean what they say".to_owned()
    } else {
        format!(
            "about {:.0} % of the labels say the opposite of what was meant",
            100.0 * settled.noise
        )
    });
    if settled.curved > 0.5 {
        words.push("squares or products of the inputs matter".to_owned());
    }
    let best = settled.experts.iter().map(|(_, weight)| *weight).fold(0.0, f64::max);
    if best < 0.5 {
        words.push(format!(
            "no single view has won: the best of {} has weight {best:.2}",
            real(settled.experts.len())
        ));
    }
    words
}
