//! How likely each threshold arm was to be drawn: what a randomised threshold tells beyond its draw.
//!
//! The probability that Thompson sampling draws an arm is the probability that its Beta variable is
//! the largest. It is computed by quadrature on a common grid, which needs no draws and whose error
//! (some thousandths at this many points) is far below what a sampled probability would have.

use npo_core::State;
use npo_core::event::{DecisionMade, Threshold};
use npo_core::learning::bandit::Bandit;
use npo_core::profile::Selector;
use npo_core::state::TypeState;

use super::bootstrap::Random;

/// Points of the grid.
const POINTS: usize = 256;
/// Standard deviations around the means that the grid covers.
const REACH: f64 = 9.0;
/// Seeds that are tried for one that draws the arm wanted. An arm is wanted as often as it is drawn,
/// so that some ten do on average.
const SEEDS_MAX: u32 = 4096;

/// How the arm of a decision that is decided again comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    /// By the selector's own probabilities.
    Freely,
    /// It is this one, as the log had it from outside.
    Given(u8),
}

/// Remembers the probabilities of a bandit until it learns something.
#[derive(Debug, Default)]
pub(super) struct Arms {
    /// Per scenario type.
    known: Vec<Option<(Bandit, Vec<f64>)>>,
}

impl Arms {
    /// Probability that the selector draws a threshold of at most `compared`; `None` for selectors
    /// that draw nothing.
    pub(super) fn at_most(
        &mut self,
        selector: &Selector,
        type_ix: usize,
        type_state: &TypeState,
        compared: f64,
    ) -> Option<f64> {
        match selector {
            Selector::Random { arms } => {
                let below = arms.iter().filter(|arm| **arm <= compared).count();
                #[expect(clippy::cast_precision_loss, reason = "at most 64 arms")]
                let share = below as f64 / arms.len().max(1) as f64;
                Some(share)
            }
            Selector::Thompson { arms, .. } => {
                let probabilities = self.of(type_ix, type_state.bandit.as_ref()?);
                let chosen = arms.iter().zip(probabilities).filter(|(arm, _)| **arm <= compared);
                Some(chosen.map(|(_, p)| p).sum::<f64>().clamp(0.0, 1.0))
            }
            _ => None,
        }
    }

    /// A seed for deciding a logged proposal again: it draws the log's arm as often as the two
    /// selectors agree on it, and has the selector's own probabilities all the same (a maximal
    /// coupling of the two).
    pub(super) fn coupled(
        &mut self,
        state: &State,
        made: &DecisionMade,
        logged: &State,
        logged_arms: &mut Self,
        random: &mut Random,
    ) -> (u64, Drawn) {
        let free = (random.next(), Drawn::Freely);
        let Some(arm) = made.threshold.arm() else { return free };
        match (&state.profile().selector, &logged.profile().selector) {
            (Selector::Random { arms }, Selector::Random { arms: theirs }) if arms == theirs => {
                let count = arms.len().max(1) as u64;
                // Half the range, so that the sum is in it.
                let even = free.0 / 2;
                (even - even % count + u64::from(arm), Drawn::Freely)
            }
            (Selector::Thompson { arms, .. }, Selector::Thompson { arms: theirs, .. })
                if arms == theirs =>
            {
                let bandit = |state: &State| state.type_state(made.type_id)?.bandit.clone();
                let (Some(mine), Some(theirs)) = (bandit(state), bandit(logged)) else {
                    return free;
                };
                if matches!(made.threshold, Threshold::Thompson { draw: None, .. }) {
                    return if mine == theirs { (free.0, Drawn::Given(arm)) } else { free };
                }
                let ix = made.type_id.0 as usize;
                let wanted = agreed(arm, logged_arms.of(ix, &theirs), self.of(ix, &mine), random);
                seed_of(&mine, wanted, random)
            }
            _ => free,
        }
    }

    fn of(&mut self, type_ix: usize, bandit: &Bandit) -> &[f64] {
        if self.known.len() <= type_ix {
            self.known.resize_with(type_ix + 1, || None);
        }
        let known = &mut self.known[type_ix];
        if known.as_ref().is_none_or(|(last, _)| last != bandit) {
            *known = Some((bandit.clone(), probabilities(bandit)));
        }
        known.as_ref().map_or(&[], |(_, probabilities)| probabilities)
    }
}

/// The arm by the probabilities `mine`, given that `arm` was drawn by the probabilities `theirs`.
fn agreed(arm: u8, theirs: &[f64], mine: &[f64], random: &mut Random) -> u8 {
    let at = usize::from(arm);
    let (Some(p), Some(q)) = (theirs.get(at), mine.get(at)) else { return arm };
    if random.uniform() * p < *q {
        return arm;
    }
    // What this one draws more often than the other.
    let rest: Vec<f64> = mine.iter().zip(theirs).map(|(q, p)| (q - p).max(0.0)).collect();
    let mut left = random.uniform() * rest.iter().sum::<f64>();
    for (other, rest) in (0u8..).zip(&rest) {
        left -= rest;
        if left < 0.0 {
            return other;
        }
    }
    arm
}

/// A seed that has the bandit draw this arm, by its own distribution over such seeds.
fn seed_of(bandit: &Bandit, arm: u8, random: &mut Random) -> (u64, Drawn) {
    for _ in 0..SEEDS_MAX {
        let seed = random.next();
        if bandit.sample(seed).0 == arm {
            return (seed, Drawn::Freely);
        }
    }
    (random.next(), Drawn::Given(arm))
}

