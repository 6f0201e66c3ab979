//! Accept or reject, predicted for people not seen before.
//!
//! People are split into folds; the scorer of the product (Bayesian logistic, with one effect per
//! person) learns the people of the other folds, and then meets each person of its own fold anew:
//! every decision is predicted, then learned, so that what a person did counts for what they do next.
//! What is known before the answer is used, and nothing else: not how long the answer took, not what
//! was seen after it.

mod advice;
mod copilot;

use npo_core::learning::effect::Effect;
use npo_core::learning::math::predictive;
use npo_core::learning::posterior::{Label, Posterior, PosteriorSettings, plan};
use serde::Serialize;

pub use self::advice::read as read_advice;
pub use self::copilot::read as read_copilot;
use super::measure::{Estimate, Sample, Scores};
use super::{Error, real};

/// The scorer's constants: features are standardised, so that a weight is a fraction of a logit, and
/// people differ by about half a logit, which moves slowly.
const SETTINGS: PosteriorSettings = PosteriorSettings {
    weight_variance: 0.1,
    effect_variance: 0.5,
    weight_drift: 0.0,
    effect_drift: 0.01,
};
/// The constant input: its square times the weights' variance is the intercept's variance, 0.9.
const CONSTANT: f64 = 3.0;
/// Standardised features are cut here.
const SCALED_MAX: f64 = 4.0;
/// Folds; with fewer people than twice as many, one person is left out at a time.
const FOLDS: usize = 10;
/// People and decisions at least.
const PEOPLE_MIN: usize = 3;

/// One decision of a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Who, numbered by first appearance.
    pub person: usize,
    /// What was known before, the same recipe for all.
    pub features: Vec<f64>,
    /// Whether it was accepted.
    pub accepted: bool,
}

/// What came of the predictions.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Decisions predicted.
    pub decisions: usize,
    /// People.
    pub people: usize,
    /// Features of each.
    pub features: usize,
    /// Share accepted.
    pub accepted: f64,
    /// The scorer's; intervals are over people.
    pub scores: Scores,
    /// The other people's rate of acceptance.
    pub base: Scores,
    /// The scorer's log loss minus the base's.
    pub difference: Estimate,
}

/// Predicts every decision by what was learned from other people and from the person's own past.
///
/// # Errors
/// If there are too few people.
pub fn run(decisions: &[Decision]) -> Result<Report, Error> {
    let people = decisions.iter().map(|decision| decision.person + 1).max().unwrap_or(0);
    if people < PEOPLE_MIN {
        return Err(Error::TooFew { what: "people", found: people, min: PEOPLE_MIN });
    }
    let folds = if people < 2 * FOLDS { people } else { FOLDS };
    let mut ours = vec![0.5; decisions.len()];
    let mut base = vec![0.5; decisions.len()];
    for fold in 0..folds {
        let theirs = |decision: &&Decision| decision.person % folds != fold;
        let training: Vec<&Decision> = decisions.iter().filter(theirs).collect();
        let model = Model::learn(&training);
        let accepted = training.iter().filter(|decision| decision.accepted).count();
        let rate = (real(accepted) + 1.0) / (real(training.len()) + 2.0);
        for person in (0..people).filter(|person| person % folds == fold) {
            let mut model = model.clone();
            let mut visit = model.meet();
            for (ix, decision) in decisions.iter().enumerate().filter(|(_, d)| d.person == person) {
                ours[ix] = model.predict_and_learn(&mut visit, decision);
                base[ix] = rate;
            }
        }
    }
    let labels: Vec<bool> = decisions.iter().map(|decision| decision.accepted).collect();
    let blocks: Vec<usize> = decisions.iter().map(|decision| decision.person).collect();
    let sample = Sample::new(&labels, &blocks);
    Ok(Report {
        decisions: decisions.len(),
        people,
        features: decisions.first().map_or(0, |decision| decision.features.len()),
        accepted: real(labels.iter().filter(|label| **label).count()) / real(labels.len()),
        scores: sample.scores(&ours),
        base: sample.scores(&base),
        difference: sample.difference(&ours, &base),
    })
}

/// The scorer with the standardisation of its training people.
#[derive(Clone)]
struct Model {
    posterior: Posterior,
    /// Mean and standard deviation by feature.
    scales: Vec<(f64, f64)>,
}

/// One person's stay: their effect and how many decisions they have made.
struct Visit {
    effect: Effect,
    clock: u64,
}

impl Model {
    fn learn(training: &[&Decision]) -> Self {
        let dim = training.first().map_or(0, |decision| decision.features.len());
        let scales = (0..dim)
            .map(|ix| {
                let n = real(training.len());
                let mean = training.iter().map(|d| d.features[ix]).sum::<f64>() / n;
                let square = training.iter().map(|d| (d.features[ix] - mean).powi(2)).sum::<f64>();
                (mean, (square / n).sqrt())
            })
            .collect();
        let posterior = Posterior::new(&vec![0.0; dim + 1], SETTINGS.weight_variance);
        let mut model = Self { posterior, scales };
        let last = training.iter().map(|decision| decision.person).max().unwrap_or(0);
        let mut visits: Vec<Visit> = (0..=last).map(|_| model.meet()).collect();
        for decision in training {
            model.predict_and_learn(&mut visits[decision.person], decision);
        }
        model
    }

    fn meet(&self) -> Visit {
        Visit { effect: Effect::new(SETTINGS.effect_variance, 0.5, 0), clock: 0 }
    }

    fn predict_and_learn(&mut self, visit: &mut Visit, decision: &Decision) -> f64 {
        let scaled = decision.features.iter().zip(&self.scales).map(|(x, (mean, deviation))| {
            if *deviation > 1e-9 {
                ((x - mean) / deviation).clamp(-SCALED_MAX, SCALED_MAX)
            } else {
                0.0
            }
        });
        let x: Vec<f64> = std::iter::once(CONSTANT).chain(scaled).collect();
        visit.clock += 1;
        let variance =
            visit.effect.variance_at(visit.clock, SETTINGS.effect_drift, SETTINGS.effect_variance);
        let logit = self.posterior.logit(&x, visit.effect.mean, variance);
        let value = f64::from(u8::from(decision.accepted));
        let label = Label { value, weight: 1.0, sensitivity: 1.0, specificity: 1.0 };
        let planned = plan(logit, variance, label);
        self.posterior.apply(&x, &mut visit.effect, &planned, visit.clock, SETTINGS.weight_drift);
        predictive(logit.mean, logit.variance)
    }
}

/// log(1 + x), for sizes and times, which are skewed; 0 for what is negative.
fn skewed(x: f64) -> f64 {
    x.max(0.0).ln_1p()
}

/// Log-odds of `of` out of `all`, by the rule of succession.
fn odds(of: f64, all: f64) -> f64 {
    ((of + 1.0) / (all - of + 1.0)).ln()
}
