//! The forecasts that npo's is measured against, from none at all to a regression on twenty-some features.
//!
//! Thresholds are chosen on the calibration stretch alone, as the benchmark has it.

use super::super::episode::LENGTH_MIN;
use super::super::logistic::{Logistic, Prior, sigmoid};
use super::super::predict::best_threshold;
use super::super::smooth::{Holt, HoltWinters, MARGIN, MARGIN_LEVEL};
use super::super::spread::Scale;
use super::super::track::Step;
use super::measure::Scored;
use super::{Options, signal};

/// What baselines are made from.
pub(super) struct Context<'a> {
    pub(super) options: &'a Options,
    pub(super) scale: &'a Scale,
    pub(super) steps: &'a [Step],
    pub(super) labels: &'a [Option<bool>],
    pub(super) train: usize,
    pub(super) calibrated: usize,
}

/// What a margin is taken to be where there is none, before it is smoothed.
const MARGIN_NONE: f64 = -6.0;
/// Pull of the regressions' weights towards 0.
const RIDGE: f64 = 1.0;
/// Pull of the line that turns scores into probabilities.
const LINE_RIDGE: f64 = 1e-3;
/// Step size of the online regression (AdaGrad).
const ONLINE_RATE: f64 = 0.1;

impl Context<'_> {
    /// All of them.
    pub(super) fn all(&self) -> Vec<Scored> {
        let margins: Vec<f64> =
            self.steps.iter().map(|step| step.margin.unwrap_or(MARGIN_NONE)).collect();
        let links: Vec<f64> =
            self.steps.iter().map(|step| step.link_margin.unwrap_or(MARGIN_NONE)).collect();
        let horizon = self.options.definition.horizon;
        let holt = smoothed(&margins, Holt::new(MARGIN), Holt::observe, |holt| {
            holt.ahead(MARGIN.reach(horizon))
        });
        let level =
            smoothed(&margins, Holt::new(MARGIN_LEVEL), Holt::observe, |holt| holt.ahead(0.0));
        let hot = self.steps.iter().map(|step| f64::from(u8::from(step.hot))).collect();
        let mut all = vec![
            self.fixed("always alarm", vec![1.0; self.steps.len()], 1.0),
            self.fixed("persistence", hot, 1.0),
            self.chosen("persistence of the level", margins.clone()),
            self.chosen("EWMA of the margin", level),
            self.chosen("Holt on the margin", holt.clone()),
        ];
        // A season must have been seen twice to be one.
        if let Some(season) = self.options.season.filter(|&season| 2 * season <= self.train) {
            let winters = HoltWinters::new(MARGIN, season);
            let scores = smoothed(&margins, winters, HoltWinters::observe, |w| w.ahead(horizon));
            all.push(self.chosen("Holt-Winters on the margin", scores));
        }
        let mut rows = signal::rows(self.steps, self.scale, self.options.season, &[&holt, &links]);
        signal::standardise(&mut rows, self.train);
        all.push(self.chosen("Holt per link", links));
        all.push(self.probable("logistic", self.batch(&rows)));
        all.push(self.probable("online logistic", self.online(&rows)));
        all
    }

    /// Indices of asked steps in the train stretch.
    fn asked(&self, steps: std::ops::Range<usize>) -> impl Iterator<Item = (usize, bool)> {
        steps.filter_map(|t| Some((t, self.labels[t]?)))
    }

    /// The threshold of the best F1 on the calibration stretch, as far as its answers were known at its end.
    fn threshold(&self, scores: &[f64]) -> Option<f64> {
        let known =
            self.calibrated.saturating_sub(self.options.definition.horizon + LENGTH_MIN - 1);
        let asked = self.asked(self.train..known.max(self.train));
        let (scores, labels): (Vec<f64>, Vec<bool>) =
            asked.map(|(t, label)| (scores[t], label)).unzip();
        best_threshold(&scores, &labels)
    }

    fn fixed(&self, name: &'static str, scores: Vec<f64>, threshold: f64) -> Scored {
        let probabilities = self.line(&scores);
        Scored { name, scores, threshold: Some(threshold), probabilities }
    }

    fn chosen(&self, name: &'static str, scores: Vec<f64>) -> Scored {
        let probabilities = self.line(&scores);
        Scored { name, threshold: self.threshold(&scores), scores, probabilities }
    }

    fn probable(&self, name: &'static str, probabilities: Vec<f64>) -> Scored {
        let threshold = self.threshold(&probabilities);
        Scored { name, threshold, scores: probabilities.clone(), probabilities }
    }

    /// Probabilities of scores: a logistic line fitted on the train stretch (Platt).
    fn line(&self, scores: &[f64]) -> Vec<f64> {
        let row = |t: usize| vec![1.0, scores[t]];
        let (rows, labels): (Vec<Vec<f64>>, Vec<bool>) =
            self.asked(0..self.train).map(|(t, label)| (row(t), label)).unzip();
        let model = Logistic::fit(&rows, &labels, &Prior::flat(2, LINE_RIDGE));
        (0..scores.len()).map(|t| model.probability(&row(t))).collect()
    }

    fn batch(&self, rows: &[Vec<f64>]) -> Vec<f64> {
        let (lessons, labels): (Vec<Vec<f64>>, Vec<bool>) =
            self.asked(0..self.train).map(|(t, label)| (rows[t].clone(), label)).unzip();
        let width = rows.first().map_or(1, Vec::len);
        let model = Logistic::fit(&lessons, &labels, &Prior::flat(width, RIDGE));
        rows.iter().map(|row| model.probability(row)).collect()
    }

    /// One pass that learns each label once it is known, also on the calibration and test stretches.
    fn online(&self, rows: &[Vec<f64>]) -> Vec<f64> {
        let width = rows.first().map_or(1, Vec::len);
        let (mut weights, mut squares) = (vec![0.0; width], vec![1e-8; width]);
        let late = self.options.definition.horizon + LENGTH_MIN - 1;
        let odds = |weights: &[f64], row: &[f64]| -> f64 {
            weights.iter().zip(row).map(|(weight, x)| weight * x).sum()
        };
        let mut probabilities = Vec::with_capacity(rows.len());
        for (t, row) in rows.iter().enumerate() {
            if let Some((known, label)) =
                t.checked_sub(late).and_then(|known| Some((known, self.labels[known]?)))
            {
                let past = &rows[known];
                let error = sigmoid(odds(&weights, past)) - f64::from(u8::from(label));
                for ((weight, square), x) in weights.iter_mut().zip(&mut squares).zip(past) {
                    let gradient = error * x;
                    *square += gradient * gradient;
                    *weight -= ONLINE_RATE * gradient / square.sqrt();
                }
            }
            probabilities.push(sigmoid(odds(&weights, row)));
        }
        probabilities
    }
}

fn smoothed<S>(
    values: &[f64],
    mut smoother: S,
    observe: impl Fn(&mut S, f64),
    ahead: impl Fn(&S) -> f64,
) -> Vec<f64> {
    values
        .iter()
        .map(|&value| {
            observe(&mut smoother, value);
            ahead(&smoother)
        })
        .collect()
}
