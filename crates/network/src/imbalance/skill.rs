//! Whether a score tells anything at all.
//!
//! *Concordance* is the probability that a step where the answer was yes has a higher score than one where it was no,
//! among steps that were alike hot or not: 0.5 is chance, 1 is perfect (the area under the ROC curve, by strata).
//! Without the strata, knowing that a run of hot steps often goes on would pass for skill, and that holds of pure noise.
//! Being about ranks, it settles on fewer days than a difference in log loss, which a day of other rates upsets.

use super::bootstrap::{Draws, Interval};

/// One step where the question was asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub(crate) score: f64,
    pub(crate) hot: bool,
    pub(crate) label: bool,
}

/// Concordance of steps in order of time, with its 95 % interval by blocks of so many steps.
pub(crate) fn concordance(steps: &[Scored], block: usize) -> Option<(f64, Interval)> {
    let mut order: Vec<(usize, Scored)> = steps.iter().copied().enumerate().collect();
    order.sort_by(|a, b| a.1.score.total_cmp(&b.1.score));
    let value = weighted(&order, &vec![1; steps.len()])?;
    let draws = Draws::new(steps.len(), block, DRAWS, SEED);
    let interval = Interval::of(draws.counts().map(|counts| weighted(&order, &counts)))?;
    Some((value, interval))
}

/// Draws for the interval, and their seed.
const DRAWS: usize = 1000;
const SEED: u64 = 0x511b;

/// Of steps in order of rising score, each counted so many times.
fn weighted(order: &[(usize, Scored)], counts: &[u32]) -> Option<f64> {
    let (mut right, mut pairs) = (0.0, 0.0);
    for hot in [false, true] {
        let (mut yes_before, mut no_before) = (0.0, 0.0);
        for equal in order.chunk_by(|a, b| a.1.score == b.1.score) {
            let alike = equal.iter().filter(|(_, step)| step.hot == hot);
            let (yes, no) = alike.fold((0.0, 0.0), |(yes, no), (at, step)| {
                let weight = f64::from(counts[*at]);
                if step.label { (yes + weight, no) } else { (yes, no + weight) }
            });
            right += yes * (no_before + no / 2.0);
            (yes_before, no_before) = (yes_before + yes, no_before + no);
        }
        pairs += yes_before * no_before;
    }
    (pairs > 0.0).then(|| right / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concordance_counts_pairs_of_like_steps() {
        let check = |steps: &[(f64, bool, bool)], expected: Option<f64>| {
            let steps: Vec<Scored> =
                steps.iter().map(|&(score, hot, label)| Scored { score, hot, label }).collect();
            assert_eq!(concordance(&steps, 1).map(|(value, _)| value), expected, "{steps:?}");
        };
        let (no, yes) = (false, true);
        check(&[(0.1, no, no), (0.9, no, yes), (0.5, no, yes), (0.2, no, no)], Some(1.0));
        check(&[(0.1, no, yes), (0.9, no, no), (0.1, no, yes), (0.9, no, no)], Some(0.0));
        check(&[(0.5, no, yes), (0.5, no, no), (0.5, no, yes), (0.5, no, no)], Some(0.5));
        check(&[(0.1, no, no), (0.9, no, no)], None);
        check(&[], None);
    }

    #[test]
    fn that_hot_steps_go_on_is_no_skill() {
        // Hot steps have higher scores and are more often followed by yes; within each kind, scores say nothing.
        let steps: Vec<Scored> = (0..400)
            .map(|t| {
                let hot = t % 4 == 0;
                Scored { score: f64::from(u8::from(hot)), hot, label: t % 8 == 0 || t % 80 == 1 }
            })
            .collect();
        assert_eq!(concordance(&steps, 20).map(|(value, _)| value), Some(0.5));
    }
}
