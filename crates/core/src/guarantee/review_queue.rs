//! What to ask people about when they cannot be asked about everything (METHODS 2.8).
//!
//! u = λ_risk·r + λ_unc·h + λ_div·d: what could go wrong, what is not known, and what is unlike
//! anything known.
//! r is the expected harm of the better of the two mistakes, impact·min(p, c(1 − p)), over the queue's
//! maximum; h the entropy of p in bits; d = 1 − exp(−min‖x − x_j‖²/(2·dim)) against the latest
//! labelled and those already picked, so that a pick makes its like less urgent.
//! Picked greedily: the largest u first, ties by the order of the queue.

use serde::{Deserialize, Serialize};

/// Most candidates that a queue considers.
///
/// A budget of b costs b passes over the queue; this many, with a hundred features, take about a
/// millisecond each.
pub const CANDIDATES_MAX: usize = 10_000;

/// Most labelled items that novelty is measured against: the latest ones.
pub const LABELLED_MAX: usize = 200;

/// Weights of the three parts and the cost of an override.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewSettings {
    /// Weight of the risk, in [0, 1].
    pub risk: f64,
    /// Weight of the uncertainty, in [0, 1].
    pub uncertainty: f64,
    /// Weight of the novelty, in [0, 1].
    pub diversity: f64,
    /// Cost c of an override in likes, above 0.
    pub override_cost: f64,
}

impl Default for ReviewSettings {
    /// λ = (.4, .4, .2), c = 3.
    fn default() -> Self {
        Self { risk: 0.4, uncertainty: 0.4, diversity: 0.2, override_cost: 3.0 }
    }
}

/// Something that could be reviewed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate<'a> {
    /// Predictive probability of a like, in [0, 1].
    pub p: f64,
    /// How much is at stake, 0 or more; any unit, the same for the whole queue.
    pub impact: f64,
    /// Features, scaled as the model sees them.
    pub x: &'a [f64],
}

/// One pick, with what spoke for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pick {
    /// Index of the candidate in the queue as it was given.
    pub index: usize,
    /// u, the weighted sum of the three parts.
    pub u: f64,
    /// r, in [0, 1].
    pub risk: f64,
    /// h in bits, in [0, 1].
    pub uncertainty: f64,
    /// d, in [0, 1]; 1 as long as nothing is labelled.
    pub diversity: f64,
}

/// A queue that gives out its most useful candidates one by one.
#[derive(Debug, Clone)]
pub struct ReviewQueue<'a> {
    settings: ReviewSettings,
    waiting: Vec<Waiting<'a>>,
}

#[derive(Debug, Clone)]
struct Waiting<'a> {
    x: &'a [f64],
    risk: f64,
    uncertainty: f64,
    /// Squared distance to the nearest labelled or picked item.
    nearest: f64,
    picked: bool,
}

impl<'a> ReviewQueue<'a> {
    /// A queue over the first [`CANDIDATES_MAX`] candidates, against the last [`LABELLED_MAX`] of
    /// `labelled` (the latest at the end).
    #[must_use]
    pub fn new(
        candidates: &[Candidate<'a>],
        labelled: &[&[f64]],
        settings: ReviewSettings,
    ) -> Self {
        let candidates = &candidates[..candidates.len().min(CANDIDATES_MAX)];
        let labelled = &labelled[labelled.len().saturating_sub(LABELLED_MAX)..];
        let harm = |c: &Candidate<'_>| {
            let p = c.p.clamp(0.0, 1.0);
            c.impact.max(0.0) * p.min(settings.override_cost * (1.0 - p))
        };
        let worst = candidates.iter().map(harm).fold(0.0, f64::max);
        let waiting = candidates
            .iter()
            .map(|c| Waiting {
                x: c.x,
                risk: if worst > 0.0 { harm(c) / worst } else { 0.0 },
                uncertainty: entropy_bits(c.p.clamp(0.0, 1.0)),
                nearest: labelled
                    .iter()
                    .map(|x| squared_distance(c.x, x))
                    .fold(f64::INFINITY, f64::min),
                picked: false,
            })
            .collect();
        Self { settings, waiting }
    }