/// Probability of each arm that its draw is the largest.
pub(super) fn probabilities(bandit: &Bandit) -> Vec<f64> {
    let shapes: Vec<(f64, f64)> =
        bandit.alpha.iter().copied().zip(bandit.beta.iter().copied()).collect();
    let (low, high) = range(&shapes);
    #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
    let step = (high - low) / POINTS as f64;
    let logs: Vec<(f64, f64)> = (0..POINTS)
        .map(|k| {
            #[expect(clippy::cast_precision_loss, reason = "a few hundred points")]
            let x = low + (k as f64 + 0.5) * step;
            (x.ln(), (1.0 - x).ln())
        })
        .collect();
    let masses: Vec<Vec<f64>> =
        shapes.iter().map(|(alpha, beta)| masses(*alpha, *beta, &logs)).collect();
    let mut below = vec![0.0; shapes.len()];
    let mut largest = vec![0.0; shapes.len()];
    for k in 0..POINTS {
        for (i, mass) in masses.iter().enumerate() {
            let others = (0..masses.len())
                .filter(|j| *j != i)
                .map(|j| below[j] + 0.5 * masses[j][k])
                .product::<f64>();
            largest[i] += mass[k] * others;
        }
        below.iter_mut().zip(&masses).for_each(|(below, mass)| *below += mass[k]);
    }
    let total: f64 = largest.iter().sum();
    if total > 0.0 {
        largest.iter_mut().for_each(|p| *p /= total);
    }
    largest
}

/// Where any of the variables can be.
fn range(shapes: &[(f64, f64)]) -> (f64, f64) {
    let (mut low, mut high) = (1.0_f64, 0.0_f64);
    for (alpha, beta) in shapes {
        let n = alpha + beta;
        let mean = alpha / n;
        let deviation = (mean * (1.0 - mean) / (n + 1.0)).sqrt();
        low = low.min(mean - REACH * deviation);
        high = high.max(mean + REACH * deviation);
    }
    (low.max(0.0), high.min(1.0))
}

/// The Beta distribution on the grid, given by logarithms of x and 1 − x, summing to 1.
fn masses(alpha: f64, beta: f64, grid: &[(f64, f64)]) -> Vec<f64> {
    let logs: Vec<f64> =
        grid.iter().map(|(x, rest)| (alpha - 1.0) * x + (beta - 1.0) * rest).collect();
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut masses: Vec<f64> = logs.iter().map(|log| (log - top).exp()).collect();
    let total: f64 = masses.iter().sum();
    masses.iter_mut().for_each(|mass| *mass /= total);
    masses
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quadrature against the sampler that decides: 20,000 draws have a standard error of at most
    /// 0.0036, so that 0.016 is more than four of them plus the quadrature's own error.
    fn check(alpha: &[f64], beta: &[f64]) {
        let bandit = Bandit { alpha: alpha.to_vec(), beta: beta.to_vec() };
        let mut counts = vec![0.0; alpha.len()];
        for seed in 0..20_000 {
            counts[usize::from(bandit.sample(seed).0)] += 1.0 / 20_000.0;
        }
        let found = probabilities(&bandit);
        for (found, expected) in found.iter().zip(&counts) {
            assert!((found - expected).abs() < 0.016, "{found} against {expected}: {bandit:?}");
        }
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    /// Arms of one bandit, coupled to draws of another, have the one's probabilities: 20,000 draws as
    /// below. They are the other's as often as can be: Σ min(p, q).
    #[test]
    fn coupled_arms_keep_their_probabilities_and_agree_where_they_can() {
        let bandit = |alpha: &[f64]| Bandit { alpha: alpha.to_vec(), beta: vec![2.0; 3] };
        let (theirs, mine) = (bandit(&[4.0, 3.0, 2.0]), bandit(&[2.0, 3.0, 5.0]));
        let (p, q) = (probabilities(&theirs), probabilities(&mine));
        let mut random = Random::new(5);
        let (mut counts, mut same) = ([0.0; 3], 0.0);
        for seed in 0..20_000 {
            let arm = theirs.sample(seed).0;
            let wanted = agreed(arm, &p, &q, &mut random);
            counts[usize::from(wanted)] += 1.0 / 20_000.0;
            same += f64::from(u8::from(arm == wanted)) / 20_000.0;
        }
        for (found, expected) in counts.iter().zip(&q) {
            assert!((found - expected).abs() < 0.016, "{counts:?} against {q:?}");
        }
        let most: f64 = p.iter().zip(&q).map(|(p, q)| p.min(*q)).sum();
        assert!((same - most).abs() < 0.016, "{same} against {most}");
        let (seed, drawn) = seed_of(&mine, 0, &mut random);
        assert_eq!((mine.sample(seed).0, drawn), (0, Drawn::Freely));
    }

    #[test]
    fn arms_are_drawn_as_often_as_computed() {
        check(&[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0]);
        check(&[1.0], &[1.0]);
        check(&[5.0, 1.0, 40.0], &[2.0, 1.0, 20.0]);
        check(&[80.0, 3.0, 1.5, 1.0, 1.0], &[20.0, 1.0, 1.0, 2.0, 1.0]);
        check(&[900.0, 910.0], &[100.0, 95.0]);
    }
}
