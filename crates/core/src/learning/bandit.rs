//! Discounted Thompson sampling over threshold arms (METHODS 1, Threshold).
//!
//! Each arm keeps Beta(α, β) over "a decision made under this threshold is liked".
//! Every like or override fades all arms towards the uniform prior, then counts for the arm that was
//! in force *when the decision was made*: feedback may arrive long after.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Beta, Distribution};
use serde::{Deserialize, Serialize};

/// Evidence of the arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bandit {
    /// α of each arm, at least 1.
    pub alpha: Vec<f64>,
    /// β of each arm, at least 1.
    pub beta: Vec<f64>,
}

impl Bandit {
    /// Uniform priors over `arms` arms.
    #[must_use]
    pub fn new(arms: usize) -> Self {
        Self { alpha: vec![1.0; arms], beta: vec![1.0; arms] }
    }

    /// Counts one like or override for `arm` after fading all arms by `discount`.
    pub fn count(&mut self, arm: usize, liked: bool, discount: f64) {
        self.fade(discount);
        let side = if liked { &mut self.alpha } else { &mut self.beta };
        if let Some(evidence) = side.get_mut(arm) {
            *evidence += 1.0;
        }
    }

    /// Moves all evidence towards the uniform prior: 1 + factor·(evidence − 1).
    pub fn fade(&mut self, factor: f64) {
        for evidence in self.alpha.iter_mut().chain(&mut self.beta) {
            *evidence = 1.0 + factor * (*evidence - 1.0);
        }
    }

    /// One draw per arm from its Beta posterior, by a generator seeded with `seed`; the arm with the
    /// largest draw and that draw.
    #[must_use]
    pub fn sample(&self, seed: u64) -> (u8, f64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut best = (0, f64::NEG_INFINITY);
        for (arm, (&alpha, &beta)) in (0u8..).zip(self.alpha.iter().zip(&self.beta)) {
            let draw = Beta::new(alpha, beta).map_or(0.5, |posterior| posterior.sample(&mut rng));
            if draw > best.1 {
                best = (arm, draw);
            }
        }
        best
    }
}