    /// The candidate with the largest u among those not yet picked; none when all are.
    pub fn pick(&mut self) -> Option<Pick> {
        let best = (0..self.waiting.len())
            .filter_map(|index| self.score(index))
            // `max_by` keeps the last of equals; the first in the queue is wanted.
            .rev()
            .max_by(|a, b| a.u.total_cmp(&b.u))?;
        let x = self.waiting[best.index].x;
        self.waiting[best.index].picked = true;
        for waiting in self.waiting.iter_mut().filter(|waiting| !waiting.picked) {
            waiting.nearest = waiting.nearest.min(squared_distance(waiting.x, x));
        }
        Some(best)
    }

    /// What speaks for the candidate at `index` now; none if it is picked or there is no such one.
    #[must_use]
    pub fn score(&self, index: usize) -> Option<Pick> {
        let waiting = self.waiting.get(index).filter(|waiting| !waiting.picked)?;
        #[expect(clippy::cast_precision_loss, reason = "a count of features")]
        let dimension = waiting.x.len().max(1) as f64;
        let diversity = 1.0 - (-waiting.nearest / (2.0 * dimension)).exp();
        let u = self.settings.risk * waiting.risk
            + self.settings.uncertainty * waiting.uncertainty
            + self.settings.diversity * diversity;
        let (risk, uncertainty) = (waiting.risk, waiting.uncertainty);
        Some(Pick { index, u, risk, uncertainty, diversity })
    }
}

fn entropy_bits(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    part(p) + part(1.0 - p)
}

/// Squared Euclidean distance; the shorter length counts.
fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Picks everything from one-feature candidates (p, impact, x); the order of the picks.
    fn check(candidates: &[(f64, f64, f64)], labelled: &[f64], expected: &[usize]) {
        let xs: Vec<[f64; 1]> = candidates.iter().map(|c| [c.2]).collect();
        let candidates: Vec<_> = (candidates.iter().zip(&xs))
            .map(|((p, impact, _), x)| Candidate { p: *p, impact: *impact, x })
            .collect();
        let labelled: Vec<&[f64]> = labelled.iter().map(std::slice::from_ref).collect();
        let mut queue = ReviewQueue::new(&candidates, &labelled, ReviewSettings::default());
        let order: Vec<_> = std::iter::from_fn(|| queue.pick()).map(|pick| pick.index).collect();
        assert_eq!(order, expected, "{candidates:?}");
    }

    #[test]
    fn the_risky_the_uncertain_and_the_novel_come_first() {
        check(&[], &[], &[]);
        // All alike: in the order of the queue.
        check(&[(0.5, 1.0, 0.0); 3], &[], &[0, 1, 2]);
        // Equal but for the impact.
        check(&[(0.7, 1.0, 0.0), (0.7, 5.0, 0.0)], &[0.0], &[1, 0]);
        // Equal but for the certainty, at no impact.
        check(&[(0.99, 0.0, 0.0), (0.5, 0.0, 0.0)], &[0.0], &[1, 0]);
        // Equal but for the distance to what is labelled.
        check(&[(0.5, 1.0, 0.1), (0.5, 1.0, 3.0)], &[0.0], &[1, 0]);
        // A pick makes its twin less urgent than a third candidate elsewhere.
        check(&[(0.6, 1.0, 3.0), (0.6, 1.0, 3.0), (0.6, 1.0, 2.0)], &[0.0], &[0, 2, 1]);
    }

    #[test]
    fn probabilities_out_of_range_give_finite_scores() {
        let candidates = [-1.0, 0.0, 1.0, 2.0].map(|p| Candidate { p, impact: 1.0, x: &[] });
        let mut queue = ReviewQueue::new(&candidates, &[], ReviewSettings::default());
        assert_eq!(std::iter::from_fn(|| queue.pick()).filter(|p| p.u.is_finite()).count(), 4);
        assert!(queue.score(0).is_none() && queue.score(99).is_none());
    }
}
