//! Block bootstrap: how far a figure could have come out otherwise.
//!
//! Steps that follow one another are alike, so whole blocks of them are drawn, each beginning anywhere and running on
//! from the end to the start. Every figure of one evaluation is taken on the same draws, so that the difference of two
//! forecasts is judged on the same steps.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Serialize;

/// Draws of blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct Draws {
    steps: usize,
    block: usize,
    /// Where the blocks of each draw begin.
    starts: Vec<Vec<usize>>,
}

impl Draws {
    /// `count` draws of `steps` steps in blocks of `block`; both at least 1. The same seed gives the same draws.
    #[must_use]
    pub fn new(steps: usize, block: usize, count: usize, seed: u64) -> Self {
        let (steps, block) = (steps.max(1), block.clamp(1, steps.max(1)));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let blocks = steps.div_ceil(block);
        let mut draw = || (0..blocks).map(|_| (rng.next_u64() % steps as u64) as usize).collect();
        Self { steps, block, starts: (0..count).map(|_| draw()).collect() }
    }

    /// Steps in a block.
    #[must_use]
    pub fn block(&self) -> usize {
        self.block
    }

    /// How many draws there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// How often each step is in each draw; a draw has exactly as many steps as the series.
    pub fn counts(&self) -> impl Iterator<Item = Vec<u32>> {
        self.starts.iter().map(|starts| {
            let mut counts = vec![0; self.steps];
            let drawn = starts.iter().flat_map(|&start| start..start + self.block);
            for step in drawn.take(self.steps) {
                counts[step % self.steps] += 1;
            }
            counts
        })
    }
}

/// A 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// 2.5th percentile.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

impl Interval {
    /// Of the values that the draws gave; draws without a value are left out, and there is no interval where they are
    /// more than half.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Option<Self> {
        let mut all = 0_usize;
        let mut known: Vec<f64> =
            values.into_iter().inspect(|_| all += 1).flatten().filter(|v| v.is_finite()).collect();
        if known.is_empty() || known.len() * 2 < all {
            return None;
        }
        known.sort_by(f64::total_cmp);
        let at = |share: f64| known[(share * (known.len() - 1) as f64).round() as usize];
        Some(Self { low: at(0.025), high: at(0.975) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_has_as_many_steps_as_the_series_and_its_seed_decides_it() {
        let check = |steps: usize, block: usize| {
            let draws = Draws::new(steps, block, 20, 7);
            assert_eq!(draws, Draws::new(steps, block, 20, 7));
            for counts in draws.counts() {
                assert_eq!(counts.iter().sum::<u32>() as usize, steps);
            }
        };
        check(10, 3);
        check(12, 4);
        check(5, 99);
        check(1, 1);
    }

    #[test]
    fn the_interval_of_a_mean_of_independent_steps_is_that_of_theory() {
        // Half of 400 steps are 1: the standard error of the mean is 0.025; 2,000 draws find it to 10 % or so.
        let draws = Draws::new(400, 1, 2000, 1);
        let means = draws.counts().map(|counts| {
            Some(counts.iter().step_by(2).map(|&count| f64::from(count)).sum::<f64>() / 400.0)
        });
        let Interval { low, high } = Interval::of(means).expect("values");
        assert!((low - 0.451).abs() < 0.006 && (high - 0.549).abs() < 0.006, "{low} {high}");
    }
}
