//! How sure the crowd may be, found without gold answers.
//!
//! Workers err together on hard items, so that the product of their likelihoods is too sure.
//! Two halves of the crowd know nothing of each other: how well one half's posterior foretells the
//! other half's truths says by what factor its log-likelihood has to be tempered.
//! With answers that hang together by ρ, n of them count for n/(1 + (n − 1)ρ) (Kish's design effect),
//! which carries the factor from half a crowd to the whole.

use super::batch::{Fit, dawid_skene, tempered};
use super::dependence::Draws;
use super::{Answer, Answers};

/// Ways of cutting the crowd in halves.
const SPLITS: u64 = 3;
/// Factors tried.
const TEMPERS: [f64; 11] = [1.0, 0.8, 0.6, 0.45, 0.35, 0.25, 0.18, 0.13, 0.09, 0.06, 0.04];
/// No disagreement is held more improbable than this: one item must not decide.
const PROBABILITY_MIN: f64 = 1e-4;

/// The factor by which the log-likelihood of the whole crowd's answers is multiplied, in (0, 1].
pub(super) fn temper(answers: &Answers) -> f64 {
    let halves: Vec<(Answers, Fit, Fit)> =
        (0..SPLITS).filter_map(|seed| split(answers, seed)).collect();
    let evidence = |temper: f64| -> f64 {
        halves.iter().map(|(half, fit, other)| foretold(half, fit, other, temper)).sum()
    };
    let mut best = (1.0, evidence(1.0));
    for temper in TEMPERS {
        let found = evidence(temper);
        if found > best.1 {
            best = (temper, found);
        }
    }
    1.0 / (1.0 + 2.0 * (1.0 / best.0 - 1.0))
}

/// One half of the crowd with its fit, and the fit of the other half.
fn split(answers: &Answers, seed: u64) -> Option<(Answers, Fit, Fit)> {
    let mut draws = Draws(seed);
    let mut order: Vec<usize> = (0..answers.workers()).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, draws.below(last + 1));
    }
    let mut in_half = vec![false; order.len()];
    order.iter().take(order.len() / 2).for_each(|worker| in_half[*worker] = true);
    let part = |wanted: bool| {
        let kept = answers.all().iter().filter(|answer| in_half[answer.worker] == wanted);
        let kept: Vec<Answer> = kept.copied().collect();
        Answers::new(answers.items(), answers.workers(), answers.classes(), kept).ok()
    };
    let (half, other) = (part(true)?, part(false)?);
    let (fit, other) = (dawid_skene(&half), dawid_skene(&other));
    Some((half, fit, other))
}

/// Log-likelihood of the other half's truths under this half's tempered posterior.
fn foretold(half: &Answers, fit: &Fit, other: &Fit, temper: f64) -> f64 {
    let posterior = tempered(half, fit, temper);
    posterior
        .chunks_exact(half.classes())
        .enumerate()
        .map(|(item, p)| p[other.truth(item)].max(PROBABILITY_MIN).ln())
        .sum()
}
