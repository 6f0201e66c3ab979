//! Truths from all answers at once.

use serde::{Deserialize, Serialize};

use super::confidence::temper;
use super::dependence::{Dependence, dependence};
use super::{Answers, likeliest, normalise};

/// Prior counts of a worker's confusion matrix: one right and one wrong answer per class, so that a
/// worker of few answers moves little, and an adverse worker is found as easily as a good one.
pub(super) const PRIOR_COUNT: f64 = 1.0;
/// Sweeps of expectation–maximisation at most.
const SWEEPS_MAX: usize = 200;
/// The search ends when no posterior moves by more.
const CHANGE_MIN: f64 = 1e-6;

/// Truths and reliabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    classes: usize,
    /// P(class | answers), items × classes.
    posterior: Vec<f64>,
    /// P(answer | class), workers × classes × classes.
    confusion: Vec<f64>,
    /// P(class).
    pub prevalence: Vec<f64>,
}

impl Fit {
    /// P(class) of one item.
    #[must_use]
    pub fn posterior(&self, item: usize) -> &[f64] {
        &self.posterior[item * self.classes..][..self.classes]
    }

    /// The likeliest class of one item.
    #[must_use]
    pub fn truth(&self, item: usize) -> usize {
        likeliest(self.posterior(item))
    }

    /// P(answer `label` | `truth`) of one worker.
    #[must_use]
    pub fn confusion(&self, worker: usize, truth: usize, label: usize) -> f64 {
        self.confusion[(worker * self.classes + truth) * self.classes + label]
    }

    /// P(right answer) of one worker, under the prevalence found.
    #[must_use]
    pub fn reliability(&self, worker: usize) -> f64 {
        self.prevalence
            .iter()
            .enumerate()
            .map(|(class, share)| share * self.confusion(worker, class, class))
            .sum()
    }
}

/// Which method the truths came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Reliabilities could be recovered.
    DawidSkene,
    /// They could not, so every vote counts the same.
    Majority,
}

/// Truths, how they were found, and what spoke for that.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "the method says how far to trust the truths"]
pub struct Inference {
    /// Truths and reliabilities; with [`Method::Majority`] the reliabilities are agreement with it.
    pub fit: Fit,
    /// How the truths were found.
    pub method: Method,
    /// What the check of one hidden truth found.
    pub dependence: Dependence,
}

/// Vote shares as posteriors, and agreement with them as reliabilities.
#[must_use]
pub fn majority(answers: &Answers) -> Fit {
    let classes = answers.classes;
    let mut posterior = vec![0.0; answers.items * classes];
    for answer in &answers.answers {
        posterior[answer.item * classes + answer.label] += 1.0;
    }
    for shares in posterior.chunks_exact_mut(classes) {
        let sum: f64 = shares.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "there are a handful of classes")]
        let even = 1.0 / classes as f64;
        // An item that nobody answered could be anything.
        shares.iter_mut().for_each(|share| *share = if sum > 0.0 { *share / sum } else { even });
    }
    let mut fit = Fit { classes, posterior, confusion: Vec::new(), prevalence: Vec::new() };
    maximise(answers, &mut fit);
    fit
}

/// Dawid–Skene by expectation–maximisation, started at the majority.
#[must_use]
pub fn dawid_skene(answers: &Answers) -> Fit {
    let mut fit = majority(answers);
    for _ in 0..SWEEPS_MAX {
        let posterior = tempered(answers, &fit, 1.0);
        let change = posterior
            .iter()
            .zip(&fit.posterior)
            .map(|(new, old)| (new - old).abs())
            .fold(0.0, f64::max);
        fit.posterior = posterior;
        maximise(answers, &mut fit);
        if change < CHANGE_MIN {
            break;
        }
    }
    fit
}

/// Dawid–Skene where one hidden truth explains the answers, else the majority.
///
/// Even where it does, workers err together, and the product of their likelihoods is too sure: the
/// posterior is tempered until one half of the crowd is as sure of the other half's truths as it
/// may be.
pub fn infer(answers: &Answers) -> Inference {
    let mut fit = dawid_skene(answers);
    let dependence = dependence(answers, &fit);
    if dependence.is_identifiable() {
        fit.posterior = tempered(answers, &fit, temper(answers));
        Inference { fit, method: Method::DawidSkene, dependence }
    } else {
        Inference { fit: majority(answers), method: Method::Majority, dependence }
    }
}

/// Posterior of every item; the log-likelihood of its answers is multiplied by `temper`.
pub(super) fn tempered(answers: &Answers, fit: &Fit, temper: f64) -> Vec<f64> {
    let classes = answers.classes;
    let logs: Vec<f64> = fit.confusion.iter().map(|p| temper * p.ln()).collect();
    let prior: Vec<f64> = fit.prevalence.iter().map(|p| p.ln()).collect();
    let mut posterior = prior.repeat(answers.items);
    for answer in &answers.answers {
        for class in 0..classes {
            posterior[answer.item * classes + class] +=
                logs[(answer.worker * classes + class) * classes + answer.label];
        }
    }
    posterior.chunks_exact_mut(classes).for_each(normalise);
    posterior
}

/// Confusion matrices and prevalence under the posteriors.
fn maximise(answers: &Answers, fit: &mut Fit) {
    let classes = answers.classes;
    fit.confusion.clear();
    fit.confusion.resize(answers.workers * classes * classes, PRIOR_COUNT);
    for answer in &answers.answers {
        for class in 0..classes {
            fit.confusion[(answer.worker * classes + class) * classes + answer.label] +=
                fit.posterior[answer.item * classes + class];
        }
    }
    for row in fit.confusion.chunks_exact_mut(classes) {
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
    }
    fit.prevalence.clear();
    fit.prevalence.resize(classes, PRIOR_COUNT);
    for shares in fit.posterior.chunks_exact(classes) {
        fit.prevalence.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
    }
    let sum: f64 = fit.prevalence.iter().sum();
    fit.prevalence.iter_mut().for_each(|p| *p /= sum);
}
